"""Read published layers with clients of WMS and WCS: those of podpac and OWSLib."""

import io
import json
import threading
import unittest
from unittest import mock

import podpac

import handler
from evaluator import layers, request, rules
from serve import Server

try:
    import numpy
    import rasterio.warp
    from PIL import Image
except ImportError:
    raise unittest.SkipTest("podpac is not installed")


class Layers(unittest.TestCase):
    """Read a published layer with clients of WMS and WCS."""

    DAYS = ["2020-01-01", "2020-01-02"]
    PIPELINE = {
        "soil": {
            "node": "data.Array",
            "attrs": {
                "source": numpy.arange(60.0).reshape(5, 6, 2).tolist(),
                "coordinates": {
                    "coords": [
                        {"name": "lat", "start": 40, "stop": 44, "size": 5},
                        {"name": "lon", "start": -10, "stop": 0, "size": 6},
                        {"name": "time", "values": DAYS},
                    ],
                    "crs": "EPSG:4326",
                },
            },
        },
        "map": {
            "node": "interpolators.Interpolate",
            "inputs": {"source": "soil"},
            "attrs": {"interpolation": "bilinear"},
            "style": {"name": "Soil moisture", "units": "m^3/m^3"},
        },
    }

    def setUp(self):
        change = mock.patch.object(layers, "LAYERS", {"soil": layers.Layer("soil", self.PIPELINE)})
        change.start()
        self.addCleanup(change.stop)
        server = Server()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever).start()
        self.url = server.url
        self.node = podpac.Node.from_definition(request.ordered(self.PIPELINE))

    def test_podpacs_client_of_wcs_reads_podpacs_values(self):
        # podpac reads the file after it closes it, which `rasterio` rejects from 1.4 on.
        change = mock.patch.object(rasterio.MemoryFile, "__exit__", lambda *args: None)
        change.start()
        self.addCleanup(change.stop)
        client = podpac.data.WCS(source=self.url, layer="soil")
        self.assertEqual(client.get_layers(self.url), ["soil"])
        grid = podpac.Coordinates([podpac.clinspace(43.5, 40.5, 7), podpac.clinspace(-9, -1, 9), self.DAYS[0]], dims=["lat", "lon", "time"])
        found, own = client.eval(grid), self.node.eval(grid)
        self.assertEqual(found.shape, own.shape)
        numpy.testing.assert_allclose(found.transpose(*own.dims).data, own.data, rtol=1e-6)
        self.assertTrue(numpy.isfinite(own.data).all())

    def test_owslib_reads_capabilities_of_wms(self):
        from owslib.wms import WebMapService

        for version in ("1.1.1", "1.3.0"):
            service = WebMapService(self.url, version=version)
            layer = service["soil"]
            self.assertEqual((layer.title, layer.boundingBoxWGS84), ("Soil moisture", (-11, 39.5, 1, 44.5)))
            self.assertEqual(layer.timepositions, [f"{day}T00:00:00Z" for day in self.DAYS])
            size, box = (60, 50), (-11, 39.5, 1, 44.5)
            shown = service.getmap(layers=["soil"], srs="EPSG:4326", bbox=box, size=size, format="image/png", time=layer.timepositions[0])
            picture = Image.open(io.BytesIO(shown.read()))
            self.assertEqual((picture.format, picture.size), ("PNG", size))
            info = service.getfeatureinfo(
                layers=["soil"], srs="EPSG:4326", bbox=box, size=size, query_layers=["soil"], info_format="application/json", xy=(20, 10), time=layer.timepositions[0]
            )
            query = {"SERVICE": "WMS", "VERSION": "1.3.0", "CRS": "EPSG:4326", "BBOX": "39.5,-11,44.5,1", "WIDTH": "60", "HEIGHT": "50", "TIME": self.DAYS[0]}
            own = self.node.eval(podpac.Coordinates.from_url(query)).squeeze().data[10, 20]
            self.assertEqual(
                json.loads(info.read()),
                {
                    "values": [{"name": "Soil moisture", "value": own}],
                    "units": "m^3/m^3",
                    "coordinates": {"lat": 43.45, "lon": -6.9, "time": "2020-01-01T00:00:00"},
                },
            )

    def test_value_of_a_pixel_is_that_of_the_map(self):
        # Beyond the outermost cells, podpac interpolates to a grid as missing, and to a point as a value.
        query = {"SERVICE": "WMS", "VERSION": "1.3.0", "CRS": "EPSG:4326", "BBOX": "38,-14,46,4", "WIDTH": "9", "HEIGHT": "8", "TIME": self.DAYS[0]}
        own = self.node.eval(podpac.Coordinates.from_url(query)).transpose("lat", "lon", "time").data[..., 0]
        self.assertTrue(numpy.isnan(own).any() and numpy.isfinite(own).any())
        for row in range(8):
            for column in range(9):
                pixel = {**query, "REQUEST": "GetFeatureInfo", "LAYERS": "soil", "I": str(column), "J": str(row)}
                value = json.loads(handler.handler({"queryStringParameters": pixel}, None)["body"])["values"][0]["value"]
                self.assertEqual(value, None if numpy.isnan(own[row, column]) else own[row, column], (row, column))

    def test_place_of_a_value_is_in_degrees(self):
        query = {"SERVICE": "WMS", "REQUEST": "GetFeatureInfo", "LAYERS": "soil", "WIDTH": "60", "HEIGHT": "50", "TIME": self.DAYS[0]}
        box = rasterio.warp.transform_bounds("EPSG:4326", "EPSG:3857", -10, 40, 0, 44)
        for version, keys in (("1.3.0", {"CRS": "EPSG:3857", "I": "30", "J": "25"}), ("1.1.1", {"SRS": "EPSG:3857", "X": "30", "Y": "25"})):
            event = {"queryStringParameters": {**query, **keys, "VERSION": version, "BBOX": ",".join(map(repr, box))}}
            place = json.loads(handler.handler(event, None)["body"])["coordinates"]
            numpy.testing.assert_allclose((place["lat"], place["lon"]), (42, -5), atol=0.1, err_msg=version)

    def test_owslib_reads_capabilities_of_wcs(self):
        from owslib.wcs import WebCoverageService

        coverage = WebCoverageService(self.url, version="1.0.0")["soil"]
        self.assertEqual((coverage.title, coverage.boundingBoxWGS84), ("Soil moisture", (-11, 39.5, 1, 44.5)))
        self.assertEqual((coverage.grid.lowlimits, coverage.grid.highlimits), (["0", "0"], ["5", "4"]))
        self.assertEqual(coverage.timepositions, [f"{day}T00:00:00" for day in self.DAYS])
        self.assertIn("GeoTIFF", coverage.supportedFormats)
        self.assertIn("EPSG:4326", [crs.getcode() for crs in coverage.supportedCRS])

    def test_restriction_holds_for_layers(self):
        rules.RULES.allowed = [self.node.hash]
        self.addCleanup(setattr, rules.RULES, "allowed", None)
        self.assertEqual([offer.name for offer in layers.offers()], ["soil"])
        rules.RULES.allowed = ["0" * 64]
        layers.LAYERS["soil"] = layers.Layer("soil", self.PIPELINE)
        self.assertEqual(layers.offers(), [])

    def test_projected_grid_is_offered_in_degrees(self):
        grid = {"coords": [{"name": "lat", "start": 5e6, "stop": 5.1e6, "size": 11}, {"name": "lon", "start": 4e5, "stop": 5e5, "size": 11}], "crs": "EPSG:32633"}
        found = layers.extent_of([podpac.Coordinates.from_json(json.dumps(grid))])
        numpy.testing.assert_allclose(found.bounds, (13.6, 45.1, 15.1, 46.2), atol=0.2)
        self.assertEqual((found.columns, found.rows), (11, 11))
