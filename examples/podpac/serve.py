"""Serve the handler's API on this machine without AWS, to look at published layers:

  PYTHONPATH=.build/podpac-client/packages:examples/podpac/function python3 examples/podpac/serve.py

make .build/podpac-client/installed installs the packages. The page is at /eval/map.
"""

import argparse
import base64
import contextlib
import http.server
import urllib.parse
from pathlib import Path

import handler
from evaluator import layers

ENDPOINT = "/eval"


class API(http.server.BaseHTTPRequestHandler):
    """Pass requests to the handler as API Gateway does."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path != ENDPOINT and not url.path.startswith(ENDPOINT + "/"):
            return self.send_error(404)
        event = {
            "httpMethod": "GET",
            "path": url.path,
            "headers": dict(self.headers),
            "queryStringParameters": dict(urllib.parse.parse_qsl(url.query)) or None,
            "pathParameters": {"proxy": urllib.parse.unquote(url.path[len(ENDPOINT) + 1 :])},
        }
        answer = handler.handler(event, None)
        body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in {**answer["headers"], "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass  # the handler logs each request


class Server(http.server.HTTPServer):
    """A server on a free port of this machine, or on a given one. It answers one request
    at a time, as a function does."""

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), API)
        self.url = f"http://127.0.0.1:{self.server_port}{ENDPOINT}"


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Serve the handler's API on this machine.")
    arguments.add_argument("--port", type=int, default=0, help="default: a free one")
    arguments.add_argument("--layers", type=Path, default=layers.FOLDER, help="the folder with the published layers (default: %(default)s)")
    chosen = arguments.parse_args()
    layers.LAYERS = layers.read(chosen.layers)
    server = Server(chosen.port)
    layers.offers()  # logs which ones are not published, and why
    print(f"{server.url}/map", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
