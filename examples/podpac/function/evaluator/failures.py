"""Errors for callers, and the log of their causes without credentials."""

import base64
import contextlib
import json
import re
import traceback
from urllib.parse import quote, quote_plus


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


def explain(err, event, record):
    """Log an error with its trace, and return the failure for the caller. Neither
    holds a credential of the event or of the function."""
    failure = err if isinstance(err, Failure) else Failure("the function failed; see its log")
    message = redact(str(failure), event)
    record.update(status=failure.status, error=failure.code, message=message)
    cause = err.__cause__ or err
    if cause is not failure:
        trace = traceback.format_exception(type(cause), cause, cause.__traceback__)
        record["cause"] = redact("".join(trace), event)[-4000:]
    return type(failure)(message)  # without a trace


def message_of(err):
    """Return the message of podpac's error about a definition, on one line."""
    if type(err).__name__ in ("ValueError", "TypeError", "KeyError", "AttributeError", "TraitError", "CRSError"):
        return " ".join(str(err).split())[:300]
    return f"it is not valid ({type(err).__name__})"


# Credentials in a URL: user and password, and signatures.
_IN_ADDRESSES = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=[?&])((?:x-amz-[\w-]+|\w*(?:token|key|sig|signature))=)[^&\s\"']+", re.IGNORECASE)


_concealed = set()


def conceal(secret):
    """Redact a secret of the function from now on, also as part of an address and of
    an Authorization header."""
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    _concealed.update(form for form in forms | {base64.b64encode(secret.encode()).decode()} if len(form) >= 4)


def redact(text, event):
    for secret in sorted(_secrets(event) | _concealed, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _IN_ADDRESSES.sub(lambda found: (found[1] or "") + "***", text)


def _secrets(event):
    """Return the texts of an event under keys of credentials. An event can be nested
    deeper than calls can."""
    found, left = set(), [(event, False)]
    while left:
        value, secret = left.pop()
        if isinstance(value, str) and value.startswith("{"):  # PARAMS of a query
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(value)
        if isinstance(value, dict):
            left.extend((inner, secret or _is_secret(key)) for key, inner in value.items())
        elif isinstance(value, list):
            left.extend((inner, secret) for inner in value)
        elif secret and isinstance(value, str) and len(value) >= 4:
            found.add(value)
    return found


def _is_secret(name):
    return any(word in str(name).lower() for word in ("key", "secret", "token", "password", "auth", "unsafe_eval_hash"))
