"""Evaluate with PODPAC's own client, and compare with podpac's own results."""

import io
import json
import pickle
import unittest

from deployed import ARRAY, BUCKET, FUNCTION, GRID, UNSAFE, Case, eventually, needs_bucket, s3
import boto3
import numpy
import podpac
import rasterio
import xarray
from botocore.config import Config
from podpac import settings
from podpac.core.managers.aws import Lambda, LambdaException
from podpac.core.utils import JSONEncoder

SINE = podpac.algorithm.SinCoords()
FLAT = GRID.drop("time")


def arithmetic():
    return podpac.algorithm.Arithmetic(A=ARRAY, B=SINE, eqn="A * 2 + B")


class Invoke(Case):
    def test_netcdf(self):
        self.assert_same(Lambda(source=SINE).eval(GRID), SINE.eval(GRID))

    def test_array(self):
        self.assert_same(Lambda(source=ARRAY).eval(GRID), ARRAY.eval(GRID))

    def test_json(self):
        text = Lambda(source=ARRAY, source_output_format="json").eval(GRID)
        expected = json.loads(ARRAY.eval(GRID).to_format("json"))
        self.assertEqual(json.loads(json.loads(text)), expected)

    def test_restored_definition(self):
        restored = podpac.Node.from_json(Lambda(source=ARRAY).json)
        self.assertIsInstance(restored, Lambda)
        self.assert_same(restored.eval(GRID), ARRAY.eval(GRID))

    def test_without_the_alias(self):
        self.assert_same(Lambda(source=SINE, function_name=FUNCTION.split(":")[0]).eval(GRID), SINE.eval(GRID))

    def test_code_with_the_hash(self):
        settings.allow_unrestricted_code_execution(True)
        self.addCleanup(settings.allow_unrestricted_code_execution, False)
        node = arithmetic()
        self.assert_same(Lambda(source=node).eval(GRID), node.eval(GRID))

    def test_code_without_the_hash(self):
        with self.assertRaises(LambdaException) as caught:
            Lambda(source=arithmetic(), eval_settings={**settings, "UNSAFE_EVAL_HASH": "another"}).eval(GRID)
        self.assertIn("Forbidden", str(caught.exception))
        self.assertIn("PODPAC_UNSAFE_EVAL", str(caught.exception))
        self.assertNotIn(UNSAFE, str(caught.exception))

    def test_failure_is_the_clients_error(self):
        with self.assertRaises(LambdaException) as caught:
            Lambda(source=SINE, source_output_format="exe").eval(GRID)
        self.assertIn("BadRequest", str(caught.exception))
        self.assertIn("format exe: unknown", str(caught.exception))

    def test_parallel(self):
        # xarray of today refuses podpac's times in an assembled result.
        source = podpac.data.Array(source=ARRAY.source[:, :, 0], coordinates=FLAT, nan_val=-9999.0)
        node = podpac.managers.Parallel(source=Lambda(source=source), chunks={"lat": 8, "lon": 6}, number_of_workers=2)
        self.assert_same(node.eval(FLAT), source.eval(FLAT))
        self.assertEqual(node.errors, [])

    def test_without_download(self):
        self.assertIsNone(Lambda(source=SINE, download_result=False).eval(GRID))


class Formats(Case):
    """Formats that the client requests, but cannot open."""

    WANT = SINE.eval(FLAT)

    def invoke(self, format):
        event = {"pipeline": SINE.definition, "coordinates": FLAT.definition, "output": {"format": format}}
        service = boto3.client("lambda", config=Config(read_timeout=300, retries={"max_attempts": 0}))
        answer = service.invoke(FunctionName=FUNCTION, Payload=json.dumps(event, cls=JSONEncoder))
        self.assertNotIn("FunctionError", answer)
        return answer["Payload"].read()

    def test_bytes_are_those_of_podpac(self):
        # A netCDF file also has the time at which it was written.
        got, want = (xarray.load_dataset(io.BytesIO(content)) for content in (self.invoke("netcdf"), bytes(self.WANT.to_format("netcdf"))))
        self.assertTrue(got.identical(want), f"{got} {want}")
        self.assertEqual(self.invoke("png"), self.WANT.to_format("png").read())
        self.assertTrue(self.invoke("jpeg").startswith(b"\xff\xd8\xff"))

    def test_pickle(self):
        self.assert_same(pickle.loads(self.invoke("pickle")), self.WANT)

    def test_geotiff(self):
        with rasterio.MemoryFile(self.invoke("geotiff")) as file, file.open() as got, self.WANT.to_format("geotiff") as other, other.open() as want:
            self.assertEqual(got.transform, want.transform)
            numpy.testing.assert_array_equal(got.read(), want.read())


@needs_bucket
class S3(Case):
    # Its nan_val is NaN.
    SOURCE = podpac.data.Array(source=ARRAY.source, coordinates=GRID)

    def node(self, **options):
        return Lambda(source=self.SOURCE, function_eval_trigger="S3", **options)

    def key(self, folder, suffix, coordinates=GRID):
        return f"{folder}/Array_{self.SOURCE.hash}_{coordinates.hash}.{suffix}"

    def wait_for(self, key, other_than=b""):
        """Return the result in an object of the bucket, when it exists and has another content."""

        def found():
            try:
                content = s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()
            except s3().exceptions.NoSuchKey:
                return None
            return None if content == other_than else podpac.UnitsDataArray.open(io.BytesIO(content))

        return eventually(found)

    def test_data_source(self):
        self.assert_same(self.node().eval(GRID), self.SOURCE.eval(GRID))

    def test_without_download(self):
        coordinates = GRID[:8]
        self.assertIsNone(self.node(download_result=False).eval(coordinates))
        self.assert_same(self.wait_for(self.key("output", "netcdf", coordinates)), self.SOURCE.eval(coordinates))

    def test_force_compute(self):
        coordinates, stale = GRID[:4], b"an older result"
        output = self.key("output", "netcdf", coordinates)
        self.node(download_result=False, force_compute=True).eval(coordinates)
        self.wait_for(output)
        # The client would send the same object again, whose result would be kept.
        s3().put_object(Bucket=BUCKET, Key=output, Body=stale, Metadata=s3().head_object(Bucket=BUCKET, Key=output)["Metadata"])
        self.node(download_result=False, force_compute=True).eval(coordinates)
        self.assert_same(self.wait_for(output, other_than=stale), self.SOURCE.eval(coordinates))


if __name__ == "__main__":
    unittest.main()
