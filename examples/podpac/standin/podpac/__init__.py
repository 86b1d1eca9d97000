"""A fake of the part of podpac's interface that the handler uses, for tests without
podpac's half a gigabyte. It builds definitions like podpac, without checks: it imports
and calls each name in them. Results are lists of numbers."""

import hashlib
import importlib
import json
import types

from podpac.core.style import Style

__version__ = "4.0.1"


class Node:
    """A node with the attributes of its definition; the hash omits some."""

    attributes = {}
    style = None

    def __init__(self, **kwargs):
        for name in kwargs:
            if name not in self.attributes and name not in ("source", "style", "untagged"):
                raise AttributeError(f"type object '{type(self).__name__}' has no attribute '{name}'")
        self.__dict__.update(kwargs)
        self.style = self.style or Style()
        self.inputs = {k: v for k, v in kwargs.items() if isinstance(v, Node)}
        self.values = {k: v for k, v in kwargs.items() if k in self.attributes}

    @classmethod
    def class_traits(cls):
        tagged = {name: types.SimpleNamespace(metadata={"attr": True}) for name in cls.attributes}
        return {"untagged": types.SimpleNamespace(metadata={}), **tagged}

    @classmethod
    def from_definition(cls, definition):
        nodes = {}
        for name in definition:
            if name not in ("podpac_output_node", "podpac_version"):
                _process(name, definition, nodes)
        if not nodes:
            raise ValueError("Invalid definition: definition cannot be empty.")
        return nodes[definition.get("podpac_output_node", list(nodes)[-1])]

    def find_coordinates(self):
        raise NotImplementedError

    @property
    def definition(self):
        nodes = {}
        for node in self.inputs.values():
            nodes.update(node.definition)
        entry = {"node": f"{type(self).__module__.partition('.')[2]}.{type(self).__name__}", "attrs": self.values}
        if self.inputs:
            entry["inputs"] = {k: type(v).__name__ for k, v in self.inputs.items()}
        return {**nodes, type(self).__name__: entry}

    @property
    def json(self):
        return json.dumps(self.definition, separators=(",", ":"))

    @property
    def hash(self):
        return hashlib.sha256(self.json.encode()).hexdigest()


def _process(name, definition, nodes):
    d = definition[name]
    module, attribute = f"{d.get('plugin', 'podpac')}.{d['node']}".rsplit(".", 1)
    kwargs = dict(d.get("attrs", {}))
    for key, reference in d.get("inputs", {}).items():
        if reference not in nodes:
            _process(reference, definition, nodes)
        kwargs[key] = nodes[reference]
    if "style" in d:
        kwargs["style"] = Style(**d["style"])
    nodes[name] = getattr(importlib.import_module(module), attribute)(**kwargs)


class Coordinates:
    def __init__(self, definition, crs="EPSG:4326"):
        if isinstance(definition, list):
            definition = {"coords": [{"name": part.name, "values": part.coordinates} for part in definition]}
        self.definition, self.crs = definition, crs
        self.parts = {part["name"]: Coordinates1d(part["name"], part["values"]) for part in definition.get("coords", [])}
        self.dims = self.udims = tuple(self.parts)

    def __getitem__(self, name):
        return self.parts[name]

    @classmethod
    def from_json(cls, text):
        definition = json.loads(text)
        if "coords" not in definition:
            raise ValueError("Could not parse coordinates definition, 'coords' required")
        return cls(definition)

    @classmethod
    def from_url(cls, params):
        """Read a box as podpac does for EPSG:4326 in WMS 1.3.0, and all values of TIME."""
        south, west, north, east = (float(edge) for edge in params["BBOX"].split(","))
        rows, columns = int(params["HEIGHT"]), int(params["WIDTH"])
        dy, dx = (north - south) / rows, (east - west) / columns
        coords = [
            {"name": "lat", "values": [north - dy * (row + 0.5) for row in range(rows)]},
            {"name": "lon", "values": [west + dx * (column + 0.5) for column in range(columns)]},
        ]
        if "TIME" in params:
            coords.append({"name": "time", "values": [params["TIME"]]})
        return cls({"coords": coords})


class Coordinates1d:
    def __init__(self, name, coordinates):
        self.name, self.coordinates, self.size = name, coordinates, len(coordinates)
        self.bounds, self.is_uniform = (min(coordinates), max(coordinates)), True

    def __getitem__(self, index):
        return Coordinates1d(self.name, [self.coordinates[index]])
