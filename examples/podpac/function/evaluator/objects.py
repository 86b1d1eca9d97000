"""Pipelines in objects of S3, whose results are objects, too."""

import urllib.parse

from . import rules
from .clients import s3
from .evaluate import evaluate
from .failures import BadRequest, Forbidden, TooLarge, explain
from .formats import ZARR_PART
from .request import pipeline_request, read_json
from .store import status_of

# The maximum number of bytes of an event in an object: more than Lambda accepts in an
# invoke, for which callers are referred to S3.
MAX_OBJECT = 32 << 20


def evaluate_objects(event, record):
    """Evaluate all pipelines of a notification. One failure fails the event, so that
    Lambda retries it or sends it to the dead-letter queue."""
    failures, record["objects"] = [], []
    for item in event["Records"]:
        entry, pipeline = {}, {}
        record["objects"].append(entry)
        try:
            if item.get("eventSource") != "aws:s3":
                raise BadRequest("a record of the event is not from S3")
            bucket, entry["key"] = item["s3"]["bucket"]["name"], urllib.parse.unquote_plus(item["s3"]["object"]["key"])
            if bucket != rules.RULES.settings.get("S3_BUCKET_NAME", bucket):
                raise Forbidden(f"bucket {bucket}: is not the function's")
            pipeline, etag = _read_object(bucket, entry["key"])
            _evaluate_object(bucket, pipeline, etag, entry)
        except Exception as err:
            failures.append(explain(err, pipeline, entry))
    if failures:
        worst = max(failures, key=lambda failure: failure.status)
        raise type(worst)(f"{len(failures)} of {len(event['Records'])} objects failed: {worst}")
    record["status"] = 200


def _read_object(bucket, key):
    if not key.startswith(rules.RULES.input) or {".", ".."} & set(key.split("/")):
        raise BadRequest(f"the object is not below {rules.RULES.input}")
    found = s3().get_object(Bucket=bucket, Key=key)
    if found["ContentLength"] > MAX_OBJECT:
        raise TooLarge(f"the object has {found['ContentLength']} bytes; want at most {MAX_OBJECT}")
    return read_json(found["Body"].read(), "the object"), found["ETag"]


def _evaluate_object(bucket, pipeline, etag, record):
    """Evaluate the pipeline in an object, and write the result to the same bucket with
    the object's ETag. An existing result of the same ETag is kept unless the settings
    hold FUNCTION_FORCE_COMPUTE, or the result is a part of a Zarr, which may be gone."""
    request = pipeline_request(pipeline)
    name = record["key"][len(rules.RULES.input) :]
    if name.endswith(".json"):
        name = name[: -len(".json")]
    record["output"] = f"{rules.RULES.output}{name}.{request.suffix}"
    forced = (pipeline.get("settings") or {}).get("FUNCTION_FORCE_COMPUTE") or request.format is ZARR_PART
    if not forced and _etag_of_input(bucket, record["output"]) == etag:
        record["kept"] = True
        return
    s3().put_object(
        Bucket=bucket,
        Key=record["output"],
        Body=evaluate(request, record),
        ContentType=request.format.content_type,
        Metadata={"input-etag": etag},
    )


def _etag_of_input(bucket, key):
    """Return the ETag of the input of a result, or None without a result. Without
    permission to list the bucket, S3 answers 403 for a missing object."""
    try:
        return s3().head_object(Bucket=bucket, Key=key)["Metadata"].get("input-etag")
    except Exception as err:
        if status_of(err) in (403, 404):
            return None
        raise
