"""Read published layers with clients of WMS and WCS: those of podpac and OWSLib."""

import base64
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


class Projections(unittest.TestCase):
    """Request maps of layers whose data has another coordinate reference system."""

    EDGE = 20037508.342789244  # the 180th meridian in EPSG:3857

    def setUp(self):
        degrees = self.layer([("lat", -89.5, 89.5, 180), ("lon", -179.5, 179.5, 360)], "EPSG:4326")
        region = self.layer([("lat", 40, 44, 5), ("lon", -10, 0, 6)], "EPSG:4326")
        utm = self.layer([("lat", 5e6, 5.1e6, 11), ("lon", 4e5, 5e5, 11)], "EPSG:32633")
        change = mock.patch.object(layers, "LAYERS", {"degrees": degrees, "region": region, "utm": utm})
        change.start()
        self.addCleanup(change.stop)

    @staticmethod
    def layer(sides, crs):
        """Return a layer whose values are 1000 × lat + lon."""
        lat, lon = (numpy.linspace(*side[1:]) for side in sides)
        coords = [dict(zip(("name", "start", "stop", "size"), side)) for side in sides]
        return Projections.interpolated((1000 * lat[:, None] + lon).tolist(), coords, crs)

    @staticmethod
    def interpolated(values, coords, crs="EPSG:4326"):
        source = {"node": "data.Array", "attrs": {"source": values, "coordinates": {"coords": coords, "crs": crs}}}
        interpolated = {"node": "interpolators.Interpolate", "inputs": {"source": "a"}, "attrs": {"interpolation": "bilinear"}}
        return layers.Layer("a", {"a": source, "b": interpolated})

    def ask(self, layer, crs, box, size=(9, 7), **more):
        query = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": layer, "CRS": crs, "FORMAT": "json", "EXCEPTIONS": "XML"}
        query.update(BBOX=",".join(map(repr, box)), WIDTH=str(size[0]), HEIGHT=str(size[1]), **more)
        return handler.handler({"queryStringParameters": query}, None)

    def values(self, *args):
        answer = self.ask(*args)
        self.assertEqual(answer["statusCode"], 200, answer["body"])
        return numpy.array(json.loads(answer["body"])["data"], float)

    @staticmethod
    def places(crs, data_crs, box, size=(9, 7)):
        """Return the latitudes and longitudes of the map's pixels in the data's system."""
        west, south, east, north = box
        width, height = (east - west) / size[0], (north - south) / size[1]
        x, y = numpy.meshgrid(west + width * (numpy.arange(size[0]) + 0.5), north - height * (numpy.arange(size[1]) + 0.5))
        lon, lat = rasterio.warp.transform(crs, data_crs, x.ravel(), y.ravel())
        return numpy.reshape(lat, x.shape), numpy.reshape(lon, x.shape)

    def test_map_in_parts_is_the_whole(self):
        for more in ({}, {"FORMAT": "png"}):
            box = (-2e6, 3.5e6, 3e6, 6e6)
            whole = self.ask("region", "EPSG:32629", box, (40, 30), **more)["body"]
            with mock.patch("evaluator.projection._AT_ONCE", 100):
                self.assertEqual(self.ask("region", "EPSG:32629", box, (40, 30), **more)["body"], whole)

    def test_map_has_the_values_at_its_pixels(self):
        for layer, crs, data_crs, box in (
            ("degrees", "EPSG:32633", "EPSG:4326", (4e5, 5e6, 5e5, 5.1e6)),
            ("degrees", "EPSG:3413", "EPSG:4326", (-2e6, -2e6, -1e6, -1e6)),
            ("region", "EPSG:32629", "EPSG:4326", (5e5, 4.5e6, 8e5, 4.8e6)),
            ("utm", "EPSG:3857", "EPSG:32633", (1.55e6, 5.66e6, 1.6e6, 5.7e6)),
            ("utm", "CRS:84", "EPSG:32633", (14.2, 45.3, 14.8, 45.9)),
        ):
            lat, lon = self.places("EPSG:4326" if crs == "CRS:84" else crs, data_crs, box)
            numpy.testing.assert_allclose(self.values(layer, crs, box), 1000 * lat + lon, atol=1e-3, err_msg=f"{layer} in {crs}")

    def test_data_with_uneven_cells(self):
        lat, lon = {"name": "lat", "values": [44, 45, 47]}, {"name": "lon", "values": [13, 17]}
        layers.LAYERS["uneven"] = self.interpolated([[1, 5], [1, 5], [1, 5]], [lat, lon])
        box = (4e5, 4.9e6, 6e5, 5.1e6)
        numpy.testing.assert_allclose(self.values("uneven", "EPSG:32633", box), self.places("EPSG:32633", "EPSG:4326", box)[1] - 12, atol=1e-6)

    def test_data_of_one_row_has_no_map_in_utm(self):
        lat, lon = {"name": "lat", "values": [45]}, {"name": "lon", "values": [13, 17]}
        layers.LAYERS["row"] = self.interpolated([[1, 5]], [lat, lon])
        answer = self.ask("row", "EPSG:32633", (4e5, 4.9e6, 6e5, 5.1e6))
        self.assertEqual(answer["statusCode"], 400)
        self.assertIn("CRS EPSG:32633: the layer's interpolation is not for it; want EPSG:4326", self.text(answer))

    def test_map_over_the_180th_meridian_is_whole(self):
        for crs, box in (
            ("EPSG:3857", (self.EDGE - 1.1e6, 0, self.EDGE + 1.1e6, 1e6)),
            ("EPSG:3857", (-self.EDGE - 1.1e6, 0, -self.EDGE + 1.1e6, 1e6)),
            ("EPSG:32660", (3e5, 1e6, 1.3e6, 2e6)),
            ("EPSG:32601", (-3e5, 1e6, 7e5, 2e6)),
        ):
            found, (lat, lon) = self.values("degrees", crs, box), self.places(crs, "EPSG:4326", box)
            self.assertTrue((lon > 0).any() and (lon < 0).any(), crs)
            within = numpy.abs(lon) <= 179.5  # the middle of the last cells
            numpy.testing.assert_allclose(found[within], (1000 * lat + lon)[within], atol=1e-3, err_msg=crs)

    def test_map_beyond_the_180th_meridian_repeats(self):
        for beyond in (self.EDGE + 1e6, 3 * self.EDGE, -4 * self.EDGE):
            box = (beyond, 0, beyond + 1e6, 1e6)
            lat, lon = self.places("EPSG:3857", "EPSG:4326", box)
            within = numpy.abs(lon) <= 179.5
            numpy.testing.assert_allclose(self.values("degrees", "EPSG:3857", box)[within], (1000 * lat + lon)[within], atol=0.1)

    def test_map_without_a_pixel_near_the_data_is_empty(self):
        for layer, crs, box in (
            ("region", "EPSG:3857", (-self.EDGE, -self.EDGE, self.EDGE, self.EDGE)),
            ("region", "EPSG:32633", (4e5, 5e6, 5e5, 5.1e6)),
            ("region", "EPSG:3857", (self.EDGE - 1e6, 0, self.EDGE + 1e6, 1e6)),
        ):
            self.assertTrue(numpy.isnan(self.values(layer, crs, box)).all(), (layer, crs))

    def test_pixels_beyond_the_data_are_missing(self):
        box = (-2e6, 3.5e6, 3e6, 6e6)
        found, (lat, lon) = self.values("region", "EPSG:32629", box, (40, 30)), self.places("EPSG:32629", "EPSG:4326", box, (40, 30))
        between = (40 <= lat) & (lat <= 44) & (-10 <= lon) & (lon <= 0)
        beyond = (lat < 39.5) | (lat > 44.5) | (lon < -11) | (lon > 1)  # of the outermost cells
        self.assertTrue(between.sum() > 20 and beyond.sum() > 20)
        numpy.testing.assert_allclose(found[between], (1000 * lat + lon)[between], atol=1e-3)
        self.assertTrue(numpy.isnan(found[beyond]).all() and numpy.isfinite(found[~beyond]).all())

    def test_pixels_outside_the_area_are_missing(self):
        found = self.values("degrees", "+proj=laea +lat_0=90", (-2e7, -2e7, 2e7, 2e7))
        self.assertTrue(numpy.isnan(found[0, 0]) and numpy.isfinite(found[3, 4]), found)

    def test_place_without_degrees_is_null(self):
        answer = self.ask("utm", "EPSG:32633", (5e7, 5e7, 6e7, 6e7), REQUEST="GetFeatureInfo", I="4", J="3")
        found = json.loads(answer["body"], parse_constant=self.fail)
        self.assertEqual(found["coordinates"], {"lat": None, "lon": None})

    def test_no_box_fails_the_function(self):
        infinity = float("inf")
        boxes = [
            ("EPSG:4326", (-95, 170, 95, 190)),
            ("EPSG:4326", (100, 1000, 110, 1010)),
            ("EPSG:4326", (-1e308, -1e308, 1e308, 1e308)),
            ("CRS:84", (170, -10, 190, 10)),
            ("EPSG:3857", (-3 * self.EDGE, -self.EDGE, 3 * self.EDGE, self.EDGE)),
            ("EPSG:3857", (0, 1e8, 1e6, 1.1e8)),
            ("EPSG:3857", (0, 0, 1e300, 1e300)),
            ("EPSG:3857", (0, 0, 1e-9, 1e-9)),
            ("EPSG:32633", (-2e7, -2e7, 2e7, 2e7)),
            ("EPSG:32633", (5e7, 5e7, 6e7, 6e7)),
            ("EPSG:32633", (5e5, 9.9e6, 6e5, 1.01e7)),
            ("EPSG:3031", (0, 0, 1e-9, 1e-9)),
            ("EPSG:3413", (0, 0, 1e300, 1e300)),
        ]
        refused = [
            ("EPSG:3857", (1, 1, 0, 0), "BBOX is not four numbers, the lower corner first"),
            ("EPSG:3857", (0, 0, 0, 1), "BBOX is not four numbers"),
            ("EPSG:3857", (-infinity, 0, infinity, 1), "BBOX is not four numbers"),
            ("EPSG:3857", (float("nan"), 0, 1, 1), "BBOX is not four numbers"),
            ("EPSG:3857", (-1.7e308, 0, 1.7e308, 1), "BBOX is not four numbers"),
            ("EPSG:32660", (4e7, 0, 4.1e7, 1e6), "BBOX: no pixel is within the area of EPSG:32660"),
            ("EPSG:5773", (0, 0, 1, 1), "CRS EPSG:5773: is not one of maps; want one such as EPSG:4326"),
            ("IAU_2015:30100", (0, 0, 1, 1), "CRS IAU_2015:30100: has no transformation to EPSG:"),
            ("nothing", (0, 0, 1, 1), "coordinates: "),
        ]
        for size, operation in (((9, 7), {}), ((1, 1), {"REQUEST": "GetFeatureInfo", "I": "0", "J": "0"})):
            for layer in layers.LAYERS:
                for crs, box in boxes:
                    answer = self.ask(layer, crs, box, size, **operation)
                    self.assertIn(answer["statusCode"], (200, 400), (layer, crs, box, answer["body"]))
                for crs, box, message in refused:
                    answer = self.ask(layer, crs, box, size, **operation)
                    self.assertEqual(answer["statusCode"], 400, (layer, crs, box))
                    self.assertIn("<ServiceException", self.text(answer))
                    self.assertIn(message, self.text(answer))

    @staticmethod
    def text(answer):
        return base64.b64decode(answer["body"]).decode() if answer["isBase64Encoded"] else answer["body"]
