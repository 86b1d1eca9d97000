"""Checks recorded requests against botocore's models of AWS's services.

    python test/models/check.py FILE…

The files hold requests of local/record.py. Standard output is a JSON object: problems, lists
of texts by client; seen, the operations by client; unchecked, patterns that Python cannot
evaluate. A client is "project" (its Go code),
"tests", "cdk", "python" or "other".
"""

import base64
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from functools import cache

import botocore.session

SESSION = botocore.session.get_session()

# The signing names of the services, and their names in botocore.
SERVICES = {
    "apigateway": "apigatewayv2", "bedrock": "bedrock-runtime", "cloudformation": "cloudformation", "cloudtrail": "cloudtrail", "dynamodb": "dynamodb",
    "ecr": "ecr", "events": "events",
    "iam": "iam", "lambda": "lambda", "logs": "logs", "monitoring": "cloudwatch", "s3": "s3", "scheduler": "scheduler",
    "secretsmanager": "secretsmanager", "sns": "sns", "sqs": "sqs", "ssm": "ssm", "states": "stepfunctions", "sts": "sts",
}
NOT_CHECKED = {"execute-api"}  # requests to the deployed API itself

ABSENT = object()


class Problem(Exception):
    """A request that its service's model rejects."""


@cache
def model(service):
    return SESSION.get_service_model(service)


@cache
def operations(service):
    return [model(service).operation_model(name) for name in model(service).operation_names]


def service_of(request):
    """Returns the signing name, or None for an unsigned request."""
    credential = re.search(r"Credential=([^,\s]+)", request["headers"].get("authorization", ""))
    text = credential[1] if credential else dict(request["query"]).get("X-Amz-Credential", "")
    parts = text.split("/")
    return parts[-2] if len(parts) >= 5 else None


def client_of(request):
    agent = request["headers"].get("user-agent", "")
    if "app/tests" in agent:
        return "tests"
    if "aws-sdk-js" in agent:
        return "cdk"
    if "Boto3" in agent or "Botocore" in agent:
        return "python"
    return "project" if "aws-sdk-go" in agent else "other"


# Requests to parameters, by protocol.


def parse(service, request):
    """Returns the operation's model and the parameters, by the protocol's rules."""
    protocol = model(service).metadata["protocol"]
    if request["headers"].get("smithy-protocol") == "rpc-v2-cbor":
        return named(service, request["path"].rpartition("/")[2]), None  # Python has no CBOR
    if protocol == "json":
        name = request["headers"]["x-amz-target"].rpartition(".")[2]
        return named(service, name), json.loads(request["body"] or b"{}")
    if protocol == "query":
        form = urllib.parse.parse_qsl(request["body"].decode(), keep_blank_values=True, strict_parsing=True)
        values = dict(form)
        if len(values) < len(form):
            raise Problem("a parameter is duplicated")
        operation = named(service, values.pop("Action"))
        if values.pop("Version") != model(service).api_version:
            raise Problem(f"has another version of the API; want {model(service).api_version}")
        params = from_query(operation.input_shape, values, "") if operation.input_shape else {}
        return operation, {} if params is ABSENT else params
    return from_rest(service, request)


def named(service, name):
    if name not in model(service).operation_names:
        raise Problem(f"has no operation {name}")
    return model(service).operation_model(name)


def from_query(shape, values, prefix):
    if shape.type_name == "structure":
        params = {}
        for name, member in shape.members.items():
            key = prefix + "." * bool(prefix) + member.serialization.get("queryName", member.serialization.get("name", name))
            found = from_query(member, values, key)
            if found is not ABSENT:
                params[name] = found
        if not prefix and values:
            raise Problem(f"has unknown parameters {sorted(values)}")
        return params if params or not prefix else ABSENT
    if shape.type_name == "list":
        element = "" if shape.serialization.get("flattened") else "." + shape.member.serialization.get("name", "member")
        found, i = [], 1
        while (value := from_query(shape.member, values, f"{prefix}{element}.{i}")) is not ABSENT:
            found.append(value)
            i += 1
        if not found and prefix in values:
            values.pop(prefix)  # an empty list
            return found
        return found or ABSENT
    if shape.type_name == "map":
        entry = prefix if shape.serialization.get("flattened") else prefix + ".entry"
        found, i = {}, 1
        while f"{entry}.{i}.key" in values:
            found[values.pop(f"{entry}.{i}.key")] = from_query(shape.value, values, f"{entry}.{i}.value")
            i += 1
        return found or ABSENT
    return from_text(shape, values.pop(prefix)) if prefix in values else ABSENT


def from_text(shape, text):
    """Returns the value of a scalar that a protocol writes as text."""
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name in ("float", "double"):
        return float(text)
    if shape.type_name == "boolean":
        if text not in ("true", "false"):
            raise Problem(f"has {text!r} for a boolean")
        return text == "true"
    return text


def from_rest(service, request):
    """Chooses the operation whose URI and parameters fit best."""
    best = None
    for operation in operations(service):
        if operation.deprecated:
            continue
        labels = match_uri(operation, request)
        if labels is None:
            continue
        literals = literal_query(operation)
        params = {**labels, **located(operation.input_shape, request)}
        required = [name for name in (operation.input_shape.required_members if operation.input_shape else [])
                    if operation.input_shape.members[name].serialization.get("location")]
        if any(name not in params for name in required):
            continue
        score = (len(literals), len(required), len(operation.http["requestUri"]))
        if best is None or score > best[0]:
            best = (score, operation, params)
    if best is None:
        raise Problem(f"has no operation for {request['method']} {request['path']}")
    _, operation, params = best
    add_body(operation, request, params)
    known = {name for name, _ in literal_query(operation)} | {
        member.serialization.get("name", name) for name, member in (operation.input_shape.members.items() if operation.input_shape else ()) if member.serialization.get("location") == "querystring"}
    unknown = [name for name, _ in request["query"] if name not in known and not name.startswith("X-Amz-") and name != "x-id"]
    if unknown:
        raise Problem(f"{operation.name}: has unknown parameters {unknown} in the query")
    return operation, params


def literal_query(operation):
    _, _, query = operation.http["requestUri"].partition("?")
    return urllib.parse.parse_qsl(query, keep_blank_values=True)


@cache
def uri_pattern(uri):
    path, _, _ = uri.partition("?")
    pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re.escape(path))
    return re.compile(pattern + "/?")


def match_uri(operation, request):
    if operation.http["method"] != request["method"]:
        return None
    matched = uri_pattern(operation.http["requestUri"]).fullmatch(request["path"])
    if not matched or any(pair not in request["query"] for pair in literal_query(operation)):
        return None
    names = {member.serialization.get("name", name): name for name, member in operation.input_shape.members.items()
             if member.serialization.get("location") == "uri"} if operation.input_shape else {}
    return {names[label]: urllib.parse.unquote(text) for label, text in matched.groupdict().items()}


def located(shape, request):
    """Returns the parameters in the query and in headers."""
    params = {}
    for name, member in (shape.members.items() if shape else ()):
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "querystring":
            texts = [value for key, value in request["query"] if key == wire]
            if texts and member.type_name == "list":
                params[name] = [from_text(member.member, text) for text in texts]
            elif texts and member.type_name != "map":
                params[name] = from_text(member, texts[0])
        elif location == "header" and wire.lower() in request["headers"]:
            text = request["headers"][wire.lower()]
            params[name] = [from_text(member.member, part.strip()) for part in text.split(",")] if member.type_name == "list" else from_text(member, text)
        elif location == "headers":
            found = {key[len(wire):]: value for key, value in request["headers"].items() if key.startswith(wire.lower())}
            if found:
                params[name] = found
    return params


def add_body(operation, request, params):
    shape, body = operation.input_shape, request["body"]
    if shape is None or not body:
        return
    payload = shape.serialization.get("payload")
    if payload is None:
        if model_protocol(operation) == "rest-xml":
            raise Problem(f"{operation.name}: has a body; want none")
        params.update(json.loads(body))
        return
    member = shape.members[payload]
    if member.type_name in ("blob", "string"):
        params[payload] = body
    elif model_protocol(operation) == "rest-xml":
        params[payload] = from_xml(member, ElementTree.fromstring(body))
    else:
        params[payload] = json.loads(body)


def model_protocol(operation):
    return operation.service_model.metadata["protocol"]


def from_xml(shape, node):
    def local(tag):
        return tag.rpartition("}")[2]

    if shape.type_name == "structure":
        params, known = {}, set()
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if member.type_name == "list" and member.serialization.get("flattened"):
                wire = member.member.serialization.get("name", wire)
            known.add(wire)
            children = [child for child in node if local(child.tag) == wire]
            if not children:
                continue
            if member.type_name == "list" and member.serialization.get("flattened"):
                params[name] = [from_xml(member.member, child) for child in children]
            else:
                params[name] = from_xml(member, children[0])
        unknown = {local(child.tag) for child in node} - known
        if unknown:
            raise Problem(f"has unknown elements {sorted(unknown)}")
        return params
    if shape.type_name == "list":
        return [from_xml(shape.member, child) for child in node]
    return from_text(shape, node.text or "")


# Parameters against shapes.


def check(shape, value, path, problems, unchecked):
    """Adds what the model rejects in a value."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        if not isinstance(value, dict):
            problems.append(of_type(value, path, "a structure"))
            return
        wires = {member.serialization.get("name", name) if member.serialization.get("location") is None else name: name for name, member in shape.members.items()}
        present = {wires.get(name, name): part for name, part in value.items()}
        problems.extend(f"{path}.{name}: is unknown" for name in present if name not in shape.members)
        problems.extend(f"{path}.{name}: is missing" for name in shape.required_members if name not in present)
        if getattr(shape, "is_tagged_union", False) and len(present) != 1:
            problems.append(f"{path}: has {len(present)} members of a union")
        for name, part in present.items():
            if name in shape.members and part is not None:
                check(shape.members[name], part, f"{path}.{name}", problems, unchecked)
    elif kind == "list":
        if not isinstance(value, list):
            problems.append(of_type(value, path, "a list"))
            return
        within(len(value), limits, path, "elements", problems)
        for i, element in enumerate(value):
            check(shape.member, element, f"{path}[{i}]", problems, unchecked)
    elif kind == "map":
        if not isinstance(value, dict):
            problems.append(of_type(value, path, "a map"))
            return
        within(len(value), limits, path, "entries", problems)
        for key, part in value.items():
            check(shape.key, key, f"{path} key", problems, unchecked)
            check(shape.value, part, f"{path}[…]", problems, unchecked)
    elif kind in ("integer", "long", "float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (kind in ("integer", "long") and not isinstance(value, int)):
            problems.append(of_type(value, path, kind))
        else:
            within(value, limits, path, "", problems)
    elif kind == "boolean":
        if not isinstance(value, bool):
            problems.append(of_type(value, path, "a boolean"))
    elif kind == "string":
        if not isinstance(value, (str, bytes)):
            problems.append(of_type(value, path, "a string"))
            return
        text = value.decode() if isinstance(value, bytes) else value
        within(len(text), limits, path, "characters", problems)
        if getattr(shape, "enum", None) and text not in shape.enum:
            problems.append(f"{path}: is {text!r}; want one of {shape.enum[:12]}")
        if "pattern" in limits:
            matched = matches(limits["pattern"], text)
            if matched is None:
                unchecked.add(limits["pattern"])
            elif not matched:
                problems.append(f"{path}: does not match {limits['pattern']}")


def of_type(value, path, want):
    return f"{path}: is of type {type(value).__name__}; want {want}"


def within(number, limits, path, unit, problems):
    if number < limits.get("min", number) or number > limits.get("max", number):
        problems.append(f"{path}: has {number} {unit}; want {limits.get('min', '…')} to {limits.get('max', '…')}")


@cache
def compiled(pattern):
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:  # \p{L}, and other expressions of Java's
        return None


def matches(pattern, text):
    expression = compiled(pattern)
    return None if expression is None else expression.fullmatch(text) is not None


def decode(line):
    request = json.loads(line)
    request["headers"] = dict(request["headers"])
    request["query"] = urllib.parse.parse_qsl(request["query"], keep_blank_values=True)
    request["body"] = None if request["body"] is None else base64.b64decode(request["body"])
    return request


def main(paths):
    seen, problems, unchecked = defaultdict(set), defaultdict(set), set()
    for path in paths:
        for line in open(path, encoding="utf-8") if os.path.exists(path) else ():
            if not line.endswith("\n"):
                continue  # the end of local AWS interrupted it
            request = decode(line)
            signing = service_of(request)
            if signing is None or signing in NOT_CHECKED:
                continue
            client = client_of(request)
            if signing not in SERVICES:
                problems[client].add(f"{signing}: has no model; want an entry in SERVICES")
                continue
            service, found = SERVICES[signing], []
            try:
                operation, params = parse(service, request)
                seen[client].add(f"{service}:{operation.name}")
                if operation.input_shape and params is not None:
                    check(operation.input_shape, params, operation.name, found, unchecked)
            except Problem as problem:
                found.append(str(problem))
            except (KeyError, ValueError, AttributeError) as error:
                found.append(f"{request['method']} {request['path']}: cannot be read: {error!r}")
            problems[client].update(f"{service}: {text}" for text in found)
    print(json.dumps({
        "problems": {client: sorted(texts) for client, texts in problems.items() if texts},
        "seen": {client: sorted(names) for client, names in seen.items()},
        "unchecked": sorted(unchecked),
    }))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
