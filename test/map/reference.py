"""What podpac itself makes of layers. It reads a JSON object: a folder of layers, and WMS
queries for pixels and for maps. It writes the layers' hashes, the values of the pixels,
and the pictures."""

import base64
import json
import sys
from collections import OrderedDict
from pathlib import Path

import podpac

asked = json.load(sys.stdin)
nodes = {}
for file in Path(asked["layers"]).glob("*.json"):
    content = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=OrderedDict)
    nodes[file.stem] = podpac.Node.from_definition(content.get("pipeline", content))


def result(query):
    return nodes[query["LAYERS"]].eval(podpac.Coordinates.from_url(query))


def value(query):
    return float(result(query).transpose("lat", "lon", ...).data[int(query["J"]), int(query["I"])].item())


json.dump(
    {
        "hashes": {name: node.hash for name, node in nodes.items()},
        "values": [value(query) for query in asked["values"]],
        "pictures": [base64.b64encode(result(query).to_format("png").read()).decode() for query in asked["pictures"]],
    },
    sys.stdout,
)
