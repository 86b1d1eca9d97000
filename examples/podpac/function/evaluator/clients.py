"""Clients of AWS."""

_clients = {}


def s3():
    """Return the S3 client, which the first call creates."""
    if "s3" not in _clients:
        import boto3

        _clients["s3"] = boto3.client("s3")
    return _clients["s3"]
