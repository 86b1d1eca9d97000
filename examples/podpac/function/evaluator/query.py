"""Requests by WCS and WMS."""

import urllib.parse
import urllib.request

import podpac

from .clients import s3
from .failures import BadRequest, TooLarge
from .request import MAX_PIPELINE, Request, read_json, without

# The maximum number of pixels of a map.
MAX_PIXELS = 4096 * 4096

DIMENSIONS = ("lat", "lon", "alt", "time")


def query_request(event):
    """Read a WCS or WMS query, whose names are case-insensitive."""
    query = {k.upper(): v for k, v in (event.get("queryStringParameters") or {}).items()}
    service, problems = query.get("SERVICE", "").upper(), []
    layer_key, method = {"WCS": ("COVERAGE", "GETCOVERAGE"), "WMS": ("LAYERS", "GETMAP")}.get(service, ("", ""))
    if not layer_key:
        raise BadRequest(f"SERVICE {query.get('SERVICE', 'is missing')}; want WCS or WMS")
    query["SERVICE"] = service
    if query.get("REQUEST", method).upper() != method:
        problems.append(f"REQUEST {query['REQUEST']} is not supported; want {'GetCoverage' if service == 'WCS' else 'GetMap'}")
    if "CRS" not in query and "SRS" not in query:
        problems.append("CRS is missing")
    for key in (layer_key, "BBOX", "WIDTH", "HEIGHT", *(["VERSION"] if service == "WMS" else [])):
        if not query.get(key):
            problems.append(f"{key} is missing")
    if not problems:
        problems = _box_problems(query)
    if problems:
        raise BadRequest("; ".join(problems))
    definition = _layer(query[layer_key], query.get("PARAMS"))
    output = {"format": query.get("FORMAT", "").split(";")[0].split("/")[-1]}
    return Request(definition, lambda: podpac.Coordinates.from_url(query), output=output, over_http=True)


def _box_problems(query):
    problems, sides = [], []
    for key in ("WIDTH", "HEIGHT"):
        if query[key].isascii() and query[key].isdigit() and int(query[key]) > 0:
            sides.append(int(query[key]))
        else:
            problems.append(f"{key} is not a whole number of pixels from 1")
    if len(sides) == 2 and sides[0] * sides[1] > MAX_PIXELS:
        problems.append(f"WIDTH and HEIGHT make {sides[0] * sides[1]} pixels; want at most {MAX_PIXELS}")
    try:
        west, south, east, north = (float(edge) for edge in query["BBOX"].split(","))
        if not (west < east and south < north):
            raise ValueError
    except ValueError:
        problems.append("BBOX is not four numbers, the lower corner first")
    return problems


def _layer(layer, params):
    """Return the definition that a query names: its PARAMS (%PARAMS%), a document at
    a URL (https:// or s3://), or a node of podpac with PARAMS as its attributes."""
    if layer.startswith(("https://", "s3://")):
        return read_json(_fetch(layer), "the layer's definition")
    values = read_json(params or "{}", "PARAMS")
    if layer == "%PARAMS%":
        return values
    node = dict(values) if {"node", "plugin", "style", "attrs"} & set(values) else {"attrs": without(values, DIMENSIONS)}
    node["node"] = layer
    return {layer.replace(".", "-"): node}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Reject redirects, which could lead to an address without https."""

    def redirect_request(self, *args, **kwargs):
        return None


def _fetch(url):
    """Fetch a definition with the permissions of the function's role."""
    try:
        if url.startswith("s3://"):
            location = urllib.parse.urlsplit(url)
            body = s3().get_object(Bucket=location.netloc, Key=location.path.lstrip("/"))["Body"]
            content = body.read(MAX_PIPELINE + 1)
        else:
            with urllib.request.build_opener(_NoRedirect).open(url, timeout=10) as reply:
                content = reply.read(MAX_PIPELINE + 1)
    except Exception as err:
        raise BadRequest("the layer's definition cannot be fetched") from err
    if len(content) > MAX_PIPELINE:
        raise TooLarge(f"the layer's definition has more than {MAX_PIPELINE} bytes")
    return content
