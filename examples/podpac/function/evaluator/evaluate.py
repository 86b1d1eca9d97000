"""Building and evaluating a pipeline, within the rules."""

import contextlib
import importlib
import json

import podpac
from podpac.core.settings import settings as podpac_settings
from podpac.core.style import Style

from . import credentials, restriction, rules
from .failures import BadRequest, EvaluationFailed, Failure, Forbidden, message_of
from .request import ordered, without

# Nodes of these modules call functions with podpac's settings, start processes, and
# create and delete files.
_MANAGERS = "podpac.core.managers."


def evaluate(request, record):
    """Build the pipeline, check that it is allowed, evaluate it, and return the result
    in the requested format."""
    with allowed_node(request.definition, request.settings, record, request.published) as node:
        try:
            coordinates = request.coordinates()
        except Exception as err:
            raise BadRequest(f"coordinates: {message_of(err)}") from err
        output = request.select(output_of(node, coordinates))
        try:
            body = request.format.encode(output, without(request.options, ("return_base64",)))
        except Failure:
            raise
        except Exception as err:
            shape = " × ".join(str(dimension) for dimension in getattr(output, "dims", ())) or "no dimensions"
            raise BadRequest(f"the result ({shape}) cannot be encoded as {request.format.name}") from err
    record.update(format=request.format.name, bytes=len(body))
    return body


@contextlib.contextmanager
def allowed_node(definition, settings, record, published=False):
    """Set podpac's settings, build the node of a definition, and check that it is
    allowed. The settings are reset at the end. The operator wrote a published one."""
    with _settings(settings):
        node = _build(definition, checked=published or restriction.is_allowed(definition))
        written = _written(node)
        record["node"] = restriction.hash_of(written)
        if rules.RULES.allowed is not None:
            if not restriction.is_allowed(written):
                raise Forbidden("the function is restricted to other pipelines")
            # Attributes that the hash does not cover have no effect.
            node = _build(written, checked=True)
        yield node


def output_of(node, coordinates):
    """Return the result of a node at coordinates."""
    try:
        return node.eval(coordinates)
    except Exception as err:
        # The PermissionError of podpac has no errno; that of the system has one.
        if isinstance(err, PermissionError) and err.errno is None:
            raise Forbidden("the pipeline holds code, which the function does not run (PODPAC_UNSAFE_EVAL)") from err
        raise EvaluationFailed("the pipeline failed; see the function's log") from err


@contextlib.contextmanager
def _settings(changes):
    """Set podpac's settings from the environment, the event and the secret for one
    request, and reset them for the next one."""
    before, secret = dict(podpac_settings), credentials.settings()
    dict.update(podpac_settings, {**rules.RULES.settings, **changes, **secret})
    try:
        yield
    finally:
        dict.clear(podpac_settings)
        dict.update(podpac_settings, before)


def _build(definition, checked):
    """Return the node of a definition. podpac imports and calls each name in it, so
    the names must be those of nodes. A definition that is not checked is restricted."""
    for name, node in definition.items():
        if name in ("podpac_output_node", "podpac_version"):
            # podpac treats an object here as a node if another node refers to it.
            if not isinstance(node, str):
                raise BadRequest(f"pipeline: {name} is not a text")
            continue
        if not isinstance(node, dict) or not isinstance(node.get("node"), str):
            raise BadRequest(f"pipeline: {name} has no node")
        found = _must_be(podpac.Node, f"{node.get('plugin', 'podpac')}.{node['node']}", name)
        credentials.check(name, node, found)
        if not checked:
            restriction.check(name, node)
        if "style_class" in node:
            _must_be(Style, str(node["style_class"]), name)
    try:
        return podpac.Node.from_definition(definition)
    except MemoryError:
        raise
    except Exception as err:
        raise BadRequest(f"pipeline: {message_of(err)}") from err


def _written(node):
    """Return the definition that podpac writes of a node. Some nodes read their data for
    that, such as its names."""
    try:
        return ordered(json.loads(node.json))
    except MemoryError:
        raise
    except Exception as err:
        raise EvaluationFailed("podpac cannot describe the pipeline, for example because its data cannot be read; see the function's log") from err


def _must_be(parent, path, name):
    module, _, attribute = path.rpartition(".")
    if module.split(".")[0] not in rules.RULES.packages:
        raise Forbidden(f"pipeline: {name} is of package {module.split('.')[0]}; allowed: {', '.join(rules.RULES.packages)}")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as err:
        raise BadRequest(f"pipeline: {name}: {path} does not exist") from err
    if not (isinstance(found, type) and issubclass(found, parent)):
        raise Forbidden(f"pipeline: {name}: {path} is not a {parent.__name__}")
    if any(base.__module__.startswith(_MANAGERS) for base in found.__mro__):
        raise Forbidden(f"pipeline: {name}: {path} is for podpac's clients; want its source")
    return found
