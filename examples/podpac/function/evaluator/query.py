"""Requests by WCS and WMS."""

import json
import math
import os
import re
import urllib.parse
import urllib.request

import podpac

from . import capabilities, layers, rules
from .clients import s3
from .document import Document
from .evaluate import evaluate
from .failures import BadRequest, Forbidden, TooLarge
from .formats import Format
from .request import MAX_PIPELINE, Request, read_json, without

# The maximum number of pixels of a map.
MAX_PIXELS = 4096 * 4096

# The maximum number of values in a JSON answer, which Lambda limits to 6 MB. One has five
# characters or more.
MAX_NUMBERS = 6_291_556 // 5

_NUMBER = re.compile("[0-9]{1,9}")

DIMENSIONS = ("lat", "lon", "alt", "time")

# How long a browser or a cache keeps a map of a layer, in seconds.
MAX_AGE = 300

# The header with the smallest and the largest value that a map has colors for.
RANGE = "Podpac-Range"


def parameters(event):
    """Return the parameters of a query, whose names are case-insensitive."""
    found = event.get("queryStringParameters")
    return {k.upper(): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def answer_query(event, record):
    """Answer a WCS or WMS query."""
    query = parameters(event)
    operations = {"WCS": WCS, "WMS": WMS}.get(query.get("SERVICE", "").upper())
    if not operations:
        raise BadRequest(f"SERVICE {query.get('SERVICE') or 'is missing'}; want WCS or WMS")
    query["SERVICE"] = query["SERVICE"].upper()
    name = query.get("REQUEST") or next(iter(operations))
    for valid, answer in operations.items():
        if valid.upper() == name.upper():
            return answer(query, event, record)
    raise BadRequest(f"REQUEST {name} is not supported; want one of: {', '.join(operations)}")


def answer_failure(failure, event, record):
    """Return the answer to a failed request: JSON, or XML if the query asks for it."""
    query = parameters(event)
    if "xml" in query.get("EXCEPTIONS", "").lower():
        old = query.get("VERSION", "").startswith("1.1")
        version = "1.1.1" if old else "1.2.0" if query.get("SERVICE", "").upper() == "WCS" else "1.3.0"
        content_type = "text/xml" if version == "1.3.0" else "application/vnd.ogc.se_xml"
        return Document(content_type, capabilities.exception(version, str(failure)), status=failure.status)
    error = {"error": failure.code, "message": str(failure), "request_id": record["request_id"]}
    return Document("application/json", json.dumps(error).encode(), status=failure.status)


def _map(query, event, record):
    """Answer GetMap and GetCoverage: evaluate a layer on a grid."""
    layer = _check(query, "COVERAGE" if query["SERVICE"] == "WCS" else "LAYERS")
    request = _request(query, layer)
    headers = {}
    if layer in layers.LAYERS:
        request.format = _on_grid(request.format, (int(query["HEIGHT"]), int(query["WIDTH"])), headers)
        headers["Cache-Control"] = f"max-age={MAX_AGE}"
    body = evaluate(request, record)
    return Document(request.format.content_type, body, headers)


def _on_grid(format, size, headers):
    """Return a format that requires a result on the grid of the request, and adds the
    header of the values that an image has colors for."""

    def encode(output, options):
        _require_grid(output, size)
        if format.content_type.startswith("image/"):
            style = output.attrs["layer_style"]
            if style.enumeration_colors and "vmin" in format.options:
                # podpac would take the first and the last color for the classes in the picture.
                options = {**options, "vmin": min(style.enumeration_colors) - 0.5, "vmax": max(style.enumeration_colors) + 0.5}
            low, high = (float(own() if limit is None else limit) for limit, own in zip(style.clim, (output.min, output.max)))
            if math.isfinite(low) and math.isfinite(high):
                headers[RANGE] = f"{low!r},{high!r}"
        return format.encode(output, options)

    return Format(format.name, format.content_type, encode, format.options)


def _require_grid(output, size):
    shape = dict(zip(output.dims, output.shape))
    if (shape.get("lat"), shape.get("lon")) != size:
        raise BadRequest("the layer's pipeline does not interpolate to the map's grid; want one that ends in a node such as interpolators.Interpolate")


def _value(query, event, record):
    """Answer GetFeatureInfo: the value at one pixel of a map. The whole map is evaluated,
    because podpac interpolates to single points otherwise than to a grid."""
    query = {**query, "FORMAT": "json"}
    layer = _check(query, "LAYERS")
    keys = ("X", "Y") if query["VERSION"].startswith("1.1") else ("I", "J")
    sides, problems, pixel = (int(query["WIDTH"]), int(query["HEIGHT"])), [], []
    for key, side in zip(keys, sides):
        if _NUMBER.fullmatch(query.get(key, "")) and int(query[key]) < side:
            pixel.append(int(query[key]))
        else:
            problems.append(f"{key} is not a pixel from 0 to {side - 1}")
    if query.get("QUERY_LAYERS", layer) != layer:
        problems.append(f"QUERY_LAYERS {query['QUERY_LAYERS']} is not LAYERS")
    wanted = query.get("INFO_FORMAT") or "application/json"
    if wanted not in capabilities.INFO_FORMATS:
        problems.append(f"INFO_FORMAT {wanted} is not supported; want one of: {', '.join(capabilities.INFO_FORMATS)}")
    if problems:
        raise BadRequest("; ".join(problems))
    request = _request(query, layer)
    encode = _encode_text if wanted == "text/plain" else _encode_values

    def encode_pixel(output, options):
        _require_grid(output, sides[::-1])
        return encode(_values(output.isel(lon=pixel[0], lat=pixel[1])))

    request.format = Format("values", wanted, encode_pixel)
    return Document(wanted, evaluate(request, record))


def _encode_values(found):
    return json.dumps(found).encode()


def _encode_text(found):
    lines = [f"{value['name']} = {value.get('label', value['value'])} {found['units']}".rstrip() for value in found["values"]]
    return ("\n".join(lines) + "\n").encode()


def _values(output):
    """Return the values of a result at one place and time: several if the node has
    several outputs. A missing value is null."""
    style = output.attrs["layer_style"]
    names = [str(name) for name in output.coords["output"].data] if "output" in output.dims else [style.name or "value"]
    numbers = [float(value) for value in output.data.ravel()]
    if len(numbers) != len(names):
        raise BadRequest(f"the layer has {len(numbers)} values at one pixel; want a TIME, or a layer on the map's grid")
    values = []
    for name, number in zip(names, numbers):
        entry = {"name": name, "value": number if math.isfinite(number) else None}
        label = (style.enumeration_legend or {}).get(number)
        values.append({**entry, "label": label} if label else entry)
    at = {name: output.coords[name].data.ravel()[0] for name in DIMENSIONS if name in output.coords}
    coordinates = {name: layers.iso(value) or float(value) for name, value in at.items()}
    if {"lat", "lon"} <= coordinates.keys():
        place = coordinates["lon"], coordinates["lat"]
        coordinates["lon"], coordinates["lat"] = layers.degrees(output.attrs["crs"], *place, *place)[:2]
    return {"values": values, "units": style.units or str(output.attrs.get("units") or ""), "coordinates": coordinates}


def _wms_capabilities(query, event, record):
    # A client that asks for no version, or for a newer one, gets the newest.
    version = "1.1.1" if query.get("VERSION", query.get("WMTVER", "1.3.0")) < "1.3" else "1.3.0"
    content_type = "text/xml" if version == "1.3.0" else "application/vnd.ogc.wms_xml"
    return Document(content_type, capabilities.wms(version, url_of(event)))


def _wcs_capabilities(query, event, record):
    return Document("text/xml", capabilities.wcs(url_of(event)))


def _describe_coverage(query, event, record):
    names = list(filter(None, query.get("COVERAGE", "").split(","))) or list(layers.LAYERS)
    found = {offer.name: offer for offer in layers.offers()}
    unknown = [name for name in names if name not in found and (query.get("COVERAGE") or name in found)]
    if unknown:
        raise BadRequest(f"COVERAGE {', '.join(unknown)}: unknown; want one of: {', '.join(found) or 'none is published'}")
    return Document("text/xml", capabilities.describe_coverages([found[name] for name in names if name in found]))


WMS = {"GetMap": _map, "GetCapabilities": _wms_capabilities, "GetFeatureInfo": _value}
WCS = {"GetCoverage": _map, "GetCapabilities": _wcs_capabilities, "DescribeCoverage": _describe_coverage}


def url_of(event):
    """Return the URL of the request without its query. PODPAC_URL replaces it, for a
    function behind a proxy. Events of local AWS lack the protocol and the API's stage,
    and have payload format 2.0."""
    if os.environ.get("PODPAC_URL"):
        return os.environ["PODPAC_URL"]
    headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
    host, path = headers.get("host", ""), event.get("path") or event.get("rawPath") or "/"
    stage = (event.get("requestContext") or {}).get("stage", "$default")
    if ".execute-api." in host and stage != "$default" and not path.startswith(f"/{stage}/"):
        path = f"/{stage}{path}"
    protocol = "https" if headers.get("x-forwarded-proto") == "https" else "http"
    return f"{protocol}://{host}{path}"


def _check(query, layer_key):
    """Check and complete the parameters of a grid, and return the layer's name."""
    problems = []
    if "CRS" not in query and "SRS" not in query:
        problems.append("CRS is missing")
    _resolution(query)
    for key in (layer_key, "BBOX", "WIDTH", "HEIGHT", *(["VERSION"] if query["SERVICE"] == "WMS" else [])):
        if not query.get(key):
            problems.append(f"{key} is missing")
    if not problems:
        problems = _box_problems(query)
    if problems:
        raise BadRequest("; ".join(problems))
    if query.get("CRS") == "CRS:84":  # podpac reads its box as that of EPSG:4326
        query["CRS"] = "EPSG:4326"
        if query["SERVICE"] == "WMS":
            west, south, east, north = query["BBOX"].split(",")
            query["BBOX"] = ",".join((south, west, north, east))
    return query[layer_key]


def _resolution(query):
    """Add WIDTH and HEIGHT to a query with a resolution, which WCS allows instead."""
    if "WIDTH" in query or "HEIGHT" in query or not query.get("BBOX"):
        return
    try:
        west, south, east, north = map(float, query["BBOX"].split(","))
        query["WIDTH"] = str(max(round((east - west) / float(query["RESX"])), 1))
        query["HEIGHT"] = str(max(round((north - south) / float(query["RESY"])), 1))
    except (KeyError, ValueError, ArithmeticError):
        return


def _box_problems(query):
    problems, sides = [], []
    for key in ("WIDTH", "HEIGHT"):
        if _NUMBER.fullmatch(query[key]) and int(query[key]) > 0:
            sides.append(int(query[key]))
        else:
            problems.append(f"{key} is not a whole number of pixels from 1")
    if len(sides) == 2 and sides[0] * sides[1] * (3 if 1 in sides else 1) > MAX_PIXELS:
        problems.append(f"WIDTH and HEIGHT make {sides[0] * sides[1]} pixels; want at most {MAX_PIXELS}, or a third of that in one row")
    try:
        west, south, east, north = (float(edge) for edge in query["BBOX"].split(","))
        if not (west < east and south < north):
            raise ValueError
    except ValueError:
        problems.append("BBOX is not four numbers, the lower corner first")
    return problems


def _request(query, layer):
    """Return the request to evaluate a layer: one that is published, or else as
    podpac reads it."""
    published, settings = layers.LAYERS.get(layer), None
    if published:
        definition, settings = published.definition, published.settings
        _complete(query, published)
    else:
        definition = _layer(layer, query.get("PARAMS"))
    if query.get("TIME"):
        query["TIME"] = query["TIME"].removesuffix("Z")
    else:
        query.pop("TIME", None)
    output = {"format": query.get("FORMAT", "").split(";")[0].split("/")[-1]}
    # podpac finds no place for a row or a column alone. It is the middle one of three.
    thirds = {key: "3" for key in ("HEIGHT", "WIDTH") if int(query[key]) == 1}
    request = Request(definition, lambda: podpac.Coordinates.from_url({**query, **thirds}), output=output, settings=settings, over_http=True, published=bool(published))
    alone = [{"HEIGHT": "lat", "WIDTH": "lon"}[key] for key in thirds]

    def select(output):
        size = math.prod(getattr(output, "shape", ()))
        if request.format.name == "json" and size > MAX_NUMBERS:
            raise TooLarge(f"the result has {size} numbers; want at most {MAX_NUMBERS} as JSON")
        return _middle(output, alone) if alone else output

    request.select = select
    return request


def _middle(output, dims):
    """Return the middle row or column of three, as wide as all of them."""
    found = [dim for dim in dims if dim in output.dims and output.sizes[dim] == 3]
    transform = output.attrs.get("geotransform")
    output = output.isel({dim: [1] for dim in found})
    if transform is not None:
        x, width, _, y, _, height = transform
        output.attrs["geotransform"] = (x, width * (3 if "lon" in found else 1), 0, y, 0, height * (3 if "lat" in found else 1))
    return output


def _complete(query, layer):
    """Check what a query adds to a published layer. Without a time, it is the newest."""
    others = set(read_json(query.get("PARAMS") or "{}", "PARAMS")) - set(DIMENSIONS)
    if others:
        raise BadRequest(f"PARAMS {', '.join(sorted(others))}: not for layer {layer.name}; want one of: {', '.join(DIMENSIONS)}")
    time = query.get("TIME", "")
    if "," in time or "/" in time:
        raise BadRequest(f"TIME {time}: want one time")
    offer = layer.offer()
    if offer.extent.times and time.lower() in ("", "current", "default"):
        query["TIME"] = offer.extent.times[-1]


def _layer(layer, params):
    """Return the definition that a query names: its PARAMS (%PARAMS%), a document at
    a URL (https:// or s3://), or a node of podpac with PARAMS as its attributes."""
    if layer.startswith(("https://", "s3://")):
        if rules.RULES.allowed is not None:  # any caller could make the function read any address
            raise Forbidden("the function is restricted to other pipelines, and reads no address; want a published layer, or the definition in PARAMS")
        return read_json(_fetch(layer), "the layer's definition")
    values = read_json(params or "{}", "PARAMS")
    if layer == "%PARAMS%":
        return values
    node = dict(values) if {"node", "plugin", "style", "attrs"} & set(values) else {"attrs": without(values, DIMENSIONS)}
    if "plugin" not in node and "." not in layer and not hasattr(podpac, layer):
        raise BadRequest(f"layer {layer} is neither published (GetCapabilities lists those) nor a node of podpac")
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
