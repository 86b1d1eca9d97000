"""The map: a page that shows the published layers. Its files are in the folder map beside
the handler, and Leaflet's in the package django-js-lib-leaflet."""

import functools
import gzip
import hashlib
import importlib.util
import json
from pathlib import Path

from . import layers
from .document import Document
from .failures import Failure, Misconfigured

FOLDER = Path(__file__).parent.parent / "map"

# The package with Leaflet's files, and the version in their URLs.
LEAFLET = "js_lib_leaflet"
LEAFLET_VERSION = "1.9.4"
LEAFLET_FILES = ("leaflet.css", "leaflet.js")

TYPES = {".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

# Nothing comes from another host, and no code is in the page.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

# The number of colors of a legend.
COLORS = 64


class NotFound(Failure):
    status, code = 404, "not_found"


class MethodNotAllowed(Failure):
    status, code = 405, "method_not_allowed"


def answer_file(path, event):
    """Answer a request for a path below the endpoint's: the page is map, and its files
    are below."""
    method = event.get("httpMethod", "GET")
    if method not in ("GET", "HEAD"):
        raise MethodNotAllowed(f"{method} {path}: want GET or HEAD")
    if path == "map/":
        return Document("text/plain", b"", {"Location": "../map"}, status=308)  # its links are relative to map
    root, _, name = path.partition("/")
    if root != "map":
        raise NotFound(f"{path}: unknown; want map, or the endpoint without a path")
    headers = {**HEADERS}
    if name == "layers.json":
        return _conditional(Document("application/json", json.dumps(describe(), allow_nan=False).encode(), headers), event)
    if not name:
        page = FOLDER.joinpath("index.html").read_bytes().replace(b"map/files/", f"map/{_version()}/".encode())
        return _conditional(Document(TYPES[".html"], page, headers), event)
    folder, _, file = name.partition("/")
    if folder == f"leaflet-{LEAFLET_VERSION}":
        found = _leaflet(file)
    else:
        found = {entry.name: entry for entry in FOLDER.iterdir()}.get(file)
    if not found or found.suffix not in TYPES:
        raise NotFound(f"{path}: no such file")
    if folder in (f"leaflet-{LEAFLET_VERSION}", _version()):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return _conditional(Document(TYPES[found.suffix], found.read_bytes(), headers), event)


@functools.cache
def _version():
    """Return the folder in the URLs of the files. It changes with them, so that a browser
    keeps them: each request for a file could start a function."""
    content = b"".join(entry.name.encode() + entry.read_bytes() for entry in sorted(FOLDER.iterdir()))
    return hashlib.sha256(content).hexdigest()[:16]


def _leaflet(name):
    if name not in LEAFLET_FILES:
        return None
    package = importlib.util.find_spec(LEAFLET)
    if not package or not package.submodule_search_locations:
        raise Misconfigured("the map needs the package django-js-lib-leaflet, which requirements.txt names: pack again")
    return Path(package.submodule_search_locations[0], "static", LEAFLET, name)


def _conditional(document, event):
    """Add a tag of the content, compress the content, or return 304 if the browser has it."""
    accepted = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
    tag = 'W/"' + hashlib.sha256(document.body).hexdigest()[:16] + '"'
    document.headers.update({"ETag": tag, "Vary": "Accept-Encoding"})
    if tag in accepted.get("if-none-match", "").replace(" ", "").split(","):
        return Document(document.content_type, b"", document.headers, status=304)
    encodings = accepted.get("accept-encoding", "").replace(" ", "").split(",")
    if "gzip" in encodings and len(document.body) > 1000:
        document.body = gzip.compress(document.body, mtime=0)
        document.headers["Content-Encoding"] = "gzip"
        document.is_text = False
    return document


def describe():
    """Return what the page needs of the published layers."""
    return [
        {
            "name": offer.name,
            "title": offer.title,
            "units": offer.style.units or "",
            "bounds": offer.extent.bounds,
            "times": offer.extent.times,
            **_legend(offer.style),
        }
        for offer in layers.offers()
    ]


def _legend(style):
    """Return the colors of a style: those of its classes, or samples of its scale."""
    if style.enumeration_colors:
        names = style.enumeration_legend or {}
        return {"classes": [{"value": value, "name": names.get(value, str(value)), "color": _hex(color)} for value, color in sorted(style.enumeration_colors.items())]}
    return {"colors": [_hex(style.cmap(index / (COLORS - 1))) for index in range(COLORS)]}


def _hex(color):
    if isinstance(color, str) and color.startswith("#"):
        return color
    from matplotlib.colors import to_hex

    return to_hex(color)
