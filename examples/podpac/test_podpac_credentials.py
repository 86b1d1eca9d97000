"""Test credentials for data with podpac's own sessions, against a server that requires them.

The tests are skipped with the fake of podpac."""

import base64
import contextlib
import http.server
import io
import json
import sys
import threading
import types
import unittest
from unittest import mock

import podpac

import handler
from evaluator import clients, credentials, failures, rules

try:
    import traitlets
    from podpac.core.authentication import RequestsSessionMixin
except ImportError:
    raise unittest.SkipTest("podpac is not installed")

COORDINATES = {"coords": [{"name": "lat", "values": [0, 1]}], "crs": "EPSG:4326"}
USER, PASSWORD = "jane.doe", "correct horse"
NAME = "data/earthdata"


class Protected(RequestsSessionMixin, podpac.Node):
    """A node in a plugin, whose data is behind a password, as EarthData's are."""

    source = traitlets.Unicode().tag(attr=True)

    @traitlets.default("hostname")
    def _hostname(self):
        return self.source.split("/")[2]

    def _eval(self, coordinates, output=None, selector=None):
        response = self.session.get(self.source)
        if response.status_code != 200:
            raise OSError(f"{response.status_code} for {self.username}:{self.password}")
        output = self.create_output_array(coordinates)
        output.data[:] = response.json()
        return output


class Server(http.server.ThreadingHTTPServer):
    """A server of data that requires the credentials, and keeps what clients send."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.received = []
        self.host = f"127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.received.append(self.headers["Authorization"])
        allowed = self.headers["Authorization"] == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(b"[1, 2]")

    def log_message(self, *_):
        """Write nothing."""


class Credentials(unittest.TestCase):
    def setUp(self):
        self.server = self.serve()
        self.log, plugin = io.StringIO(), types.ModuleType("plugin")
        plugin.Protected = Protected
        changed = rules.Rules({"DATA_CREDENTIALS_SECRET": NAME, "PODPAC_PLUGINS": '["plugin"]'})
        for change in (
            mock.patch.dict(sys.modules, plugin=plugin),
            mock.patch.object(rules, "RULES", changed),
            mock.patch.dict(credentials._kept),
            mock.patch.object(failures, "_concealed", set()),
        ):
            change.start()
            self.addCleanup(change.stop)

    def serve(self):
        server = Server()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def evaluate(self, password=PASSWORD, **more):
        host = self.server.host
        secret = mock.Mock()
        secret.get_secret_value.return_value = {"SecretString": json.dumps({f"username@{host}": USER, f"password@{host}": password})}
        definition = {"a": {"plugin": "plugin", "node": "Protected", "attrs": {"source": f"http://{host}/data"}}, **more}
        with mock.patch.dict(clients._clients, {NAME: secret}), contextlib.redirect_stdout(self.log):
            return handler.handler({"pipeline": definition, "coordinates": COORDINATES, "output": {"format": "json"}}, None)

    def test_session_has_them(self):
        self.assertEqual(json.loads(self.evaluate())["data"], [1, 2])
        self.assertIn("Basic", str(self.server.received))
        self.assertIsNone(podpac.settings[f"password@{self.server.host}"])

    def test_errors_hold_none(self):
        with self.assertRaises(failures.EvaluationFailed) as caught:
            self.evaluate(password="wrong-password")
        self.assertIn("401 for ***", self.log.getvalue())
        for text in (USER, "wrong-password"):
            self.assertNotIn(text, self.log.getvalue() + str(caught.exception))

    def test_another_host_gets_none(self):
        other = self.serve()
        source = {"plugin": "plugin", "node": "Protected", "attrs": {"source": f"http://{other.host}/data", "hostname": self.server.host}}
        with self.assertRaises(failures.Forbidden):
            self.evaluate(b=source)
        self.assertEqual(other.received, [])

    def test_results_hold_none(self):
        leak = {"node": "data.Array", "attrs": {"source": [0, 1], "coordinates": COORDINATES}, "lookup_attrs": {"units": "a.password"}}
        with self.assertRaises(failures.Forbidden):
            self.evaluate(b=leak)

    def test_client_of_aws_sends_none(self):
        with self.assertRaises(failures.Forbidden):
            self.evaluate(b={"node": "core.managers.aws.Lambda", "inputs": {"source": "a"}})
