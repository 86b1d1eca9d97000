"""Compare the handler's answers with those of podpac.

The tests are skipped with the fake of podpac."""

import base64
import io
import json
import pickle
import tempfile
import unittest
from unittest import mock

import podpac

import handler
from evaluator import clients, failures, request, rules
from fake_bucket import Bucket

try:
    import numpy
    import xarray
    import zarr
    from PIL import Image
except ImportError:
    raise unittest.SkipTest("podpac is not installed")

GRID = {
    "coords": [{"name": "lat", "start": 0, "stop": 2, "size": 3}, {"name": "lon", "start": 0, "stop": 1, "size": 2}],
    "crs": "EPSG:4326",
}
ARRAY = {"node": "data.Array", "attrs": {"source": [[0, 1], [2, 3], [4, 5]], "coordinates": GRID}}
MEAN = {"a": ARRAY, "mean": {"node": "algorithm.Mean", "inputs": {"source": "a"}, "attrs": {"dims": ["lat"]}}}
MAP = {"a": ARRAY, "map": {"node": "interpolators.Interpolate", "inputs": {"source": "a"}, "style": {"colormap": "magma"}}}
WMS = {"SERVICE": "WMS", "VERSION": "1.3.0", "LAYERS": "%PARAMS%", "CRS": "EPSG:4326", "BBOX": "-0.5,-0.5,2.5,1.5"}
WCS = {"SERVICE": "WCS", "VERSION": "1.0.0", "COVERAGE": "%PARAMS%", "CRS": "EPSG:4326", "BBOX": "-0.5,-0.5,1.5,2.5"}
SIZE = {"WIDTH": "40", "HEIGHT": "60"}


def evaluate(pipeline, format):
    event = {"pipeline": pipeline, "coordinates": GRID, "output": {"format": format}}
    return handler.handler(event, None)


class Podpac(unittest.TestCase):
    def test_array_and_mean(self):
        self.assertEqual(json.loads(evaluate({"a": ARRAY}, "json"))["data"], [[0, 1], [2, 3], [4, 5]])
        self.assertEqual(json.loads(evaluate(MEAN, "json"))["data"], [2.0, 3.0])

    def test_formats_can_be_read(self):
        netcdf = podpac.core.units.UnitsDataArray.open(io.BytesIO(evaluate({"a": ARRAY}, "netcdf")))
        self.assertEqual(netcdf.data.tolist(), [[0, 1], [2, 3], [4, 5]])
        self.assertIsInstance(pickle.loads(evaluate({"a": ARRAY}, "pickle")), xarray.DataArray)
        for format, name in (("png", "PNG"), ("jpeg", "JPEG")):
            picture = Image.open(io.BytesIO(evaluate({"a": ARRAY}, format)))
            self.assertEqual((picture.format, picture.size), (name, (2, 3)))
        import rasterio

        with rasterio.MemoryFile(evaluate({"a": ARRAY}, "geotiff")) as file, file.open() as data:
            self.assertEqual(numpy.sort(data.read(1), axis=None).tolist(), [0, 1, 2, 3, 4, 5])

    def test_data_source_through_s3(self):
        # Its definition holds NaN. Missing data are NaN in the result, too.
        node = podpac.data.Array(source=[[0, numpy.nan], [2, 3], [4, 5]], coordinates=podpac.Coordinates.from_json(json.dumps(GRID)))
        event = {"pipeline": node.definition, "coordinates": GRID, "output": {"format": "netcdf"}}
        event = json.dumps(event, cls=podpac.core.utils.JSONEncoder)
        self.assertIn('"nan_val": NaN', event)
        bucket = Bucket(**{"input/a.json": event.encode()})
        records = [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "input/a.json"}}}]
        with mock.patch.dict(clients._clients, s3=bucket):
            handler.handler({"Records": records}, None)
        result = podpac.core.units.UnitsDataArray.open(io.BytesIO(bucket.objects["output/a.netcdf"][0]))
        self.assertTrue(numpy.array_equal(result.data, [[0, numpy.nan], [2, 3], [4, 5]], equal_nan=True))

    def test_maps_equal_those_of_podpac(self):
        for query in (WMS, WCS):
            query = {**query, **SIZE, "FORMAT": "image/png", "PARAMS": json.dumps(MAP)}
            answer = handler.handler({"queryStringParameters": query}, None)
            expected = podpac.Node.from_url(query).eval(podpac.Coordinates.from_url(query)).to_format("png").read()
            self.assertEqual(base64.b64decode(answer["body"]), expected)

    def test_too_many_numbers_for_json(self):
        query = {**WMS, "WIDTH": "1200", "HEIGHT": "1200", "FORMAT": "application/json", "PARAMS": json.dumps(MAP)}
        with mock.patch.object(podpac.core.units.UnitsDataArray, "to_format", side_effect=AssertionError):
            answer = handler.handler({"queryStringParameters": query}, None)
        self.assertEqual((answer["statusCode"], json.loads(answer["body"])["message"]), (413, "the result has 1440000 numbers; want at most 1258311 as JSON"))

    def test_data_that_cannot_be_read(self):
        with self.assertRaises(failures.EvaluationFailed) as caught:
            evaluate({"a": {"node": "data.Zarr", "attrs": {"source": "/none/a.zarr"}}}, "json")
        self.assertIn("its data cannot be read; see the function's log", str(caught.exception))

    def test_map_of_one_row_or_column(self):
        for side, expected in ({"WIDTH": "1", "HEIGHT": "1"}, [[2]]), ({"WIDTH": "2", "HEIGHT": "1"}, [[2, 3]]), ({"WIDTH": "1", "HEIGHT": "3"}, [[4], [2], [0]]):
            query = {**WMS, **side, "BBOX": "-0.5,-0.5,2.5,0.4" if side["HEIGHT"] == "3" else WMS["BBOX"], "FORMAT": "application/json", "PARAMS": json.dumps(MAP)}
            answer = handler.handler({"queryStringParameters": query}, None)
            self.assertEqual((answer["statusCode"], json.loads(answer["body"])["data"]), (200, expected))
            picture = handler.handler({"queryStringParameters": {**query, "FORMAT": "image/png"}}, None)
            size = int(side["WIDTH"]), int(side["HEIGHT"])
            self.assertEqual(Image.open(io.BytesIO(base64.b64decode(picture["body"]))).size, size)
            width, height = (0.9 if side["HEIGHT"] == "3" else 2) / size[0], 3 / size[1]
            numpy.testing.assert_allclose(json.loads(answer["body"])["attrs"]["geotransform"], (-0.5, width, 0, 2.5, 0, -height))

    def test_restriction_uses_podpacs_hash(self):
        node = podpac.Node.from_definition(request.ordered(MEAN))
        rules.RULES.allowed = [node.hash]
        self.addCleanup(setattr, rules.RULES, "allowed", None)
        self.assertEqual(json.loads(evaluate(MEAN, "json"))["data"], [2.0, 3.0])
        with self.assertRaises(failures.Forbidden):
            evaluate({"a": ARRAY}, "json")

    def restrict(self, *allowed):
        rules.RULES.allowed = list(allowed)
        self.addCleanup(setattr, rules.RULES, "allowed", None)

    def test_restriction_ignores_names_of_caches(self):
        allowed = podpac.Node.from_definition(request.ordered(MEAN)).hash
        cached = {"a": ARRAY, "b": {"node": "caches.HashCache", "inputs": {"source": "a"}, "attrs": {"cache_uid": allowed}}}
        self.assertEqual(podpac.Node.from_definition(request.ordered(cached)).hash, allowed)
        self.restrict(allowed)
        with self.assertRaises(failures.Forbidden):
            evaluate(cached, "json")

    def test_restricted_node_reads_nothing_when_it_is_built(self):
        self.restrict("0")
        client = {"a": ARRAY, "b": {"node": "core.managers.aws.Lambda", "inputs": {"source": "a"}}}
        settings = {**client, "c": {"node": "data.Array", "lookup_attrs": {"units": "b.eval_settings"}}}
        with mock.patch.object(podpac.data.CSV, "dataset", side_effect=AssertionError):
            for definition, part in (
                ({"a": {"node": "data.CSV", "attrs": {"source": "/etc/passwd"}}}, "a has an address of data"),
                (client, "is for podpac's clients"),
                (settings, "is for podpac's clients"),
            ):
                with self.assertRaises(failures.Forbidden) as caught:
                    evaluate(definition, "json")
                self.assertIn(part, str(caught.exception))

    def test_restriction_allows_data_as_podpac_writes_it(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("lat,lon,value\n0,0,7\n1,1,8\n")
            file.flush()
            node = podpac.data.CSV(source=file.name, lat_key="lat", lon_key="lon", data_key="value", style=podpac.style.Style(name="v", units="m"))
            self.restrict(node.hash)
            coordinates = json.loads(node.coordinates.json)
            event = {"pipeline": json.loads(node.json), "coordinates": coordinates, "output": {"format": "json"}}
            self.assertEqual(json.loads(handler.handler(event, None))["data"], [7, 8])

    def test_managers_are_rejected(self):
        for name in ("aws.Lambda", "multi_process.Process", "parallel.Parallel", "parallel.ParallelAsync", "parallel.ParallelOutputZarr"):
            manager = {"a": ARRAY, "b": {"node": f"core.managers.{name}", "inputs": {"source": "a"}, "attrs": {}}}
            with self.assertRaises(failures.Forbidden) as caught, mock.patch.object(podpac.Node, "from_definition", side_effect=AssertionError):
                evaluate(manager, "json")
            self.assertIn(f"core.managers.{name} is for podpac's clients; want its source", str(caught.exception))

    def test_code_is_rejected(self):
        code = {"a": ARRAY, "b": {"node": "algorithm.Arithmetic", "inputs": {"A": "a"}, "attrs": {"eqn": "A + 1", "params": {}}}}
        with self.assertRaises(failures.Forbidden):
            evaluate(code, "json")


class Parts(unittest.TestCase):
    """Parts of a Zarr in the function's bucket, whose arrays exist."""

    SOURCE = "s3://bucket/output/a.zarr"
    WEST, EAST = ({"coords": [GRID["coords"][0], {"name": "lon", "values": [lon]}], "crs": "EPSG:4326"} for lon in (0, 1))

    def setUp(self):
        self.bucket = Bucket()
        for settings in (mock.patch.dict(clients._clients, s3=self.bucket), mock.patch.dict(rules.RULES.settings, S3_BUCKET_NAME="bucket")):
            settings.start()
            self.addCleanup(settings.stop)

    def create(self, name="data", shape=(3, 2), **options):
        store = {}
        zarr.open_group(store, mode="w").create_dataset(name, shape=shape, **{"chunks": (3, 1), "fill_value": numpy.nan, "dtype": "f4", **options})
        self.bucket.objects = {f"output/a.zarr/{key}": (bytes(content), {}) for key, content in store.items()}

    def array(self, name="data"):
        store = {key[len("output/a.zarr/") :]: content for key, (content, _) in self.bucket.objects.items()}
        return zarr.open_group(store, mode="r")[name][:].tolist()

    def write(self, coordinates, part, pipeline={"a": ARRAY}, **options):
        options = {"source": self.SOURCE, "mode": "a", "part": part, **options}
        return handler.handler({"pipeline": pipeline, "coordinates": coordinates, "output": {"format": "zarr_part", "format_kwargs": options}}, None)

    def refused(self, part, *arguments, kind=failures.BadRequest, **options):
        with self.assertRaises(kind) as caught:
            self.write(*arguments, **options)
        self.assertIn(part, str(caught.exception))

    def test_parts_fill_the_array(self):
        self.create()
        self.assertEqual(self.write(self.WEST, [[0, 3, 1], [0, 1, 1]]), self.SOURCE)
        self.assertEqual(str(self.array()), "[[0.0, nan], [2.0, nan], [4.0, nan]]")
        self.write(self.EAST, [[0, 3, None], [1, 2, None]])
        self.assertEqual(self.array(), [[0, 1], [2, 3], [4, 5]])

    def test_second_write_changes_no_byte(self):
        self.create()
        self.write(self.WEST, [[0, 3, 1], [0, 1, 1]])
        before = dict(self.bucket.objects)
        self.write(self.WEST, [[0, 3, 1], [0, 1, 1]])
        self.assertEqual((self.bucket.puts, self.bucket.objects), (2, before))

    def test_part_of_a_chunk_keeps_the_rest(self):
        self.create(chunks=(3, 2))
        self.write(self.WEST, [[0, 3, 1], [0, 1, 1]])
        self.write(self.EAST, [[0, 3, 1], [1, 2, 1]])
        self.assertEqual(self.array(), [[0, 1], [2, 3], [4, 5]])

    def test_outputs_are_arrays(self):
        source = [[[0, 10], [1, 11]], [[2, 12], [3, 13]], [[4, 14], [5, 15]]]
        outputs = {"node": "data.Array", "attrs": {"source": source, "coordinates": GRID, "outputs": ["low", "deep/high"]}}
        self.create("low")
        low = self.bucket.objects
        self.create("deep/high")
        self.bucket.objects.update(low)
        self.write(GRID, [[0, 3, 1], [0, 2, 1]], {"a": outputs})
        self.assertEqual((self.array("low"), self.array("deep/high")), ([[0, 1], [2, 3], [4, 5]], [[10, 11], [12, 13], [14, 15]]))

    def test_only_existing_arrays_are_written(self):
        self.refused("does not exist; want a Zarr that podpac's client has created", GRID, [[0, 3, 1], [0, 2, 1]])
        self.create("other")
        self.refused("has no array data", GRID, [[0, 3, 1], [0, 2, 1]])
        for key in ("../../input", "other/../data", "/", ""):
            self.refused("", GRID, [[0, 3, 1], [0, 2, 1]], data_key=key)
        self.write(GRID, [[0, 3, 1], [0, 2, 1]], data_key="other")
        self.assertEqual(self.bucket.puts, 2)

    def test_shapes_must_be_equal(self):
        self.create()
        self.refused("part: has the shape [3, 1], and the result [3, 2]", GRID, [[0, 3, 1], [0, 1, 1]])
        self.refused("part: has 3 dimensions, and the array data has 2", GRID, [[0, 3, 1], [0, 2, 1], [0, 1, 1]])
        self.refused("part: has the shape [0, 2], and the result [3, 2]", GRID, [[10**12, 10**13, 1], [0, 2, 1]])
        self.assertEqual(self.bucket.puts, 0)

    def test_arrays_that_run_code_are_rejected(self):
        import numcodecs

        for options in ({"compressor": numcodecs.Pickle()}, {"filters": [numcodecs.Pickle()]}, {"dtype": object, "object_codec": numcodecs.Pickle()}):
            self.create(chunks=(3, 2), **{"fill_value": 0, **options})
            self.refused("data is not an array of numbers without filters", self.WEST, [[0, 3, 1], [0, 1, 1]])

    def test_failed_write_is_no_bad_request(self):
        self.create()
        with mock.patch.object(self.bucket, "put_object", side_effect=OSError("SlowDown")):
            self.refused("cannot be written; see the function's log", GRID, [[0, 3, 1], [0, 2, 1]], kind=failures.EvaluationFailed)

    def test_parts_through_s3_are_always_written(self):
        self.create()
        event = {"pipeline": {"a": ARRAY}, "coordinates": GRID}
        event["output"] = {"format": "zarr_part", "format_kwargs": {"source": self.SOURCE, "part": [[0, 3, 1], [0, 2, 1]]}}
        self.bucket.objects["input/a.json"] = (json.dumps(event).encode(), {})
        record = {"eventSource": "aws:s3", "s3": {"bucket": {"name": "bucket"}, "object": {"key": "input/a.json"}}}
        for _ in range(2):
            for chunk in ("0.0", "0.1"):
                self.bucket.objects.pop(f"output/a.zarr/data/{chunk}", None)
            handler.handler({"Records": [record]}, None)
            self.assertEqual(self.array(), [[0, 1], [2, 3], [4, 5]])
        self.assertEqual(self.bucket.objects["output/a.zarr_part"][0], self.SOURCE.encode())


if __name__ == "__main__":
    unittest.main()
