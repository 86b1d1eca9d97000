"""Compare the handler's answers with those of podpac.

The tests are skipped with the fake of podpac."""

import base64
import io
import json
import pickle
import unittest

import podpac

import handler
from evaluator import failures, request, rules

try:
    import numpy
    import xarray
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

    def test_maps_equal_those_of_podpac(self):
        for query in (WMS, WCS):
            query = {**query, **SIZE, "FORMAT": "image/png", "PARAMS": json.dumps(MAP)}
            answer = handler.handler({"queryStringParameters": query}, None)
            expected = podpac.Node.from_url(query).eval(podpac.Coordinates.from_url(query)).to_format("png").read()
            self.assertEqual(base64.b64decode(answer["body"]), expected)

    def test_restriction_uses_podpacs_hash(self):
        node = podpac.Node.from_definition(request.ordered(MEAN))
        rules.RULES.allowed = [node.hash]
        self.addCleanup(setattr, rules.RULES, "allowed", None)
        self.assertEqual(json.loads(evaluate(MEAN, "json"))["data"], [2.0, 3.0])
        with self.assertRaises(failures.Forbidden):
            evaluate({"a": ARRAY}, "json")

    def test_code_is_rejected(self):
        code = {"a": ARRAY, "b": {"node": "algorithm.Arithmetic", "inputs": {"A": "a"}, "attrs": {"eqn": "A + 1", "params": {}}}}
        with self.assertRaises(failures.Forbidden):
            evaluate(code, "json")


if __name__ == "__main__":
    unittest.main()
