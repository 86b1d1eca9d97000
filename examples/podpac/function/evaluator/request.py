"""The event of PODPAC's Lambda node: a pipeline, coordinates, a format and settings."""

import json
from collections import OrderedDict

import podpac

from .failures import BadRequest
from .formats import find_format
from .rules import EVENT_SETTINGS

# The maximum number of bytes of a definition at an address.
MAX_PIPELINE = 6 << 20


class Request:
    """A pipeline to evaluate: definition, options, and a function that returns the
    coordinates. The operator wrote a published one."""

    def __init__(self, definition, coordinates, output=None, settings=None, over_http=False, published=False):
        self.definition, self.coordinates, self.published = ordered(definition), coordinates, published
        self.select = lambda output: output  # the part of the result to encode
        output = output or {}
        self.suffix = str(output.get("format") or "netcdf").lower()
        self.format = find_format(self.suffix, over_http)
        self.options = output.get("format_kwargs") or {}
        self.settings = event_settings(settings)
        unknown = sorted(set(self.options) - {"return_base64"} - self.format.options)
        if unknown:
            valid = ", ".join(sorted(self.format.options)) or "none"
            raise BadRequest(f"output.format_kwargs {', '.join(unknown)}: not for {self.format.name}; want {valid}")
        self.format.check(self.options)


def pipeline_request(event):
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
    return Request(
        event["pipeline"],
        lambda: podpac.Coordinates.from_json(json.dumps(event["coordinates"])),
        output=output,
        settings=event.get("settings"),
    )


def event_settings(settings):
    """Return the settings of an event that it may change."""
    found = {k: v for k, v in (settings or {}).items() if k in EVENT_SETTINGS}
    size = found.get("CHUNK_SIZE")
    if size not in (None, "auto") and not (type(size) in (int, float) and size >= 1 and size % 1 == 0):  # podpac returns no values for others
        raise BadRequest("settings.CHUNK_SIZE is not null, auto or a whole number from 1")
    return found


def without(values, keys):
    return {k: v for k, v in values.items() if k not in keys}


def read_json(text, name):
    try:
        value = json.loads(text)
    except RecursionError as err:
        raise BadRequest(f"{name} is nested too deeply") from err
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadRequest(f"{name} is not a JSON object")
    return value


def ordered(value):
    """Return a definition as podpac reads it: only an OrderedDict can be
    coordinates."""
    try:
        return json.loads(json.dumps(value), object_pairs_hook=OrderedDict)
    except RecursionError as err:
        raise BadRequest("pipeline: is nested too deeply") from err
