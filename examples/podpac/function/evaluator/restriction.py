"""PODPAC_RESTRICT_PIPELINES: the function evaluates only nodes with these hashes.

podpac builds a node before it has a hash, and some nodes read their data then. So a
definition that is not one of the allowed ones as podpac writes them may have nothing
that reads data or settings when it is built."""

import hashlib
import json

from . import rules
from .failures import Forbidden
from .request import without


def hash_of(definition):
    """Return podpac's hash of a definition that podpac has written. The hash attribute
    of a node is no proof: that of a cache node is the text in its cache_uid."""
    nodes = {name: _hashed(node) for name, node in definition.items() if name not in ("podpac_version", "podpac_output_node")}
    return hashlib.sha256(json.dumps(nodes, separators=(",", ":")).encode()).hexdigest()


def _hashed(node):
    return without(node, ("style", "style_class")) if isinstance(node, dict) else node


def is_allowed(definition):
    return rules.RULES.allowed is None or hash_of(definition) in rules.RULES.allowed


def check(name, definition):
    """Refuse a node of a definition that is not an allowed one as it is: if it could
    read data, or other settings, while podpac builds it."""
    refused = None
    if definition.get("lookup_attrs"):
        refused = "lookup_attrs"
    elif _has_address(definition.get("attrs")):
        refused = "an address of data"
    if refused:
        raise Forbidden(
            f"pipeline: {name} has {refused}, and the function is restricted to other pipelines; want one of those, as podpac's node.definition writes it"
        )


def _has_address(attributes):
    if not isinstance(attributes, dict):
        return False
    return isinstance(attributes.get("source"), str) or "://" in json.dumps(attributes)
