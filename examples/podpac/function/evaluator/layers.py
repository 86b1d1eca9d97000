"""Layers: the pipelines that the operator publishes by name.

A file of the folder layers beside the handler is one layer, and its name without
.json is the layer's. It contains what `defog eval` evaluates, or a node's definition
alone:

  {"pipeline": definition, "coordinates": definition, "settings": {}, "title": "Rain"}

All but the pipeline is optional. The layer has data at the coordinates; podpac finds
those of most data sources. The title's default is the style's name.
PODPAC_RESTRICT_PIPELINES restricts layers, too.
"""

import contextlib
import json
import re
import time
from collections import namedtuple
from pathlib import Path

import podpac

from .evaluate import allowed_node
from .failures import Failure, Misconfigured, message_of, redact
from .request import event_settings, ordered

FOLDER = Path(__file__).parent.parent / "layers"

# The time in seconds for which what a layer offers is not read again.
FRESH = 300

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

WORLD = (-180.0, -90.0, 180.0, 90.0)

# What a layer offers. The bounds are degrees: west, south, east, north. Columns and
# rows are the numbers of its cells, and its times are in order.
Extent = namedtuple("Extent", "bounds columns rows times")

# A layer as clients see it.
Offer = namedtuple("Offer", "name title style extent")


class Layer:
    def __init__(self, name, content):
        pipeline = content.get("pipeline")
        if "pipeline" not in content or (isinstance(pipeline, dict) and "node" in pipeline):
            content = {"pipeline": content}  # a definition, which may have a node of that name
        self.name, self.definition = name, ordered(content["pipeline"])
        self.coordinates, self.title = content.get("coordinates"), content.get("title")
        self.settings = content.get("settings")
        for key, value, kind, want in (
            ("pipeline", self.definition, dict, "a JSON object"),
            ("coordinates", self.coordinates, (dict, type(None)), "a JSON object"),
            ("settings", self.settings, (dict, type(None)), "a JSON object"),
            ("title", self.title, (str, type(None)), "a text"),
        ):
            if not isinstance(value, kind) or (value in ({}, "") and key != "settings"):
                raise Misconfigured(f"layers/{name}.json: {key} is not {want}")
        self._offer, self._failure, self._read = None, None, float("-inf")

    def offer(self):
        """Return what clients see of the layer. A layer that the function may not or
        cannot evaluate raises a failure."""
        if time.monotonic() - self._read > FRESH:
            self._offer, self._failure = self._find_offer()
            self._read = time.monotonic()
        if self._failure:
            raise type(self._failure)(str(self._failure))
        return self._offer

    def _find_offer(self):
        record = {}
        try:
            with allowed_node(self.definition, event_settings(self.settings), record, published=True) as node:
                offer = Offer(self.name, self.title or node.style.name or self.name, node.style, self._find_extent(node))
                return offer, None
        except Failure as err:
            _warn(f"layer {self.name} is not published: {redact(str(err), self.definition)}", **record)
            return None, err

    def _find_extent(self, node):
        """Return where the layer has data. A node without coordinates, such as a
        formula, has data everywhere."""
        try:
            if self.coordinates is not None:
                return extent_of([podpac.Coordinates.from_json(json.dumps(self.coordinates))])
            return extent_of(node.find_coordinates())
        except Exception as err:
            message = redact(message_of(err), self.definition)
            _warn(f"layer {self.name}: podpac finds no coordinates, so the layer is offered for the whole world: {message}")
            return extent_of([])


def read(folder):
    """Return the layers in a folder by name. An invalid file stops the function."""
    layers = {}
    for file in sorted(folder.glob("*.json")):
        if not NAME.fullmatch(file.stem):
            raise Misconfigured(f"layers/{file.name}: invalid name; want letters, digits and ._-")
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Misconfigured(f"layers/{file.name} is not a JSON object")
        layers[file.stem] = Layer(file.stem, content)
    return layers


def offers():
    """Return what clients see of all layers that the function may evaluate."""
    found = []
    for layer in LAYERS.values():
        with contextlib.suppress(Failure):  # which is in the log
            found.append(layer.offer())
    return found


def extent_of(found):
    """Return the extent of several coordinates of podpac."""
    edges, columns, rows, times = [], 1, 1, set()
    for coordinates in found:
        if {"lat", "lon"} <= set(coordinates.udims):
            (south, north), (west, east) = (_edges(coordinates[name]) for name in ("lat", "lon"))
            edges.append(degrees(coordinates.crs, west, south, east, north))
            columns, rows = max(columns, coordinates["lon"].size), max(rows, coordinates["lat"].size)
        if "time" in coordinates.udims:
            times.update(filter(None, map(iso, coordinates["time"].coordinates)))
    if not edges:
        return Extent(WORLD, 360, 180, sorted(times))
    west, south, east, north = zip(*edges)
    return Extent((min(west), max(min(south), -90.0), max(east), min(max(north), 90.0)), columns, rows, sorted(times))


def _edges(dimension):
    """Return the outer edges of the first and the last cell."""
    low, high = (float(bound) for bound in dimension.bounds)
    if dimension.size > 1 and dimension.is_uniform:
        half = (high - low) / (dimension.size - 1) / 2
    else:
        half = 0.5 if low == high else 0
    return low - half, high + half


def degrees(crs, *edges):
    """Return edges (west, south, east, north) of a coordinate system in degrees."""
    if "EPSG:4326" in crs or "+proj=longlat" in crs:
        return edges
    import pyproj

    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform_bounds(*edges)


_TIME = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:[T ](\d\d)(?::(\d\d))?(?::(\d\d)(\.\d+)?)?)?Z?")


def iso(value):
    """Return a time as ISO 8601 with seconds, and None for what is no time."""
    found = _TIME.fullmatch(str(value))
    if not found:
        return None
    year, month, day, hour, minute, second, fraction = found.groups()
    fraction = (fraction or "").rstrip("0").rstrip(".")
    return f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{fraction}"


def _warn(message, **more):
    print(json.dumps({"level": "WARN", "message": message, **more}))


LAYERS = read(FOLDER)
