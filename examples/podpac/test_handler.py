"""Test the handler with the fake of podpac. test_podpac.py tests it with podpac."""

import base64
import contextlib
import importlib
import io
import json
import os
import time
import types
import unittest
from unittest import mock
from urllib.parse import quote

import evaluator
import handler
from fake_bucket import Bucket
from evaluator import clients, credentials, failures, objects, rules

from podpac.core.settings import settings as podpac_settings

try:
    import podpac.nodes
except ImportError:
    raise unittest.SkipTest("podpac is installed instead of the fake in standin/")

ARRAY = {"node": "nodes.Array", "attrs": {"source": [[0, 1], [2, 3], [4, 5]]}}
COORDINATES = {"coords": [{"name": "lat", "values": [0, 1, 2]}]}
SECRET = "wJalrXUtnFEMI/K7MDENG"
MAP = {
    "SERVICE": "WMS",
    "VERSION": "1.3.0",
    "REQUEST": "GetMap",
    "LAYERS": "%PARAMS%",
    "PARAMS": json.dumps({"a": ARRAY}),
    "CRS": "EPSG:4326",
    "BBOX": "0,0,1,1",
    "WIDTH": "2",
    "HEIGHT": "3",
    "FORMAT": "image/png",
}


def pipeline(node=ARRAY, format="json", **more):
    return {"pipeline": {"a": node}, "coordinates": COORDINATES, "output": {"format": format}, **more}


class Case(unittest.TestCase):
    """Call the handler in an environment, and collect its log."""

    def setUp(self):
        podpac.nodes.evaluated.clear()
        self.log = io.StringIO()
        self.environ()

    def environ(self, **variables):
        changed = rules.Rules(variables)
        for change in (mock.patch.object(rules, "RULES", changed), mock.patch.dict(os.environ, variables)):
            change.start()
            self.addCleanup(change.stop)

    def call(self, event):
        context = types.SimpleNamespace(aws_request_id="request-1")
        with contextlib.redirect_stdout(self.log):
            return handler.handler(event, context)

    def refused(self, kind, event, *parts):
        with self.assertRaises(kind) as caught:
            self.call(event)
        for part in parts:
            self.assertIn(part, str(caught.exception))
        self.assertIsNone(caught.exception.__cause__)
        return str(caught.exception)


class Invoke(Case):
    def test_json(self):
        answer = self.call(pipeline())
        self.assertIsInstance(answer, str)
        self.assertEqual(json.loads(answer)["data"], [[0, 1], [2, 3], [4, 5]])

    def test_inputs(self):
        event = pipeline()
        event["pipeline"]["m"] = {"node": "nodes.Mean", "inputs": {"source": "a"}}
        self.assertEqual(json.loads(self.call(event))["data"], [2, 3])

    def test_every_format(self):
        for format, body in (
            ("netcdf", b"CDF"),
            ("nc", b"CDF"),
            ("PNG", b"\x89PNG[[[0, 1], [2, 3], [4, 5]], {}]"),
            ("tiff", b"II*\x00"),
            ("pickle", b"\x80"),
            (None, b"CDF"),
        ):
            with self.subTest(format):
                answer = self.call(pipeline(format=format))
                self.assertIs(type(answer), bytes)  # the only type that awslambdaric does not write as JSON
                self.assertEqual(answer, body)

    def test_nan_is_null(self):
        answer = self.call(pipeline({"node": "nodes.Array", "attrs": {"source": [float("nan"), 1]}}))
        self.assertEqual(json.loads(answer, parse_constant=self.fail)["data"], [None, 1])

    def test_options(self):
        event = pipeline(format="png")
        event["output"]["format_kwargs"] = {"vmin": 0, "return_base64": True}
        self.assertIn(b'{"vmin": 0}', self.call(event))
        event["output"]["format_kwargs"] = {"vmin": 0, "fp": "/tmp/x", "path": "/tmp/y"}
        self.refused(failures.BadRequest, event, "output.format_kwargs fp, path: not for png; want vmax, vmin")

    def test_bad_events(self):
        for event, *parts in (
            ([], "not a JSON object"),
            ({}, "pipeline is missing", "coordinates is missing"),
            (pipeline(settings=[1]), "settings is missing or not a JSON object"),
            (pipeline(format="exe"), "format exe: unknown; want one of: json"),
            (pipeline({"attrs": {}}), "a has no node"),
            (pipeline({"node": "nodes.Nothing"}), "podpac.nodes.Nothing does not exist"),
            (pipeline({"node": "nodes.Array", "attrs": {"nope": 1}}), "has no attribute 'nope'"),
            ({**pipeline(), "coordinates": {"x": 1}}, "coordinates: Could not parse"),
        ):
            with self.subTest(parts):
                self.refused(failures.BadRequest, event, *parts)

    def test_too_large(self):
        def text(size):
            return {"node": "nodes.Text", "attrs": {"size": size}}

        for format, written in (("json", json.dumps), ("png", bytes)):  # what awslambdaric writes
            room = handler.MAX_ANSWER - len(written(self.call(pipeline(text(0), format))))
            self.assertEqual(len(written(self.call(pipeline(text(room), format)))), handler.MAX_ANSWER)
            message = "6291557 bytes, more than Lambda's limit of 6291556"
            self.refused(failures.TooLarge, pipeline(text(room + 1), format), message, "through S3")
        # base64 makes this answer of the API larger than the limit.
        answer = self.call({"queryStringParameters": {**MAP, "PARAMS": json.dumps({"a": text(4_720_000)})}})
        self.assertEqual((answer["statusCode"], json.loads(answer["body"])["error"]), (413, "too_large"))

    def test_unsupported_result(self):
        self.refused(failures.BadRequest, pipeline({"node": "nodes.Shapeless"}, "png"), "cannot be encoded as png")


class Trust(Case):
    def test_only_nodes_are_built(self):
        shell = {"plugin": "os", "node": "system"}
        for definition, part in (
            ({"a": shell}, "is of package os; allowed: podpac"),
            ({"a": {"node": "nodes.io"}}, "podpac.nodes.io is not a Node"),
            ({"a": {"node": "nodes.Result"}}, "is not a Node"),
            ({"a": {**ARRAY, "style_class": "os.path"}}, "is of package os"),
            ({"a": {**ARRAY, "style_class": "podpac.nodes.Array"}}, "is not a Style"),
        ):
            with self.subTest(part):
                self.refused(failures.Forbidden, {**pipeline(), "pipeline": definition}, part)
        # podpac skips these names as nodes, and uses them as inputs.
        for name in ("podpac_version", "podpac_output_node"):
            definition = {name: shell, "m": {"node": "nodes.Mean", "inputs": {"source": name}}}
            self.refused(failures.BadRequest, {**pipeline(), "pipeline": definition}, f"{name} is not a text")

    def test_plugins(self):
        node = {"plugin": "unittest.mock", "node": "Mock"}
        self.refused(failures.Forbidden, pipeline(node), "allowed: podpac")
        self.environ(PODPAC_PLUGINS='["unittest"]')
        self.refused(failures.Forbidden, pipeline(node), "unittest.mock.Mock is not a Node")

    def test_restricted(self):
        node = podpac.Node.from_definition({"a": ARRAY})
        self.environ(PODPAC_RESTRICT_PIPELINES=json.dumps([node.hash]))
        self.call(pipeline())
        podpac.nodes.evaluated.clear()
        other = pipeline({"node": "nodes.Array", "attrs": {"source": [[1]]}})
        self.refused(failures.Forbidden, other, "restricted")
        self.assertEqual(podpac.nodes.evaluated, [])
        self.environ(PODPAC_RESTRICT_PIPELINES="[]")
        self.refused(failures.Forbidden, pipeline(), "restricted")

    def test_restricted_to_what_the_hash_covers(self):
        node = {"node": "nodes.Untagged", "attrs": {"untagged": "harmful"}}
        self.assertIn("harmful", self.call(pipeline(node)))
        self.environ(PODPAC_RESTRICT_PIPELINES=json.dumps([podpac.Node.from_definition({"a": node}).hash]))
        self.assertIn("harmless", self.call(pipeline(node)))

    def test_restricted_whatever_hash_a_definition_claims(self):
        allowed = podpac.Node.from_definition({"a": ARRAY}).hash
        node = {"node": "nodes.Named", "attrs": {"source": [[1]], "cache_uid": allowed}}
        self.assertEqual(podpac.Node.from_definition({"a": node}).hash, allowed)
        self.environ(PODPAC_RESTRICT_PIPELINES=json.dumps([allowed]))
        self.refused(failures.Forbidden, pipeline(node), "restricted")
        self.assertEqual(podpac.nodes.evaluated, [])

    def test_restricted_requests_read_no_address(self):
        self.environ(PODPAC_RESTRICT_PIPELINES='["0"]')
        with mock.patch("evaluator.query._fetch", side_effect=AssertionError):
            for layer in ("https://host/a.json", "s3://bucket/a.json"):
                answer = self.call({"queryStringParameters": {**MAP, "LAYERS": layer}})
                self.assertEqual((answer["statusCode"], json.loads(answer["body"])["error"]), (403, "forbidden"))

    def test_restricted_nodes_read_nothing_when_they_are_built(self):
        self.environ(PODPAC_RESTRICT_PIPELINES='["0"]')
        for part, more in (
            ("lookup_attrs", {"lookup_attrs": {"units": "a.password"}}),
            ("an address of data", {"attrs": {"source": "/etc/passwd"}}),
            ("an address of data", {"attrs": {"catalog": ["https://host/a"]}}),
        ):
            with self.subTest(part), mock.patch.object(podpac.Node, "from_definition", side_effect=AssertionError):
                self.refused(failures.Forbidden, pipeline({**ARRAY, **more}), f"a has {part}, and the function is restricted")

    def test_chunk_size_that_gives_no_values(self):
        for size in (0, -1, True, "x", 1.5, float("inf"), float("nan"), [1]):
            self.refused(failures.BadRequest, pipeline(settings={"CHUNK_SIZE": size}), "settings.CHUNK_SIZE is not")
        for size in (None, "auto", 1, 1e5):
            self.call(pipeline(settings={"CHUNK_SIZE": size}))

    def test_deeply_nested_events(self):
        deep = []
        for _ in range(300_000):
            deep = [deep]
        node = {**ARRAY, "attrs": {"source": deep}}
        self.refused(failures.BadRequest, pipeline(node), "pipeline: is nested too deeply")
        self.refused(failures.BadRequest, {**pipeline(), "coordinates": {"coords": deep}}, "coordinates: ")
        for params in ('{"a":' * 300_000, "[" * 300_000):
            answer = self.call({"queryStringParameters": {**MAP, "PARAMS": params}})
            self.assertEqual((answer["statusCode"], json.loads(answer["body"])["message"]), (400, "PARAMS is nested too deeply"))

    def test_code(self):
        code = {"node": "nodes.Code"}
        self.refused(failures.Forbidden, pipeline(code), "PODPAC_UNSAFE_EVAL")
        self.environ(PODPAC_UNSAFE_EVAL="h4sh")
        self.refused(failures.Forbidden, pipeline(code), "PODPAC_UNSAFE_EVAL")
        self.call(pipeline(code, settings={"UNSAFE_EVAL_HASH": "h4sh"}))
        self.refused(failures.Forbidden, pipeline(code), "PODPAC_UNSAFE_EVAL")  # the setting was for one request
        self.environ(PODPAC_UNSAFE_EVAL="h4sh", SETTINGS='{"UNSAFE_EVAL_HASH": "h4sh"}')
        self.call(pipeline(code))

    def test_settings_of_events(self):
        self.environ(SETTINGS='{"DEFAULT_CRS": "EPSG:3857", "N_THREADS": 2}', S3_BUCKET_NAME="bucket")
        event = pipeline({"node": "nodes.Settings"})
        event["settings"] = {"DEFAULT_CRS": "EPSG:32633", "ROOT_PATH": "/etc", "AWS_SECRET_ACCESS_KEY": SECRET, "S3_BUCKET_NAME": "evil"}
        seen = self.call(event)
        for part in ("('DEFAULT_CRS', 'EPSG:32633')", "('N_THREADS', 2)", "('S3_BUCKET_NAME', 'bucket')"):
            self.assertIn(part, seen)
        for part in ("/etc", SECRET, "evil"):
            self.assertNotIn(part, seen)
        self.assertEqual(podpac.core.settings.settings["DEFAULT_CRS"], "EPSG:4326")

    def test_answer_and_log_hold_no_secret(self):
        remote = {"node": "nodes.Remote", "attrs": {"aws_secret_access_key": SECRET, "url": "https://host"}}
        message = self.refused(failures.EvaluationFailed, pipeline(remote), "the pipeline failed; see the function's log")
        answer = self.call({"queryStringParameters": {**MAP, "PARAMS": json.dumps({"a": remote})}})
        self.assertEqual(answer["statusCode"], 500)
        for text in (message, answer["body"], self.log.getvalue()):
            self.assertNotIn(SECRET, text)
        for text in (message, answer["body"]):
            self.assertNotIn("/var/task", text)
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        self.assertEqual([line["status"] for line in lines], [500, 500])
        self.assertIn("https://host refused ***", lines[0]["cause"])

    def test_credentials_in_addresses_are_not_logged(self):
        url = "https://me:hunter2@host/a?X-Amz-Signature=abc123&b=1&access_token=xyz789"
        remote = {"node": "nodes.Remote", "attrs": {"aws_secret_access_key": SECRET, "url": url}}
        self.refused(failures.EvaluationFailed, pipeline(remote))
        self.assertIn("https://***@host/a?X-Amz-Signature=***&b=1&access_token=*** refused ***", self.log.getvalue())

    def test_broken_environment_stops_the_function(self):
        for variables, part in (
            ({"PODPAC_RESTRICT_PIPELINES": "abc"}, "PODPAC_RESTRICT_PIPELINES is not a JSON list"),
            ({"PODPAC_RESTRICT_PIPELINES": '{"a": 1}'}, "PODPAC_RESTRICT_PIPELINES is not a JSON list"),
            ({"SETTINGS": "[]"}, "SETTINGS is not a JSON object"),
            ({"FUNCTION_S3_INPUT": "in", "FUNCTION_S3_OUTPUT": "in/out"}, "overlap"),
            ({"SETTINGS": '{"FUNCTION_S3_OUTPUT": "input"}'}, "overlap"),
        ):
            with self.subTest(part), self.assertRaises(failures.Misconfigured) as caught:
                rules.Rules(variables)
            self.assertIn(part, str(caught.exception))

    def test_empty_unsafe_eval_is_none(self):
        with mock.patch.dict(os.environ, PODPAC_UNSAFE_EVAL=""):
            importlib.reload(evaluator)
            self.assertNotIn("PODPAC_UNSAFE_EVAL", os.environ)


class Secret:
    """A fake of Secrets Manager with one secret."""

    def __init__(self, content):
        self.content, self.reads = content, 0

    def get_secret_value(self, SecretId):
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return {"SecretString": self.content if isinstance(self.content, str) else json.dumps(self.content)}


class Credentials(Case):
    NAME = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:data-AbCdEf"
    HOST, USER, PASSWORD = "urs.example.com", "jane.doe", "pass'w/ör d"

    def setUp(self):
        super().setUp()
        self.secret = Secret({f"username@{self.HOST}": self.USER, f"password@{self.HOST}": self.PASSWORD})
        for change in (mock.patch.dict(clients._clients, {self.NAME: self.secret}), mock.patch.dict(credentials._kept), mock.patch.object(failures, "_concealed", set())):
            change.start()
            self.addCleanup(change.stop)
        self.environ(DATA_CREDENTIALS_SECRET=self.NAME)

    def data(self, password=PASSWORD, **more):
        return pipeline({"node": "nodes.Protected", "attrs": {"host": self.HOST, "password": password}, **more})

    def test_reach_podpac_for_one_evaluation(self):
        self.assertEqual(json.loads(self.call(self.data()))["data"], [1])
        self.assertNotIn(f"password@{self.HOST}", podpac_settings)
        self.assertNotIn(self.PASSWORD, self.log.getvalue() + str(os.environ))

    def test_read_at_first_use_and_kept(self):
        self.assertEqual(self.secret.reads, 0)
        for _ in range(3):
            self.call(self.data())
        self.assertEqual(self.secret.reads, 1)

    def test_changed_credentials_take_effect(self):
        self.call(self.data())
        self.secret.content = {f"username@{self.HOST}": self.USER, f"password@{self.HOST}": "rotated"}
        later = time.monotonic() + credentials.LIFETIME
        with mock.patch.object(credentials.time, "monotonic", lambda: later):
            self.call(self.data(password="rotated"))
        self.assertEqual(self.secret.reads, 2)

    def test_errors_hold_none(self):
        message = self.refused(failures.EvaluationFailed, self.data(password="another"))
        log = self.log.getvalue()
        self.assertIn("401 for *** ", log)
        header = base64.b64encode(f"{self.USER}:{self.PASSWORD}".encode()).decode()
        for text in (self.USER, self.PASSWORD, json.dumps(self.PASSWORD)[1:-1], quote(self.PASSWORD), header):
            self.assertNotIn(text, log + message)

    def test_events_set_none(self):
        event = {**self.data(password="another"), "settings": {f"password@{self.HOST}": "another"}}
        self.refused(failures.EvaluationFailed, event)

    def test_events_take_none_elsewhere(self):
        self.refused(failures.Forbidden, self.data(lookup_attrs={"host": "b.password"}), "lookup_attrs")
        for part in ({"attrs": {"untagged": "x"}}, {"inputs": {"untagged": "b"}}):
            self.refused(failures.Forbidden, pipeline({"node": "nodes.Untagged", **part}), "untagged")
        self.refused(failures.BadRequest, pipeline({"node": "nodes.Untagged", "attrs": 5}))

    def test_unreadable(self):
        for content, part in (
            (OSError("AccessDeniedException"), "cannot read it"),
            ("", "the content is invalid"),
            ("hunter22", "the content is invalid"),
            (["hunter22"], "the content is invalid"),
            ({"password@a": 1}, "the content is invalid"),
            ({"password@a": ""}, "the content is invalid"),
            ({"UNSAFE_EVAL_HASH": "hunter22"}, "a key is invalid"),
            ({"hunter22": "x"}, "a key is invalid"),
        ):
            with self.subTest(content=content):
                self.secret.content = content
                self.refused(failures.Misconfigured, self.data(), "data_credentials_secret", part)
                self.assertNotIn("hunter22", self.log.getvalue())

    def test_none_without_the_setting(self):
        self.environ()
        self.refused(failures.EvaluationFailed, self.data())
        self.assertEqual(self.secret.reads, 0)


class Parts(Case):
    """Requests for a part of a Zarr. test_podpac.py writes some."""

    ROOT = "s3://bucket/output/"

    def event(self, **options):
        options = {"source": self.ROOT + "a.zarr", "part": [[0, 3, 1], [0, 2, None]], "mode": "a", **options}
        return {**pipeline(), "output": {"format": "zarr_part", "format_kwargs": options}}

    def test_another_place_is_forbidden(self):
        self.environ(S3_BUCKET_NAME="bucket")
        for source in (
            "s3://other/output/a.zarr",
            "s3://bucket2/output/a.zarr",
            "s3://bucket",
            "s3://bucket/input/a.zarr",
            "s3://bucket/outputs/a.zarr",
            "s3://bucket//output/a.zarr",
            "S3://bucket/output/a.zarr",
            "/tmp/a.zarr",
            "file:///tmp/a.zarr",
            "https://bucket.s3.amazonaws.com/output/a.zarr",
            "memory://output/a.zarr",
            *(self.ROOT + name for name in ("", "/", "s3", "../input/a.zarr", "a/../../input/a.zarr", "a/./b", "a//b", "a\n", "a/..")),
        ):
            with self.subTest(source):
                self.refused(failures.Forbidden, self.event(source=source), "want s3://bucket/output/‹name›.zarr")
        self.assertEqual(podpac.nodes.evaluated, [])

    def test_function_without_a_bucket(self):
        self.refused(failures.Misconfigured, self.event(), "the function has no bucket")

    def test_bad_options(self):
        self.environ(S3_BUCKET_NAME="bucket")
        for options, part in (
            ({"source": None}, "source: is missing or not a text"),
            ({"source": ["a"]}, "source: is missing or not a text"),
            ({"mode": "w"}, "mode: w is not for a part"),
            ({"mode": None}, "mode: None is not for a part"),
            ({"data_key": 1}, "data_key: is not a text"),
            ({"path": "x"}, "output.format_kwargs path: not for zarr_part"),
            *(({"part": part}, "part: want a list of") for part in (None, "a", [[0, 1]], [0], [[0, 4, 2]], [[-1, 4, 1]], [[1, 1, 1]], [[0, True, 1]], [[0.0, 1, 1]])),
        ):
            with self.subTest(options):
                self.refused(failures.BadRequest, self.event(**options), part)
        self.assertEqual(podpac.nodes.evaluated, [])

    def test_not_over_http(self):
        answer = self.call({"queryStringParameters": {**MAP, "FORMAT": "zarr_part"}})
        self.assertEqual(answer["statusCode"], 400)
        self.assertNotIn("zarr_part, ", answer["body"].split("want")[1])


class Query(Case):
    def ask(self, **changes):
        query = {k: v for k, v in {**MAP, **changes}.items() if v is not None}
        answer = self.call({"version": "1.0", "queryStringParameters": query})
        self.assertEqual(set(answer), {"statusCode", "headers", "isBase64Encoded", "body"})
        return answer

    def bad(self, *parts, status=400, **changes):
        answer = self.ask(**changes)
        self.assertEqual((answer["statusCode"], answer["headers"]), (status, {"Content-Type": "application/json"}))
        body = json.loads(answer["body"])
        self.assertEqual(body["request_id"], "request-1")
        for part in parts:
            self.assertIn(part, body["message"])

    def test_map(self):
        answer = self.ask()
        self.assertEqual((answer["statusCode"], answer["headers"]["Content-Type"]), (200, "image/png"))
        self.assertTrue(base64.b64decode(answer["body"]).startswith(b"\x89PNG"))

    def test_coverage(self):
        coverage = {"SERVICE": "WCS", "REQUEST": "GetCoverage", "COVERAGE": "%PARAMS%", "LAYERS": None, "VERSION": None}
        for format, content_type in (("image/tiff", "image/tiff"), ("application/x-netcdf", "application/x-netcdf"), ("GeoTIFF", "image/tiff")):
            self.assertEqual(self.ask(**coverage, FORMAT=format)["headers"]["Content-Type"], content_type)

    def test_names_have_no_case(self):
        lower = {k.lower(): v for k, v in MAP.items()}
        self.assertEqual(self.call({"queryStringParameters": lower})["statusCode"], 200)

    def test_node_by_name(self):
        answer = self.ask(LAYERS="nodes.Array", PARAMS='{"source": [[7]], "time": "2020-01-01"}', FORMAT="application/json")
        self.assertEqual(json.loads(answer["body"]), {"data": [[7]]})
        answer = self.ask(LAYERS="nodes.Settings", PARAMS=None, FORMAT="json")
        self.assertEqual(answer["statusCode"], 200)

    def test_definition_elsewhere(self):
        s3 = mock.Mock()
        s3.get_object.return_value = {"Body": io.BytesIO(json.dumps({"a": ARRAY}).encode())}
        with mock.patch.dict(clients._clients, s3=s3):
            self.assertEqual(self.ask(LAYERS="s3://bucket/a/b.json", PARAMS=None)["statusCode"], 200)
            s3.get_object.assert_called_with(Bucket="bucket", Key="a/b.json")
            s3.get_object.side_effect = OSError(SECRET)
            self.bad("cannot be fetched", LAYERS="s3://bucket/a/b.json")
        self.bad("cannot be fetched", LAYERS="https://127.0.0.1:1/a.json")
        self.bad("does not exist", LAYERS="http://127.0.0.1:1/a.json")

    def test_bad_queries(self):
        self.bad("SERVICE is missing; want WCS or WMS", SERVICE=None)
        self.bad("SERVICE WFS; want", SERVICE="WFS")
        self.bad("REQUEST GetStyles is not supported; want one of: GetMap, GetCapabilities, GetFeatureInfo", REQUEST="GetStyles")
        self.bad("CRS is missing", "BBOX is missing", CRS=None, BBOX="")
        self.bad("VERSION is missing", VERSION=None)
        self.bad("WIDTH is not a whole number", "BBOX is not four numbers", WIDTH="-1", BBOX="1,2,3")
        self.bad("BBOX", BBOX="1,1,0,0")
        self.bad("pixels; want at most", WIDTH="99999", HEIGHT="99999")
        self.bad("PARAMS is not a JSON object", PARAMS="[]")
        self.bad("format pickle: unknown", FORMAT="pickle")
        self.bad("PODPAC_UNSAFE_EVAL", LAYERS="nodes.Code", PARAMS=None, status=403)
        self.assertEqual(self.call({"queryStringParameters": None, "requestContext": {}})["statusCode"], 400)
        for query in ("x", ["SERVICE"], {"SERVICE": 1}, {"SERVICE": None}):
            self.assertEqual(self.call({"queryStringParameters": query})["statusCode"], 400)


class Objects(Case):
    def notify(self, bucket, *keys):
        records = [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}} for key in keys]
        with mock.patch.dict(clients._clients, s3=bucket):
            return self.call({"Records": records})

    def test_output(self):
        bucket = Bucket(**{"input/sub/input/a b.json": json.dumps(pipeline()).encode(), "input/c": json.dumps(pipeline(format="nc")).encode()})
        self.notify(bucket, "input/sub/input/a+b.json", "input/c")
        self.assertEqual(json.loads(bucket.objects["output/sub/input/a b.json"][0])["data"][0], [0, 1])
        self.assertEqual(bucket.objects["output/c.nc"][0], b"CDF")

    @unittest.skipUnless("SAMPLE_S3_EVENT" in os.environ, "SAMPLE_S3_EVENT is not set: go test ./examples/podpac sets it")
    def test_event_that_aws_publishes(self):
        with open(os.environ["SAMPLE_S3_EVENT"], encoding="utf-8") as file:
            event = json.load(file)
        event["Records"][0]["s3"]["object"]["key"] = "input/Happy%20Face.json"
        bucket = Bucket(**{"input/Happy Face.json": json.dumps(pipeline()).encode()})
        with mock.patch.dict(clients._clients, s3=bucket):
            self.call(event)
        self.assertEqual(json.loads(bucket.objects["output/Happy Face.json"][0])["data"][0], [0, 1])

    def test_constants_of_python(self):
        # Definitions of data sources hold NaN, which Lambda refuses in a direct invoke.
        node = {"node": "nodes.Array", "attrs": {"source": [float("nan"), float("inf"), -float("inf"), 1]}}
        event = json.dumps(pipeline(node))
        self.assertIn("[NaN, Infinity, -Infinity, 1]", event)
        bucket = Bucket(**{"input/a.json": event.encode(), "input/b.json": json.dumps(pipeline(node, "png")).encode()})
        self.notify(bucket, "input/a.json", "input/b.json")
        self.assertEqual(json.loads(bucket.objects["output/a.json"][0], parse_constant=self.fail)["data"], [None, None, None, 1])
        self.assertEqual(bucket.objects["output/b.png"][0], b"\x89PNG[[NaN, Infinity, -Infinity, 1], {}]")

    def test_large_events(self):
        event = json.dumps(pipeline({"node": "nodes.Array", "attrs": {"source": ["x" * 7_000_000]}}, "png")).encode()
        bucket = Bucket(**{"input/a.json": event, "input/b.json": b" " * (objects.MAX_OBJECT + 1)})
        with self.assertRaises(failures.TooLarge) as caught:
            self.notify(bucket, "input/a.json", "input/b.json")
        self.assertIn("1 of 2 objects failed: the object has 33554433 bytes; want at most 33554432", str(caught.exception))
        self.assertGreater(len(bucket.objects["output/a.png"][0]), 7_000_000)

    def test_kept_until_the_input_changes(self):
        bucket = Bucket(**{"input/a.json": json.dumps(pipeline()).encode()})
        self.notify(bucket, "input/a.json")
        self.notify(bucket, "input/a.json")
        self.assertEqual(bucket.puts, 1)
        bucket.objects["input/a.json"] = (json.dumps(pipeline(settings={"FUNCTION_FORCE_COMPUTE": True})).encode(), {})
        self.notify(bucket, "input/a.json")
        self.notify(bucket, "input/a.json")
        self.assertEqual(bucket.puts, 3)

    def test_other_buckets_and_relative_keys(self):
        self.environ(S3_BUCKET_NAME="bucket")
        bucket = Bucket(**{"input/a.json": json.dumps(pipeline()).encode()})
        with self.assertRaises(failures.Forbidden):
            self.notify(bucket, "input/a.json")
        self.environ(S3_BUCKET_NAME="b")
        for key in ("input/../a.json", "input/./a.json", "input/%2E%2E/a.json", "input/a/.."):
            with self.assertRaises(failures.BadRequest):
                self.notify(bucket, key)
        self.assertEqual(bucket.puts, 0)
        self.notify(bucket, "input/a.json")
        self.assertEqual(bucket.puts, 1)

    def test_prefixes(self):
        self.environ(FUNCTION_S3_INPUT="in", SETTINGS='{"FUNCTION_S3_OUTPUT": "out/of/"}')
        bucket = Bucket(**{"in/a.json": json.dumps(pipeline()).encode()})
        self.notify(bucket, "in/a.json")
        self.assertIn("out/of/a.json", bucket.objects)

    def test_one_failure_fails_the_event_and_stops_no_other(self):
        remote = {"node": "nodes.Remote", "attrs": {"aws_secret_access_key": SECRET, "url": "u"}}
        bucket = Bucket(**{"input/bad": b"[", "input/remote": json.dumps(pipeline(remote)).encode(), "input/a.json": json.dumps(pipeline()).encode()})
        with self.assertRaises(failures.EvaluationFailed) as caught:
            self.notify(bucket, "input/bad", "elsewhere/x", "input/remote", "input/a.json")
        self.assertIn("3 of 4 objects failed", str(caught.exception))
        self.assertIn("output/a.json", bucket.objects)
        self.assertNotIn(SECRET, self.log.getvalue())

    def test_test_event(self):
        self.assertIsNone(self.call({"Service": "Amazon S3", "Event": "s3:TestEvent"}))


if __name__ == "__main__":
    unittest.main()
