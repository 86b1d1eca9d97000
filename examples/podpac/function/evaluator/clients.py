"""Clients of AWS."""

_clients = {}


def s3():
    """Return the S3 client, which the first call creates."""
    if "s3" not in _clients:
        import boto3

        _clients["s3"] = boto3.client("s3")
    return _clients["s3"]


def secrets(secret):
    """Return the client of Secrets Manager in the region of a secret, which is the
    function's own for a name."""
    if secret not in _clients:
        import boto3

        region = secret.split(":")[3] if secret.startswith("arn:") else None
        _clients[secret] = boto3.client("secretsmanager", region_name=region)
    return _clients[secret]
