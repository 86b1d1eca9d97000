"""Compare a Zarr that the handler fills chunk by chunk with podpac's own evaluation.

The tests are skipped with the fake of podpac."""

import contextlib
import io
import itertools
import json
import os
import tempfile
import unittest
from unittest import mock

import podpac

import handler
from evaluator import clients, failures, rules

try:
    import numpy
    import zarr
    from PIL import Image

    from evaluator import grid
except ImportError:
    raise unittest.SkipTest("podpac is not installed")

KEY = "runs/one/grid.json"
COORDINATES = podpac.Coordinates(
    [podpac.clinspace(80, -70, 301), podpac.clinspace(-180, 180, 361), podpac.crange("2020-01-01", "2020-01-05", "1,D")], dims=["lat", "lon", "time"]
)
SINE = podpac.algorithm.SinCoords()


class Refused(Exception):
    def __init__(self, status):
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


class Bucket:
    """A fake of S3 whose caller may get and put objects below its prefixes, and may not
    list."""

    def __init__(self):
        self.objects, self.reads, self.writes = {}, [], []

    def get_object(self, Bucket, Key, IfNoneMatch=None):
        self.reads.append(Key)
        if Key not in self.objects or not (Key.startswith("output/") or Key == KEY):
            raise Refused(403)
        content = self.objects[Key]
        if IfNoneMatch == str(hash(content)):
            raise Refused(304)
        return {"Body": io.BytesIO(content), "ContentLength": len(content), "ETag": str(hash(content))}

    def put_object(self, Bucket, Key, Body, ContentType=None, IfNoneMatch=None):
        if not Key.startswith("output/"):
            raise Refused(403)
        if IfNoneMatch and Key in self.objects:
            raise Refused(412)
        self.writes.append(Key)
        self.objects[Key] = bytes(Body)


class Grid(unittest.TestCase):
    def setUp(self):
        self.bucket, self.log = Bucket(), io.StringIO()
        changed = rules.Rules({"S3_BUCKET_NAME": "bucket"})
        for change in (mock.patch.object(rules, "RULES", changed), mock.patch.dict(clients._clients, s3=self.bucket)):
            change.start()
            self.addCleanup(change.stop)

    def document(self, node=SINE, coordinates=COORDINATES, zarr="output/one.zarr", **more):
        document = {"pipeline": json.loads(node.json), "coordinates": json.loads(coordinates.json), "zarr": zarr, **more}
        self.bucket.objects[KEY] = json.dumps(document).encode()

    def call(self, name, **more):
        with contextlib.redirect_stdout(self.log):
            return handler.handler({name: {"grid": KEY, **more}}, None)

    def test_arrays_that_run_code_are_rejected(self):
        self.document(chunks={"lat": 200})
        self.call("zarr_create")
        content = self.bucket.objects["output/one.zarr/.zmetadata"]
        for name in ("data", "lat"):
            metadata = json.loads(content)
            metadata["metadata"][f"{name}/.zarray"]["filters"] = [{"id": "pickle", "protocol": 5}]
            self.bucket.objects["output/one.zarr/.zmetadata"] = json.dumps(metadata).encode()
            with mock.patch("pickle.loads", side_effect=AssertionError):
                self.refused(failures.BadRequest, f"array {name} is not one of numbers without filters", "zarr_preview")
        metadata["metadata"]["data/.zarray"]["filters"] = [{"id": "pickle", "protocol": 5}]
        self.bucket.objects["output/one.zarr/.zmetadata"] = json.dumps(metadata).encode()
        self.refused(failures.BadRequest, "array data is not one of numbers", "zarr_chunk", chunk=[0, 0, 0])

    def test_log_has_no_part_of_an_invalid_event(self):
        self.document()
        for name, more in (("zarr_SECRET", {}), ("zarr_chunk", {"chunk": ["SECRET"]})):
            with self.assertRaises(failures.BadRequest):
                self.call(name, **more)
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        self.assertFalse([line for line in lines if "SECRET" in str(line.get("event")) + str(line.get("chunk"))])
        self.assertEqual([line["event"] for line in lines if "event" in line], ["zarr_chunk"])

    def refused(self, kind, part, name="zarr_plan", **more):
        with self.assertRaises(kind) as caught:
            self.call(name, **more)
        self.assertIn(part, str(caught.exception))

    def run_all(self):
        plan = self.call("zarr_create")
        for index in itertools.product(*map(range, plan["counts"])):
            self.call("zarr_chunk", chunk=list(index))
        return plan

    def zarr(self, key="output/one.zarr"):
        return {name[len(key) + 1 :]: content for name, content in self.bucket.objects.items() if name.startswith(key + "/")}

    def test_zarr_equals_podpacs_evaluation(self):
        self.document(chunks={"lat": 64, "lon": 100, "time": 1}, zarr_chunks={"lat": 32})
        plan = self.run_all()
        self.assertEqual((plan["dims"], plan["shape"], plan["counts"]), (["lat", "lon", "time"], [301, 361, 5], [5, 4, 5]))
        expected = SINE.eval(COORDINATES)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one.zarr")
            zarr.copy_store(self.zarr(), zarr.DirectoryStore(path))
            node = podpac.data.Zarr(source=path)
            found = node.eval(node.coordinates)
            self.assertTrue(numpy.array_equal(found.data, expected.data))
            for dim in expected.dims:
                self.assertTrue((found[dim].values == expected[dim].values).all(), dim)
        group = zarr.open_consolidated(self.zarr())
        self.assertEqual(group["data"].chunks, (32, 100, 1))
        self.assertEqual(group["data"].attrs["crs"], expected.attrs["crs"])
        self.assertIn("colormap", group["data"].attrs["layer_style"])

    def test_second_evaluation_writes_the_same_bytes(self):
        noise = numpy.random.default_rng(1).normal(size=(512, 512)).round(3)
        coordinates = podpac.Coordinates([podpac.clinspace(0, 511, 512), podpac.clinspace(0, 511, 512)], dims=["lat", "lon"])
        self.document(podpac.data.Array(source=noise, coordinates=coordinates), coordinates, chunks={"lat": 384})
        self.run_all()
        first = dict(self.bucket.objects)
        for _ in range(5):
            self.call("zarr_chunk", chunk=[0, 0])
            self.call("zarr_chunk", chunk=[1, 0])
        self.assertEqual(self.bucket.objects, first)
        self.assertTrue(numpy.array_equal(zarr.open(self.zarr())["data"][:], noise))

    def test_chunk_writes_objects_of_its_own_only(self):
        self.document(chunks={"lat": 64, "lon": 100, "time": 1})
        self.call("zarr_create")
        self.bucket.writes.clear()
        self.call("zarr_chunk", chunk=[4, 3, 2])
        self.assertEqual(self.bucket.writes, ["output/one.zarr/data/4.3.2"])

    def test_document_is_read_once(self):
        self.document(chunks={"lat": 64})
        self.call("zarr_create")
        with mock.patch("podpac.Coordinates.from_json", side_effect=AssertionError):
            self.call("zarr_chunk", chunk=[0, 0, 0])
            self.call("zarr_chunk", chunk=[1, 0, 0])

    def test_reduced_dimension(self):
        mean = podpac.algorithm.Mean(source=SINE, dims=["time"])
        self.document(mean, chunks={"lat": 64})
        plan = self.run_all()
        self.assertEqual((plan["counts"], plan["zarr"]["dims"], plan["zarr"]["shape"]), ([5, 1, 1], ["lat", "lon"], [301, 361]))
        self.assertTrue(numpy.array_equal(zarr.open(self.zarr())["data"][:], mean.eval(COORDINATES).data))
        self.document(mean, chunks={"lat": 64, "time": 1})
        self.refused(failures.BadRequest, "no dimension time, along which it is cut; want chunks without time")
        self.document(podpac.algorithm.Mean(source=SINE), chunks={})
        self.refused(failures.BadRequest, "no dimensions")

    def test_several_outputs(self):
        coordinates = podpac.Coordinates([podpac.clinspace(0, 3, 4), podpac.clinspace(0, 5, 6)], dims=["lat", "lon"])
        source = numpy.arange(48, dtype=float).reshape(4, 6, 2)
        node = podpac.data.Array(source=source, coordinates=coordinates, outputs=["u", "v"])
        self.document(node, coordinates, chunks={"lat": 2})
        self.assertEqual(self.run_all()["zarr"]["arrays"], ["u", "v"])
        group = zarr.open(self.zarr())
        self.assertTrue(numpy.array_equal(group["u"][:], source[:, :, 0]) and numpy.array_equal(group["v"][:], source[:, :, 1]))

    def test_coordinates_of_the_source_are_refused(self):
        own = podpac.Coordinates([podpac.clinspace(0, 3, 31), podpac.clinspace(0, 5, 6)], dims=["lat", "lon"])
        asked = podpac.Coordinates([podpac.clinspace(0, 3, 4), podpac.clinspace(0, 5, 6)], dims=["lat", "lon"])
        node = podpac.data.Array(source=numpy.zeros((31, 6)), coordinates=own)
        self.document(node, asked, chunks={"lat": 2})
        self.refused(failures.BadRequest, "other coordinates along lat")
        self.document(node.interpolate(), asked, chunks={"lat": 2})
        self.run_all()
        self.assertEqual(zarr.open(self.zarr())["data"][:].tolist(), [[0.0] * 6] * 4)

    def test_sizes_that_do_not_align(self):
        self.document(chunks={"lat": 64}, zarr_chunks={"lat": 48})
        self.refused(failures.BadRequest, "want chunks lat=48 or 96, or zarr_chunks lat=32 or 64")
        self.document(chunks={"lat": 301}, zarr_chunks={"lat": 48})  # one function writes all of them
        self.assertEqual(self.call("zarr_plan")["counts"], [1, 1, 1])

    def test_bad_documents(self):
        stacked = podpac.Coordinates([[podpac.clinspace(0, 3, 4), podpac.clinspace(0, 2, 4)]], dims=["lat_lon"])
        for part, kind, changes in (
            ("chunks x: not a dimension of the coordinates; want one of: lat, lon, time", failures.BadRequest, {"chunks": {"x": 1}}),
            ("chunks lat=0 is invalid", failures.BadRequest, {"chunks": {"lat": 0}}),
            ("chunks lat=True is invalid", failures.BadRequest, {"chunks": {"lat": True}}),
            ("chunks is not a JSON object", failures.BadRequest, {"chunks": [1]}),
            ("settings is not a JSON object", failures.BadRequest, {"settings": [1]}),
            ("lat_lon is stacked", failures.BadRequest, {"coordinates": stacked}),
            ("is not below output/", failures.BadRequest, {"zarr": "input/one.zarr"}),
            ("is not below output/", failures.BadRequest, {"zarr": "output/../runs/one.zarr"}),
            ("ends in .zarr", failures.BadRequest, {"zarr": "output/one"}),
        ):
            with self.subTest(part):
                self.document(**changes)
                self.refused(kind, part, "zarr_create")
        self.bucket.objects[KEY] = b"[]"
        self.refused(failures.BadRequest, "is not a JSON object")
        del self.bucket.objects[KEY]
        self.refused(failures.BadRequest, "does not exist in the function's bucket")
        for key in ("input/a.json", "runs/../grid.json", "runs/a/b/grid.json", 7):
            with self.assertRaises(failures.BadRequest), contextlib.redirect_stdout(self.log):
                handler.handler({"zarr_plan": {"grid": key}}, None)
        for event in ({"zarr_plan": []}, {"zarr_drop": {"grid": KEY}}, {"zarr_plan": {"grid": KEY}, "zarr_create": {}}):
            with self.assertRaises(failures.BadRequest), contextlib.redirect_stdout(self.log):
                handler.handler(event, None)

    def test_bad_chunks(self):
        self.document(chunks={"lat": 64})
        self.refused(failures.BadRequest, "does not exist; want zarr_create first", "zarr_chunk", chunk=[0, 0, 0])
        self.call("zarr_create")
        for index in ([5, 0, 0], [-1, 0, 0], [0, 0], [0, 0, True], [0.0, 0, 0], None, "0.0.0"):
            self.refused(failures.BadRequest, "is not an index of the 5 × 1 × 1 chunks", "zarr_chunk", chunk=index)

    def test_one_zarr_is_of_one_run(self):
        self.document(chunks={"lat": 64})
        self.call("zarr_create")
        self.call("zarr_create")  # the same run may continue
        zattrs = json.loads(self.bucket.objects["output/one.zarr/.zattrs"])
        self.bucket.objects["output/one.zarr/.zattrs"] = json.dumps({**zattrs, "grid": "runs/other/grid.json"}).encode()
        self.refused(failures.BadRequest, "output/one.zarr exists, of runs/other/grid.json", "zarr_create")
        self.document(chunks={"lat": 32})
        self.refused(failures.BadRequest, "or that document has changed", "zarr_chunk", chunk=[0, 0, 0])

    def overwrite(self):
        """Do what a run of another client does: delete the Zarr, and create its own."""
        for name in self.zarr():
            del self.bucket.objects[f"output/one.zarr/{name}"]
        mine, self.bucket.objects[KEY] = self.bucket.objects[KEY], self.bucket.objects[KEY] + b" "
        self.call("zarr_create")
        self.bucket.objects[KEY] = mine
        for name in (".zattrs", ".zmetadata"):
            content = self.bucket.objects[f"output/one.zarr/{name}"]
            self.bucket.objects[f"output/one.zarr/{name}"] = content.replace(b"runs/one/", b"runs/two/")

    def test_chunk_of_an_overwritten_zarr_writes_nothing(self):
        self.document(chunks={"lat": 64})
        for change, part in (
            (self.overwrite, "output/one.zarr is of runs/two/grid.json"),
            (lambda: self.bucket.objects.pop("output/one.zarr/.zmetadata"), "output/one.zarr does not exist"),
        ):
            self.bucket.objects = {KEY: self.bucket.objects[KEY]}
            self.call("zarr_create")

            def evaluate(grid, *args, evaluate=grid.Grid.evaluate, change=change):
                output = evaluate(grid, *args)
                if len(output["lat"]) > 2:  # not the sample of zarr_create
                    change()
                    self.bucket.writes.clear()
                return output

            with mock.patch.object(grid.Grid, "evaluate", evaluate):
                self.refused(failures.BadRequest, part, "zarr_chunk", chunk=[0, 0, 0])
            self.assertEqual(self.bucket.writes, [])

    def test_owner_of_a_zarr(self):
        self.document(chunks={"lat": 64})
        self.call("zarr_plan")  # the first event in an environment is cold
        self.assertEqual(self.call("zarr_owner"), {"owner": None, "fits": False, "cold": False})
        self.call("zarr_create")
        self.bucket.writes.clear()
        self.assertEqual(self.call("zarr_owner"), {"owner": KEY, "fits": True, "cold": False})
        self.overwrite()
        self.bucket.writes.clear()
        self.assertEqual(self.call("zarr_owner"), {"owner": "runs/two/grid.json", "fits": False, "cold": False})
        self.bucket.objects["output/one.zarr/.zattrs"] = b"[]"
        self.assertEqual(self.call("zarr_owner"), {"owner": None, "fits": False, "cold": False})
        self.assertEqual(self.bucket.writes, [])

    def test_run_that_creates_the_same_zarr_at_once_is_refused(self):
        self.document(chunks={"lat": 64})
        put = self.bucket.put_object

        def put_after(Bucket, Key, Body, **more):
            put(Bucket, Key, Body, **more)
            if Key.endswith("lat/0"):
                self.bucket.objects[Key] = b"of another run"

        with mock.patch.object(self.bucket, "put_object", put_after):
            self.refused(failures.BadRequest, "another run has created or deleted output/one.zarr at the same time", "zarr_create")

    def test_rules_apply_to_chunks(self):
        self.document(chunks={"lat": 64})
        self.call("zarr_create")
        rules.RULES.allowed = ["0" * 64]
        for name, more in (("zarr_plan", {}), ("zarr_create", {}), ("zarr_chunk", {"chunk": [0, 0, 0]})):
            self.refused(failures.Forbidden, "restricted to other pipelines", name, **more)
        rules.RULES.allowed = None
        secret = "wJalrXUtnFEMI/K7MDENG"
        self.bucket.objects[KEY] = json.dumps(
            {
                "pipeline": {"a": {"node": "data.Rasterio", "attrs": {"source": f"/none/{secret}", "aws_secret_access_key": secret}}},
                "coordinates": json.loads(COORDINATES.json),
                "zarr": "output/one.zarr",
            }
        ).encode()
        self.refused(failures.Failure, "")
        self.assertNotIn(secret, self.log.getvalue())

    def test_preview(self):
        lat, lon = podpac.clinspace(2999, 0, 3000), podpac.clinspace(0, 1, 2)
        coordinates = podpac.Coordinates([lat, lon], dims=["lat", "lon"])
        self.document(podpac.data.Array(source=numpy.arange(6000.0).reshape(3000, 2), coordinates=coordinates), coordinates, chunks={"lat": 500})
        self.call("zarr_create")
        for index in (0, 1, 2, 4, 5):
            self.call("zarr_chunk", chunk=[index, 0])
        self.assertEqual(self.call("zarr_preview")["picture"], "output/one.png")
        picture = Image.open(io.BytesIO(self.bucket.objects["output/one.png"])).convert("RGBA")
        self.assertEqual(picture.size, (2, 1024))
        transparent = [y for y in range(1024) if picture.getpixel((0, y))[3] == 0]
        self.assertTrue(transparent and 505 < min(transparent) and max(transparent) < 690, transparent)

    def test_preview_without_a_map(self):
        for dims in (["lat"], ["lat", "lon"], ["time"]):
            sizes = {"lat": podpac.clinspace(0, 9, 10), "lon": [5], "time": podpac.crange("2020-01-01", "2020-01-05", "1,D")}
            coordinates = podpac.Coordinates([sizes[dim] for dim in dims], dims=dims)
            source = podpac.data.Array(source=numpy.zeros(coordinates.shape), coordinates=coordinates)
            self.document(source, coordinates, zarr=f"output/{'-'.join(dims)}.zarr", chunks={dims[0]: 2})
            self.run_all()
            self.refused(failures.BadRequest, "no two dimensions", "zarr_preview")
        coordinates = podpac.Coordinates([sizes["time"], sizes["lat"]], dims=["time", "lat"])
        self.document(podpac.data.Array(source=numpy.arange(50.0).reshape(5, 10), coordinates=coordinates), coordinates, chunks={"time": 2})
        self.bucket.objects = {KEY: self.bucket.objects[KEY]}
        self.run_all()
        self.assertEqual(self.call("zarr_preview")["pixels"], [5, 10])

    def test_preview_reads_a_part_of_large_results(self):
        self.document(chunks={"lat": 1, "lon": 1, "time": 1})
        self.call("zarr_create")
        self.bucket.reads.clear()
        with mock.patch("evaluator.grid._MAX_READS", 100):
            self.assertEqual(self.call("zarr_preview")["pixels"], [10, 10])
        self.assertLess(len(self.bucket.reads), 110)


if __name__ == "__main__":
    unittest.main()
