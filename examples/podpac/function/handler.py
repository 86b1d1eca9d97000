"""A Lambda function that evaluates PODPAC pipelines, for podpac 4.

It handles four kinds of events:

- a direct invocation, whose event is the pipeline:
  {"pipeline": definition, "coordinates": definition,
   "output": {"format": "png", "format_kwargs": {}}, "settings": {}}
- an S3 notification of such a pipeline as an object below the input prefix;
  the handler writes the result to an object below the output prefix
- one chunk of a grid that many functions evaluate, or the grid's Zarr: see
  evaluator/grid.py
- a request of API Gateway (payload 1.0) with a WCS or WMS query string, or for a file
  of the map below the endpoint's path: see evaluator/viewer.py

The answer to a direct invocation is the result as PODPAC's client reads it: bytes, or
a text for JSON. Only the answer to a request of API Gateway has API Gateway's format.

Variables of the environment restrict pipelines: see evaluator/rules.py. The handler
logs no part of an event, and its error messages hold no internals.
"""

import json
import time

from evaluator import rules
from evaluator.evaluate import evaluate
from evaluator.failures import TooLarge, explain
from evaluator.objects import evaluate_objects
from evaluator.query import answer_failure, answer_query
from evaluator.request import pipeline_request
from evaluator.viewer import answer_file

# The maximum size of the answer to a synchronous invocation.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ANSWER = 6_291_556

if "S3_CACHE_DIR" in rules.RULES.settings:
    from evaluator import cache

    cache.install()


def handler(event, context):
    """Handle one event. A failed API request has an answer with a status. A failed
    direct or S3 event is a failed invocation, for Lambda's retries, destinations
    and alarms."""
    trigger, record = _trigger(event), {"request_id": getattr(context, "aws_request_id", None)}
    record["trigger"], began = trigger, time.monotonic()
    try:
        if trigger == "test":
            return None
        if trigger == "S3":
            return evaluate_objects(event, record)
        if trigger == "grid":
            from evaluator.grid import evaluate_grid  # only these events need its libraries

            return evaluate_grid(event, record)
        if trigger == "API":
            path = (event.get("pathParameters") or {}).get("proxy")
            document = answer_file(path, event) if path else answer_query(event, record)
            record["status"] = document.status
            return _answer(document.response(), record)
        request = pipeline_request(event)
        body = evaluate(request, record)
        return _answer(body.decode() if request.format.is_text else body, record)
    except Exception as err:
        failure = explain(err, event, record)
    finally:
        record["seconds"] = round(time.monotonic() - began, 3)
        print(json.dumps(record))
    if trigger == "API":
        return answer_failure(failure, event, record).response()
    raise failure


def _trigger(event):
    if not isinstance(event, dict):
        return "eval"
    if event.get("Event") == "s3:TestEvent":  # S3 sends it once, at the configuration of a notification
        return "test"
    if "Records" in event:
        return "S3"
    if any(name.startswith("zarr_") for name in event):
        return "grid"
    return "API" if "queryStringParameters" in event or "requestContext" in event else "eval"


def _answer(answer, record):
    """Return an answer that Lambda accepts. Lambda's runtime writes bytes as they are,
    and everything else as JSON."""
    size = len(answer if isinstance(answer, bytes) else json.dumps(answer))
    if size > MAX_ANSWER:
        raise TooLarge(f"the result has {size} bytes, more than Lambda's limit of {MAX_ANSWER}; want a smaller result, or an event through S3")
    record.setdefault("status", 200)
    return answer
