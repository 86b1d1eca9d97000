"""Credentials for data, from a secret of AWS Secrets Manager.

The secret is a JSON object of podpac's settings for credentials:
{"username@urs.earthdata.nasa.gov": "…", "password@urs.earthdata.nasa.gov": "…"}.
They are settings of podpac while a pipeline is evaluated. No event may use them for
another host than theirs, and no log, answer or error contains them."""

import json
import re
import time

from . import rules
from .clients import secrets
from .failures import Forbidden, Misconfigured, conceal

# The secret is read again after this time, in seconds, so that changed credentials
# take effect.
LIFETIME = 300

# podpac's settings for credentials: see podpac/core/authentication.py. Access to AWS comes
# from the function's role.
NAME = re.compile(r"(username|password)@\S+")

_kept = {}  # when the content of a secret expires, and podpac's settings in it


def settings():
    """Return podpac's settings with the credentials. The first evaluation reads the
    secret, so that no snapshot of the function contains it."""
    secret = rules.RULES.secret
    if not secret:
        return {}
    now = time.monotonic()
    expires, found = _kept.get(secret, (now, None))
    if now >= expires:
        found = _read(secret)
        _kept[secret] = now + LIFETIME, found
    return found


def _read(secret):
    try:
        text = secrets(secret).get_secret_value(SecretId=secret).get("SecretString")
    except Exception as err:
        raise Misconfigured("data_credentials_secret: the function cannot read it; see its log") from err
    try:
        found = json.loads(text or "")
    except ValueError:
        found = None  # without the text in a trace
    if not isinstance(found, dict) or not all(isinstance(value, str) and value for value in found.values()):
        raise Misconfigured("data_credentials_secret: the content is invalid; want a JSON object of texts")
    for name, value in found.items():
        if not NAME.fullmatch(name):
            raise Misconfigured("data_credentials_secret: a key is invalid; want username@HOST and password@HOST")
        conceal(value)
    for name in found:
        kind, _, host = name.partition("@")
        if kind == "username" and f"password@{host}" in found:
            conceal(f"{found[name]}:{found[f'password@{host}']}")
    return found


def check(name, definition, node):
    """Refuse what could pass credentials to another host, or into a result: attributes
    that are no part of a node's definition, such as hostname, and attributes of other
    nodes, such as password. The definitions of data that podpac writes have none of
    them."""
    if not rules.RULES.secret:
        return
    refused = None
    if definition.get("lookup_attrs"):
        refused = "lookup_attrs"
    else:
        traits = node.class_traits()
        for part in (definition.get("attrs"), definition.get("inputs")):
            for attribute in part if isinstance(part, dict) else ():
                if attribute in traits and not traits[attribute].metadata.get("attr"):
                    refused = f"{attribute}, which is no part of its definition"
    if refused:
        raise Forbidden(f"pipeline: {name} has {refused}; a function with credentials for data refuses that")
