"""Clients of AWS."""

_clients = {}


def s3():
    """Return the S3 client, which the first call creates."""
    if "s3" not in _clients:
        import boto3

        _clients["s3"] = boto3.client("s3")
    return _clients["s3"]


def is_missing(err):
    """Report whether S3 has no such object. Without permission to list the bucket, S3
    answers 403 for a missing object."""
    return getattr(err, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode") in (403, 404)
