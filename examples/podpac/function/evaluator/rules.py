"""The rules of the operator: variables of the environment, and what an event may change."""

import json
import os
import tempfile

from .failures import Misconfigured

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


class Rules:
    """The settings in the environment, read once at start.

    SETTINGS                   JSON object of podpac's settings
    S3_BUCKET_NAME             podpac's setting of that name
    PODPAC_VERSION             the expected version of podpac
    PODPAC_RESTRICT_PIPELINES  JSON list: only nodes with these hashes are evaluated
    PODPAC_UNSAFE_EVAL         allows code in nodes if it equals the settings' UNSAFE_EVAL_HASH
    DATA_CREDENTIALS_SECRET    name or ARN of the secret with credentials: see credentials.py
    PODPAC_PLUGINS             JSON list of packages, besides podpac, whose nodes are allowed
    FUNCTION_S3_INPUT, FUNCTION_S3_OUTPUT
                               prefixes, default input/ and output/; SETTINGS may hold them, too
    """

    def __init__(self, environ):
        self.settings = _parse(environ, "SETTINGS", dict, {})
        if environ.get("S3_BUCKET_NAME"):
            self.settings["S3_BUCKET_NAME"] = environ["S3_BUCKET_NAME"]
        self.settings.update(ROOT_PATH=tempfile.gettempdir(), LOG_TO_FILE=False, AUTOSAVE_SETTINGS=False)
        self.secret = environ.get("DATA_CREDENTIALS_SECRET")
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
