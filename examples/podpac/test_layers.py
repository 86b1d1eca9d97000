"""Test published layers with the fake of podpac. test_podpac_layers.py tests them with podpac."""

import base64
import gzip
import importlib.util
import json
import pathlib
import re
import tempfile
import types
from unittest import mock
from xml.etree import ElementTree

from test_handler import ARRAY, MAP, Case

import podpac.nodes
from evaluator import failures, layers, query

FIELD = {"node": "nodes.Field", "style": {"name": "Field of <numbers>", "units": "K"}}
BOX = {"BBOX": "-2,0,2,20", "WIDTH": "4", "HEIGHT": "4"}
WMS, WCS = {"w": "http://www.opengis.net/wms"}, {"w": "http://www.opengis.net/wcs", "gml": "http://www.opengis.net/gml"}


class Published(Case):
    """Requests to a function with two published layers."""

    def setUp(self):
        super().setUp()
        self.publish(field={"a": FIELD}, formula={"pipeline": {"a": ARRAY}, "title": "A formula"})

    def publish(self, **contents):
        published = {name: layers.Layer(name, content) for name, content in contents.items()}
        change = mock.patch.object(layers, "LAYERS", published)
        change.start()
        self.addCleanup(change.stop)

    def ask(self, status=200, **query):
        event = {
            "queryStringParameters": {k: v for k, v in query.items() if v is not None},
            "headers": {"host": "maps.test", "X-Forwarded-Proto": "https"},
            "path": "/v1/eval",
        }
        answer = self.call(event)
        body = base64.b64decode(answer["body"]).decode("latin-1") if answer["isBase64Encoded"] else answer["body"]
        self.assertEqual(answer["statusCode"], status, body)
        return answer["headers"], body

    def file(self, path, status=200, method="GET", **headers):
        event = {"httpMethod": method, "headers": headers, "path": f"/eval/{path}", "queryStringParameters": None, "pathParameters": {"proxy": path}}
        answer = self.call(event)
        self.assertEqual(answer["statusCode"], status, answer["body"])
        return answer["headers"], base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]

    def document(self, **query):
        return ElementTree.fromstring(self.ask(**query)[1].encode("latin-1"))

    def map(self, status=200, **changes):
        return self.ask(status, **{**MAP, **BOX, "LAYERS": "field", "PARAMS": None, **changes})


class Layers(Published):
    """Requests for layers that the operator publishes."""

    def test_capabilities_of_wms(self):
        for query in ({"service": "wms", "request": "getcapabilities"}, {"SERVICE": "WMS", "REQUEST": "GetCapabilities", "VERSION": "1.3.0"}):
            document = self.document(**query)
            self.assertEqual((document.tag, document.get("version")), ("{http://www.opengis.net/wms}WMS_Capabilities", "1.3.0"))
            links = {link.get("{http://www.w3.org/1999/xlink}href") for link in document.iterfind(".//w:OnlineResource", WMS)}
            self.assertEqual(links, {"https://maps.test/v1/eval"})
            field, formula = document.findall(".//w:Layer/w:Layer", WMS)
            self.assertEqual([field.findtext(f"w:{tag}", namespaces=WMS) for tag in ("Name", "Title")], ["field", "Field of <numbers>"])
            self.assertEqual(formula.findtext("w:Title", namespaces=WMS), "A formula")
            box = field.find("w:BoundingBox[@CRS='EPSG:4326']", WMS).attrib
            self.assertEqual({**box}, {"CRS": "EPSG:4326", "minx": "-1.5", "miny": "5.0", "maxx": "1.5", "maxy": "25.0"})
            time = field.find("w:Dimension", WMS)
            self.assertEqual((time.text, time.get("default")), ("2020-01-01T00:00:00Z,2020-01-02T12:00:00Z", "2020-01-02T12:00:00Z"))
            self.assertEqual(formula.findtext("w:EX_GeographicBoundingBox/w:westBoundLongitude", namespaces=WMS), "-180.0")
        self.assertIn("podpac finds no coordinates, so the layer is offered for the whole world", self.log.getvalue())

    def test_capabilities_of_older_wms(self):
        document = self.document(SERVICE="WMS", REQUEST="GetCapabilities", VERSION="1.1.1")
        self.assertEqual((document.tag, document.get("version")), ("WMT_MS_Capabilities", "1.1.1"))
        box = document.find(".//Layer/Layer[Name='field']/LatLonBoundingBox").attrib
        self.assertEqual({**box}, {"minx": "5.0", "miny": "-1.5", "maxx": "25.0", "maxy": "1.5"})

    def test_capabilities_of_wcs(self):
        document = self.document(SERVICE="WCS", REQUEST="GetCapabilities")
        self.assertEqual([name.text for name in document.iterfind(".//w:CoverageOfferingBrief/w:name", WCS)], ["field", "formula"])
        document = self.document(SERVICE="WCS", REQUEST="DescribeCoverage", COVERAGE="field")
        self.assertEqual([name.text for name in document.iterfind("w:CoverageOffering/w:name", WCS)], ["field"])
        self.assertEqual([limit.text for limit in document.find(".//gml:GridEnvelope", WCS)], ["0 0", "1 2"])
        self.assertEqual([time.text for time in document.iterfind(".//gml:timePosition", WCS)], ["2020-01-01T00:00:00", "2020-01-02T12:00:00"])
        self.assertIn("unknown; want one of: field, formula", self.ask(400, SERVICE="WCS", REQUEST="DescribeCoverage", COVERAGE="nothing")[1])

    def test_many_times_are_an_interval(self):
        with mock.patch.object(podpac.nodes.Field, "times", [f"{year}-01-01" for year in range(1000, 7000)]):
            document = self.document(SERVICE="WMS", REQUEST="GetCapabilities")
        self.assertEqual(document.findtext(".//w:Dimension", namespaces=WMS), "1000-01-01T00:00:00Z/6999-01-01T00:00:00Z/0")

    def test_url_behind_a_proxy(self):
        self.environ(PODPAC_URL="https://example.org/maps")
        self.assertIn('"https://example.org/maps"', self.ask(SERVICE="WMS", REQUEST="GetCapabilities")[1])

    def test_url_with_and_without_the_stage(self):
        host, context = {"Host": "a1.execute-api.localhost:4566"}, {"stage": "prod"}
        for event, url in (
            ({"rawPath": "/eval", "headers": host, "requestContext": context}, "http://a1.execute-api.localhost:4566/prod/eval"),
            ({"path": "/prod/eval", "headers": host, "requestContext": context}, "http://a1.execute-api.localhost:4566/prod/eval"),
            ({"path": "/eval", "headers": host, "requestContext": {"stage": "$default"}}, "http://a1.execute-api.localhost:4566/eval"),
            ({"path": "/maps/eval", "headers": {"host": "maps.test", "x-forwarded-proto": "https"}, "requestContext": context}, "https://maps.test/maps/eval"),
        ):
            self.assertEqual(query.url_of(event), url)

    def test_map_has_the_range_of_its_values(self):
        headers, body = self.map()
        self.assertEqual(headers["Podpac-Range"], f"{-50 + 2.5 + 0.02!r},{150 + 17.5 + 0.02!r}")
        self.assertEqual(headers["Cache-Control"], "max-age=300")
        self.assertIn("167.52", body)
        self.publish(field={"a": {**FIELD, "style": {"clim": [0, None]}}})
        self.assertEqual(self.map()[0]["Podpac-Range"], f"0.0,{150 + 17.5 + 0.02!r}")
        self.publish(field={"a": FIELD})
        self.assertNotIn("Podpac-Range", self.map(BBOX="-9,0,-5,20")[0])  # nothing but missing values

    def test_time(self):
        for time, day in ((None, "02"), ("current", "02"), ("2020-01-01T00:00:00Z", "01"), ("2020-01-02T12:00:00", "02")):
            self.assertIn(f"167.{50 + int(day)}", self.map(TIME=time)[1], time)
        self.assertIn("want one time", self.map(400, TIME="2020-01-01/2020-01-02")[1])

    def test_value_of_a_pixel(self):
        pixel = {"REQUEST": "GetFeatureInfo", "QUERY_LAYERS": "field", "I": "1", "J": "0"}
        headers, body = self.map(**pixel)
        self.assertEqual(headers["Content-Type"], "application/json")
        where = {"lat": 1.5, "lon": 7.5, "time": "2020-01-02T12:00:00"}
        self.assertEqual(json.loads(body), {"values": [{"name": "Field of <numbers>", "value": 157.52}], "units": "K", "coordinates": where})
        self.assertEqual(self.map(**pixel, INFO_FORMAT="text/plain")[1], "Field of <numbers> = 157.52 K\n")
        self.assertIsNone(json.loads(self.map(**{**pixel, "J": "3"})[1])["values"][0]["value"])
        for changes, part in (
            ({"I": "4"}, "I is not a pixel from 0 to 3"),
            ({"J": "-1"}, "J is not a pixel from 0 to 3"),
            ({"QUERY_LAYERS": "formula"}, "QUERY_LAYERS formula is not LAYERS"),
            ({"INFO_FORMAT": "text/html"}, "INFO_FORMAT text/html is not supported; want one of: application/json, text/plain"),
        ):
            self.assertIn(part, self.map(400, **{**pixel, **changes})[1])

    def test_pipeline_must_interpolate(self):
        self.publish(array={"a": {"node": "nodes.Shifted"}})
        self.assertIn("does not interpolate to the map's grid", self.map(400, LAYERS="array")[1])

    def test_other_crs_and_resolution(self):
        self.assertEqual(self.map()[1], self.map(CRS="CRS:84", BBOX="0,-2,20,2")[1])
        coverage = {"SERVICE": "WCS", "REQUEST": "GetCoverage", "COVERAGE": "field", "LAYERS": None, "FORMAT": "png", "WIDTH": None, "HEIGHT": None}
        self.assertEqual(self.map()[1], self.map(**coverage, RESX="1", RESY="5")[1])  # the fake reads latitudes first
        self.assertIn("WIDTH is missing", self.map(400, **coverage, RESX="0", RESY="x")[1])

    def test_layer_is_what_the_operator_published(self):
        self.assertIn("PARAMS source: not for layer field", self.map(400, PARAMS='{"source": 1}')[1])
        self.assertEqual(self.map(PARAMS='{"alt": 1}')[0]["Content-Type"], "image/png")

    def test_unknown_layer(self):
        self.assertIn("layer fields is neither published (GetCapabilities lists those) nor a node", self.map(400, LAYERS="fields")[1])

    def test_restriction_holds_for_layers(self):
        node = podpac.Node.from_definition({"a": FIELD})
        self.environ(PODPAC_RESTRICT_PIPELINES=json.dumps([node.hash]))
        document = self.document(SERVICE="WMS", REQUEST="GetCapabilities")
        self.assertEqual([name.text for name in document.iterfind(".//w:Layer/w:Name", WMS)], ["field"])
        warning = json.loads(self.log.getvalue().splitlines()[0])
        self.assertEqual(warning["message"], "layer formula is not published: the function is restricted to other pipelines")
        self.assertEqual(warning["node"], podpac.Node.from_definition({"a": ARRAY}).hash)
        self.map()
        evaluated = len(podpac.nodes.evaluated)
        self.assertIn("restricted", self.map(403, LAYERS="formula")[1])
        self.assertEqual(len(podpac.nodes.evaluated), evaluated)

    def test_layer_that_podpac_cannot_build(self):
        self.publish(field={"a": {"node": "nodes.Nothing"}})
        self.assertEqual(len(self.document(SERVICE="WMS", REQUEST="GetCapabilities").findall(".//w:Layer/w:Layer", WMS)), 0)
        self.assertIn("podpac.nodes.Nothing does not exist", self.map(400)[1])

    def test_settings_of_a_layer(self):
        settings = {"DEFAULT_CRS": "EPSG:32633", "ROOT_PATH": "/etc"}
        self.publish(field={"pipeline": {"a": {"node": "nodes.GridOfSettings"}}, "settings": settings})
        body = self.map(FORMAT="application/json")[1]
        self.assertIn("EPSG:32633", body)
        self.assertNotIn("/etc", body)

    def test_errors_in_xml(self):
        headers, body = self.map(400, LAYERS="<nothing>", EXCEPTIONS="XML")
        self.assertEqual(headers["Content-Type"], "text/xml")
        error = ElementTree.fromstring(body).findtext("{http://www.opengis.net/ogc}ServiceException")
        self.assertIn("<nothing>", error)

    def test_legend_of_classes_and_their_colors(self):
        classes = {"enumeration_colors": {"10": "#ff0000", "2": "#00ff00"}, "enumeration_legend": {"2": "Low"}}
        self.publish(field={"a": {**FIELD, "style": classes}})
        described = json.loads(self.file("map/layers.json")[1])
        want = [{"value": 2, "name": "Low", "color": "#00ff00"}, {"value": 10, "name": "10", "color": "#ff0000"}]
        self.assertEqual((described[0]["classes"], "colors" in described[0]), (want, False))
        self.assertIn('{"vmin": 1.5, "vmax": 10.5}', self.map()[1])

    def test_files_of_layers(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            folder.joinpath("a-1.json").write_text(json.dumps({"a": FIELD}), encoding="utf-8")
            folder.joinpath("pipeline.json").write_text(json.dumps({"pipeline": ARRAY, "b": FIELD}), encoding="utf-8")
            coordinates = {"coords": [{"name": "lat", "values": [5]}, {"name": "lon", "values": [6, 8]}]}
            folder.joinpath("b.json").write_text(json.dumps({"pipeline": {"a": ARRAY}, "coordinates": coordinates, "output": {}}), encoding="utf-8")
            read = layers.read(folder)
            self.assertEqual(sorted(read), ["a-1", "b", "pipeline"])
            self.assertEqual(list(read["pipeline"].definition), ["pipeline", "b"])
            self.assertEqual(read["b"].offer().extent, ((5, 4.5, 9, 5.5), 2, 1, []))
            for file, content, part in (
                ("a b.json", "{}", "layers/a b.json: invalid name; want letters"),
                ("c.json", "[", "layers/c.json is not a JSON object"),
                ("c.json", "{}", "layers/c.json: pipeline is not a JSON object"),
                ("c.json", '{"pipeline": {"a": {}}, "title": 1}', "layers/c.json: title is not a text"),
            ):
                folder.joinpath(file).write_text(content, encoding="utf-8")
                with self.assertRaises(failures.Misconfigured) as caught:
                    layers.read(folder)
                self.assertIn(part, str(caught.exception))
                folder.joinpath(file).unlink()


class Map(Published):
    """Requests for the files of the map."""

    def test_page_and_its_files(self):
        headers, page = self.file("map")
        self.assertEqual((headers["Content-Type"], headers["Cache-Control"]), ("text/html; charset=utf-8", "no-cache"))
        self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'self'; "))
        links = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
        self.assertEqual(len(links), 5)
        for link in links:
            self.assertTrue(link.startswith("map/"), link)
            if "leaflet" not in link:
                self.assertIn("immutable", self.file(link)[0]["Cache-Control"])
        folder = links[-1].rpartition("/")[0]
        imports = re.findall(r"from '\./([^']+)'", self.file(f"{folder}/viewer.js")[1].decode())
        self.assertEqual(len(imports), 3)
        for file in imports:
            self.file(f"{folder}/{file}")

    def test_files_are_compressed_and_not_sent_again(self):
        plain, content = self.file("map/old/viewer.js")
        packed, compressed = self.file("map/old/viewer.js", **{"Accept-Encoding": "br, gzip"})
        self.assertEqual((packed["Content-Encoding"], gzip.decompress(compressed)), ("gzip", content))
        self.assertEqual(packed["ETag"], plain["ETag"])
        self.assertEqual(plain["Cache-Control"], "no-cache")  # of a version that is not the page's
        self.assertEqual(self.file("map/old/viewer.js", 304, **{"if-none-match": plain["ETag"]})[1], b"")

    def test_leaflet_of_the_package(self):
        with tempfile.TemporaryDirectory() as name:
            static = pathlib.Path(name, "static", "js_lib_leaflet")
            static.mkdir(parents=True)
            static.joinpath("leaflet.js").write_bytes(b"L = {}")
            package = types.SimpleNamespace(submodule_search_locations=[name])
            with mock.patch.object(importlib.util, "find_spec", return_value=package):
                headers, content = self.file("map/leaflet-1.9.4/leaflet.js")
                self.file("map/leaflet-1.9.4/../../__init__.py", 404)
                self.file("map/leaflet-1.9.3/leaflet.js", 404)
        self.assertEqual((content, headers["Cache-Control"]), (b"L = {}", "public, max-age=31536000, immutable"))
        with mock.patch.object(importlib.util, "find_spec", return_value=None):
            self.assertIn("django-js-lib-leaflet, which requirements.txt names: pack again", self.file("map/leaflet-1.9.4/leaflet.js", 500)[1])
            self.file("map/leaflet-1.9.4/../../__init__.py", 404)

    def test_layers(self):
        headers, body = self.file("map/layers.json")
        field, formula = json.loads(body)
        self.assertEqual(field["bounds"], [5, -1.5, 25, 1.5])
        self.assertEqual((field["title"], field["units"], field["times"][0]), ("Field of <numbers>", "K", "2020-01-01T00:00:00"))
        self.assertEqual((len(field["colors"]), field["colors"][0], field["colors"][-1]), (64, "#000000", "#0000ff"))
        self.assertEqual((formula["title"], formula["times"]), ("A formula", []))

    def test_other_paths(self):
        self.assertEqual(self.file("map/", 308)[0]["Location"], "../map")
        for path in ("other", "map/../handler.py", "map/handler.py", "map/x/viewer.py", "map//etc/passwd", "map/.", "map/x/../../handler.py", "map/index.html"):
            self.file(path, 404)
        self.assertIn("POST map: want GET or HEAD", self.file("map", 405, method="POST")[1])
        self.assertEqual(self.file("", 400)[0]["Content-Type"], "application/json")  # the endpoint with a slash
