"""A Lambda function that evaluates PODPAC pipelines, for podpac 4.

It handles three kinds of events:

- a direct invocation, whose event is the pipeline:
  {"pipeline": definition, "coordinates": definition,
   "output": {"format": "png", "format_kwargs": {}}, "settings": {}}
- an S3 notification of such a pipeline as an object below the input prefix;
  the handler writes the result to an object below the output prefix
- a request of API Gateway (payload 1.0) with a WCS or WMS query string

Variables of the environment restrict pipelines: see Rules. The handler logs no
part of an event, and its error messages hold no internals.
"""

import base64
import contextlib
import importlib
import io
import json
import logging
import os
import re
import tempfile
import time
import traceback
import urllib.parse
import urllib.request
from collections import OrderedDict

# A function can write only below the temporary directory, and both libraries look
# for their folders at import.
os.environ.setdefault("MPLCONFIGDIR", os.path.join(tempfile.gettempdir(), "matplotlib"))
os.environ.setdefault("XDG_CONFIG_HOME", os.path.join(tempfile.gettempdir(), "config"))
os.environ.setdefault("XDG_CACHE_HOME", os.path.join(tempfile.gettempdir(), "cache"))

# An import at start is part of SnapStart's snapshot, and has the whole processor.
import podpac  # noqa: E402
from podpac.core.settings import settings as podpac_settings  # noqa: E402
from podpac.core.style import Style  # noqa: E402

for _name in ("matplotlib", "numexpr", "podpac"):
    logging.getLogger(_name).setLevel(logging.ERROR)

# The maximum size of the answer to a synchronous invocation.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ANSWER = 6_291_556

# The maximum number of pixels of a map, and of bytes of a fetched pipeline.
MAX_PIXELS = 4096 * 4096
MAX_PIPELINE = 6 << 20

# The settings of podpac that an event may change. The operator sets the others, such
# as paths, buckets and credentials.
EVENT_SETTINGS = frozenset(
    (
        "ALGORITHM_XARRAY_FLOATING_POINT_CORRECTION",
        "CHUNK_SIZE",
        "DEFAULT_CRS",
        "DEFAULT_INTERPOLATION",
        "ENABLE_CACHE",
        "ENABLE_UNITS",
        "MULTITHREADING",
        "UNSAFE_EVAL_HASH",
    )
)

DIMENSIONS = ("lat", "lon", "alt", "time")


class Failure(Exception):
    """An error for the caller: a message without internals, and an HTTP status."""

    status, code = 500, "internal"


class BadRequest(Failure):
    status, code = 400, "bad_request"


class Forbidden(Failure):
    status, code = 403, "forbidden"


class TooLarge(Failure):
    status, code = 413, "too_large"


class EvaluationFailed(Failure):
    status, code = 500, "evaluation_failed"


class Misconfigured(Failure):
    status, code = 500, "misconfigured"


class Rules:
    """The settings in the environment, read once at start.

    SETTINGS                   JSON object of podpac's settings
    S3_BUCKET_NAME             podpac's setting of that name
    PODPAC_VERSION             the expected version of podpac
    PODPAC_RESTRICT_PIPELINES  JSON list: only nodes with these hashes are evaluated
    PODPAC_UNSAFE_EVAL         allows code in nodes if it equals the settings' UNSAFE_EVAL_HASH
    PODPAC_PLUGINS             JSON list of packages, besides podpac, whose nodes are allowed
    FUNCTION_S3_INPUT, FUNCTION_S3_OUTPUT
                               prefixes, default input/ and output/; SETTINGS may hold them, too
    """

    def __init__(self, environ):
        self.settings = _parse(environ, "SETTINGS", dict, {})
        if environ.get("S3_BUCKET_NAME"):
            self.settings["S3_BUCKET_NAME"] = environ["S3_BUCKET_NAME"]
        self.settings.update(ROOT_PATH=tempfile.gettempdir(), LOG_TO_FILE=False, AUTOSAVE_SETTINGS=False)
        self.allowed = _parse(environ, "PODPAC_RESTRICT_PIPELINES", list, None)
        self.packages = ["podpac", *_parse(environ, "PODPAC_PLUGINS", list, [])]
        self.input = self._prefix(environ, "FUNCTION_S3_INPUT", "input/")
        self.output = self._prefix(environ, "FUNCTION_S3_OUTPUT", "output/")
        if self.output.startswith(self.input) or self.input.startswith(self.output):
            raise Misconfigured(
                f"FUNCTION_S3_INPUT {self.input} and FUNCTION_S3_OUTPUT {self.output} overlap: "
                "each output would be an input; want two prefixes, neither below the other"
            )

    def _prefix(self, environ, name, default):
        prefix = environ.get(name) or self.settings.get(name) or default
        return prefix.rstrip("/") + "/"


def _parse(environ, name, kind, default):
    """Return the JSON of a variable. Invalid JSON stops the function, because the
    variable may restrict it."""
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise Misconfigured(f"{name} is not a JSON {'list' if kind is list else 'object'}")
    return value


RULES = Rules(os.environ)
if not os.environ.get("PODPAC_UNSAFE_EVAL"):
    os.environ.pop("PODPAC_UNSAFE_EVAL", None)  # podpac accepts an empty value
if os.environ.get("PODPAC_VERSION", podpac.__version__) != podpac.__version__:
    print(json.dumps({"level": "WARN", "message": "podpac differs from PODPAC_VERSION", "podpac": podpac.__version__}))


def handler(event, context):
    """Handle one event. A failed API request has an answer with a status. A failed
    direct or S3 event is a failed invocation, for Lambda's retries, destinations
    and alarms."""
    trigger, record = _trigger(event), {"request_id": getattr(context, "aws_request_id", None)}
    record["trigger"], began = trigger, time.monotonic()
    try:
        if trigger == "test":
            return None
        if trigger == "S3":
            return _evaluate_objects(event, record)
        request = _query_request(event) if trigger == "API" else _pipeline_request(event)
        return _answer(request, record)
    except Exception as err:
        failure = _explain(err, event, record)
    finally:
        record["seconds"] = round(time.monotonic() - began, 3)
        print(json.dumps(record))
    if trigger == "API":
        error = {"error": failure.code, "message": str(failure), "request_id": record["request_id"]}
        return _response(failure.status, "application/json", json.dumps(error).encode())
    raise failure


def _trigger(event):
    if not isinstance(event, dict):
        return "eval"
    if event.get("Event") == "s3:TestEvent":  # S3 sends it once, at the configuration of a notification
        return "test"
    if "Records" in event:
        return "S3"
    return "API" if "queryStringParameters" in event or "requestContext" in event else "eval"


class Request:
    """A pipeline to evaluate: definition, options, and a function that returns the
    coordinates."""

    def __init__(self, definition, coordinates, output=None, settings=None, over_http=False):
        self.definition, self.coordinates = _ordered(definition), coordinates
        output = output or {}
        self.suffix = str(output.get("format") or "netcdf").lower()
        self.format = _format(self.suffix, over_http)
        self.options = output.get("format_kwargs") or {}
        self.settings = {k: v for k, v in (settings or {}).items() if k in EVENT_SETTINGS}
        unknown = sorted(set(self.options) - {"return_base64"} - self.format.options)
        if unknown:
            valid = ", ".join(sorted(self.format.options)) or "none"
            raise BadRequest(f"output.format_kwargs {', '.join(unknown)}: not for {self.format.name}; want {valid}")


def _pipeline_request(event):
    """Read a pipeline in the format of PODPAC's Lambda node."""
    problems = []
    if not isinstance(event, dict):
        raise BadRequest("the event is not a JSON object; want pipeline, coordinates, output, settings")
    for key in ("pipeline", "coordinates", "output", "settings"):
        value = event.get(key)
        if value is None and key in ("output", "settings"):
            continue
        if not isinstance(value, dict) or not value and key in ("pipeline", "coordinates"):
            problems.append(f"{key} is missing or not a JSON object")
    output = event.get("output") or {}
    if not problems and not isinstance(output.get("format_kwargs") or {}, dict):
        problems.append("output.format_kwargs is not a JSON object")
    if problems:
        raise BadRequest("; ".join(problems))
    coordinates = json.dumps(event["coordinates"])
    return Request(
        event["pipeline"],
        lambda: podpac.Coordinates.from_json(coordinates),
        output=output,
        settings=event.get("settings"),
    )


def _query_request(event):
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
        return _read_json(_fetch(layer), "the layer's definition")
    values = _read_json(params or "{}", "PARAMS")
    if layer == "%PARAMS%":
        return values
    node = dict(values) if {"node", "plugin", "style", "attrs"} & set(values) else {"attrs": _without(values, DIMENSIONS)}
    node["node"] = layer
    return {layer.replace(".", "-"): node}


def _without(values, keys):
    return {k: v for k, v in values.items() if k not in keys}


def _read_json(text, name):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadRequest(f"{name} is not a JSON object")
    return value


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Reject redirects, which could lead to an address without https."""

    def redirect_request(self, *args, **kwargs):
        return None


def _fetch(url):
    """Fetch a definition with the permissions of the function's role."""
    try:
        if url.startswith("s3://"):
            location = urllib.parse.urlsplit(url)
            body = _s3().get_object(Bucket=location.netloc, Key=location.path.lstrip("/"))["Body"]
            content = body.read(MAX_PIPELINE + 1)
        else:
            with urllib.request.build_opener(_NoRedirect).open(url, timeout=10) as reply:
                content = reply.read(MAX_PIPELINE + 1)
    except Exception as err:
        raise BadRequest("the layer's definition cannot be fetched") from err
    if len(content) > MAX_PIPELINE:
        raise TooLarge(f"the layer's definition has more than {MAX_PIPELINE} bytes")
    return content


def _answer(request, record):
    """Evaluate a request, and return the answer in API Gateway's format: status,
    content type and body."""
    body = _evaluate(request, record)
    answer = _response(200, request.format.content_type, body)
    size = len(json.dumps(answer["body"]))
    if size > MAX_ANSWER - 1024:
        raise TooLarge(f"the result has {size} bytes, more than Lambda's limit; want a smaller result, or an event through S3")
    record["status"] = 200
    return answer


def _response(status, content_type, body):
    text = content_type == "application/json"
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type},
        "isBase64Encoded": not text,
        "body": body.decode() if text else base64.b64encode(body).decode(),
    }


def _evaluate(request, record):
    """Build the pipeline, check that it is allowed, evaluate it, and return the result
    in the requested format."""
    with _settings(request.settings):
        node = _build(request.definition)
        record["node"] = node.hash
        if RULES.allowed is not None:
            if node.hash not in RULES.allowed:
                raise Forbidden("the function is restricted to other pipelines")
            # Attributes that the hash does not cover have no effect.
            node = _build(_ordered(json.loads(node.json)))
        try:
            coordinates = request.coordinates()
        except Exception as err:
            raise BadRequest(f"coordinates: {_message(err)}") from err
        try:
            output = node.eval(coordinates)
        except Exception as err:
            # The PermissionError of podpac has no errno; that of the system has one.
            if isinstance(err, PermissionError) and err.errno is None:
                raise Forbidden("the pipeline holds code, which the function does not run (PODPAC_UNSAFE_EVAL)") from err
            raise EvaluationFailed("the pipeline failed; see the function's log") from err
        try:
            body = request.format.encode(output, _without(request.options, ("return_base64",)))
        except Exception as err:
            shape = " × ".join(str(dimension) for dimension in getattr(output, "dims", ())) or "no dimensions"
            raise BadRequest(f"the result ({shape}) cannot be encoded as {request.format.name}") from err
    record.update(format=request.format.name, bytes=len(body))
    return body


@contextlib.contextmanager
def _settings(changes):
    """Set podpac's settings from the environment and the event for one request, and
    reset them for the next one."""
    before = dict(podpac_settings)
    dict.update(podpac_settings, {**RULES.settings, **changes})
    try:
        yield
    finally:
        dict.clear(podpac_settings)
        dict.update(podpac_settings, before)


def _build(definition):
    """Return the node of a definition. podpac imports and calls each name in it, so
    the names must be those of nodes."""
    for name, node in definition.items():
        if name in ("podpac_output_node", "podpac_version"):
            # podpac treats an object here as a node if another node refers to it.
            if not isinstance(node, str):
                raise BadRequest(f"pipeline: {name} is not a text")
            continue
        if not isinstance(node, dict) or not isinstance(node.get("node"), str):
            raise BadRequest(f"pipeline: {name} has no node")
        _must_be(podpac.Node, f"{node.get('plugin', 'podpac')}.{node['node']}", name)
        if "style_class" in node:
            _must_be(Style, str(node["style_class"]), name)
    try:
        return podpac.Node.from_definition(definition)
    except MemoryError:
        raise
    except Exception as err:
        raise BadRequest(f"pipeline: {_message(err)}") from err


def _must_be(parent, path, name):
    module, _, attribute = path.rpartition(".")
    if module.split(".")[0] not in RULES.packages:
        raise Forbidden(f"pipeline: {name} is of package {module.split('.')[0]}; allowed: {', '.join(RULES.packages)}")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as err:
        raise BadRequest(f"pipeline: {name}: {path} does not exist") from err
    if not (isinstance(found, type) and issubclass(found, parent)):
        raise Forbidden(f"pipeline: {name}: {path} is not a {parent.__name__}")


def _ordered(value):
    """Return a definition as podpac reads it: only an OrderedDict can be
    coordinates."""
    return json.loads(json.dumps(value), object_pairs_hook=OrderedDict)


class Format:
    """A format of results. Its function encode accepts a result and options."""

    def __init__(self, name, content_type, encode, options=()):
        self.name, self.content_type, self.encode, self.options = name, content_type, encode, frozenset(options)


def _encode_json(output, options):
    # JSON has no NaN, which podpac writes.
    return json.dumps(json.loads(output.to_format("json"), parse_constant=lambda _: None)).encode()


def _encode_netcdf(output, options):
    return bytes(output.to_format("netcdf", **options))


def _encode_png(output, options):
    return output.to_format("png", **options).read()


def _encode_jpeg(output, options):
    # podpac draws only PNG. A JPEG has no transparency: missing data is white.
    from PIL import Image

    picture = Image.open(io.BytesIO(_encode_png(output, options))).convert("RGBA")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    file = io.BytesIO()
    flat.save(file, format="JPEG", quality=90)
    return file.getvalue()


def _encode_geotiff(output, options):
    with output.to_format("geotiff", **options) as file:
        return file.read()


def _encode_pickle(output, options):
    return output.to_format("pickle")


JSON = Format("json", "application/json", _encode_json)
NETCDF = Format("netcdf", "application/x-netcdf", _encode_netcdf, ("encoding", "unlimited_dims"))
PNG = Format("png", "image/png", _encode_png, ("vmin", "vmax"))
JPEG = Format("jpeg", "image/jpeg", _encode_jpeg, ("vmin", "vmax"))
GEOTIFF = Format("geotiff", "image/tiff", _encode_geotiff, ("crs", "geotransform", "compress"))
PICKLE = Format("pickle", "application/octet-stream", _encode_pickle)

FORMATS = {
    **dict.fromkeys(("json", "dict"), JSON),
    **dict.fromkeys(("netcdf", "nc", "hdf5", "hdf", "x-netcdf"), NETCDF),
    "png": PNG,
    **dict.fromkeys(("jpeg", "jpg"), JPEG),
    **dict.fromkeys(("geotiff", "tiff", "tif"), GEOTIFF),
    **dict.fromkeys(("pickle", "pkl"), PICKLE),
}


def _format(name, over_http):
    # A pickle runs code when it is loaded, so HTTP requests cannot have one.
    valid = [format for format in FORMATS if not (over_http and FORMATS[format] is PICKLE)]
    if name not in valid:
        raise BadRequest(f"format {name}: unknown; want one of: {', '.join(valid)}")
    return FORMATS[name]


def _evaluate_objects(event, record):
    """Evaluate all pipelines of a notification. One failure fails the event, so that
    Lambda retries it or sends it to the dead-letter queue."""
    failures, record["objects"] = [], []
    for item in event["Records"]:
        entry, pipeline = {}, {}
        record["objects"].append(entry)
        try:
            if item.get("eventSource") != "aws:s3":
                raise BadRequest("a record of the event is not from S3")
            bucket, entry["key"] = item["s3"]["bucket"]["name"], urllib.parse.unquote_plus(item["s3"]["object"]["key"])
            pipeline, etag = _read_object(bucket, entry["key"])
            _evaluate_object(bucket, pipeline, etag, entry)
        except Exception as err:
            failures.append(_explain(err, pipeline, entry))
    if failures:
        worst = max(failures, key=lambda failure: failure.status)
        raise type(worst)(f"{len(failures)} of {len(event['Records'])} objects failed: {worst}")
    record["status"] = 200


def _read_object(bucket, key):
    if not key.startswith(RULES.input):
        raise BadRequest(f"the object is not below {RULES.input}")
    found = _s3().get_object(Bucket=bucket, Key=key)
    if found["ContentLength"] > MAX_PIPELINE:
        raise TooLarge(f"the pipeline has more than {MAX_PIPELINE} bytes")
    return _read_json(found["Body"].read(), "the object"), found["ETag"]


def _evaluate_object(bucket, pipeline, etag, record):
    """Evaluate the pipeline in an object, and write the result to the same bucket with
    the object's ETag. An existing result of the same ETag is kept unless the settings
    hold FUNCTION_FORCE_COMPUTE."""
    request = _pipeline_request(pipeline)
    name = record["key"][len(RULES.input) :]
    if name.endswith(".json"):
        name = name[: -len(".json")]
    record["output"] = f"{RULES.output}{name}.{request.suffix}"
    forced = (pipeline.get("settings") or {}).get("FUNCTION_FORCE_COMPUTE")
    if not forced and _etag_of_input(bucket, record["output"]) == etag:
        record["kept"] = True
        return
    _s3().put_object(
        Bucket=bucket,
        Key=record["output"],
        Body=_evaluate(request, record),
        ContentType=request.format.content_type,
        Metadata={"input-etag": etag},
    )


def _etag_of_input(bucket, key):
    """Return the ETag of the input of a result, or None without a result. Without
    permission to list the bucket, S3 answers 403 for a missing object."""
    try:
        return _s3().head_object(Bucket=bucket, Key=key)["Metadata"].get("input-etag")
    except Exception as err:
        status = getattr(err, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status in (403, 404):
            return None
        raise


_clients = {}


def _s3():
    """Return the S3 client, which the first call creates."""
    if "s3" not in _clients:
        import boto3

        _clients["s3"] = boto3.client("s3")
    return _clients["s3"]


def _explain(err, event, record):
    """Log an error with its trace, and return the failure for the caller. Neither
    holds a credential of the event."""
    failure = err if isinstance(err, Failure) else Failure("the function failed; see its log")
    message = _redact(str(failure), event)
    record.update(status=failure.status, error=failure.code, message=message)
    cause = err.__cause__ or err
    if cause is not failure:
        trace = traceback.format_exception(type(cause), cause, cause.__traceback__)
        record["cause"] = _redact("".join(trace), event)[-4000:]
    return type(failure)(message)  # without a trace


def _message(err):
    """Return the message of podpac's error about a definition, on one line."""
    if type(err).__name__ in ("ValueError", "TypeError", "KeyError", "AttributeError", "TraitError", "CRSError"):
        return " ".join(str(err).split())[:300]
    return f"it is not valid ({type(err).__name__})"


# Credentials in a URL: user and password, and signatures.
_IN_ADDRESSES = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=[?&])((?:x-amz-[\w-]+|\w*(?:token|key|sig|signature))=)[^&\s\"']+", re.IGNORECASE)


def _redact(text, event):
    for secret in sorted(_secrets(event), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _IN_ADDRESSES.sub(lambda found: (found[1] or "") + "***", text)


def _secrets(value, secret=False):
    """Return the texts of an event under keys of credentials."""
    if isinstance(value, str) and value.startswith("{"):  # PARAMS of a query
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        return {text for key, inner in value.items() for text in _secrets(inner, secret or _is_secret(key))}
    if isinstance(value, list):
        return {text for inner in value for text in _secrets(inner, secret)}
    return {value} if secret and isinstance(value, str) and len(value) >= 4 else set()


def _is_secret(name):
    return any(word in str(name).lower() for word in ("key", "secret", "token", "password", "auth", "unsafe_eval_hash"))
