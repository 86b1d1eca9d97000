"""A Zarr in the function's bucket, as a store of zarr."""

from collections.abc import MutableMapping

from . import rules
from .clients import s3
from .failures import BadRequest, Misconfigured


def bucket():
    """Return the name of the function's bucket."""
    name = rules.RULES.settings.get("S3_BUCKET_NAME")
    if not name:
        raise Misconfigured("the function has no bucket; want function_triggers with S3, or fan_out")
    return name


def zarr():
    """Return zarr. Blosc compresses in one thread: several threads write the blocks in
    the order in which they finish, so that equal data has different bytes."""
    import numcodecs.blosc
    import zarr

    numcodecs.blosc.use_threads = False
    return zarr


class ZarrStore(MutableMapping):
    """The objects of one Zarr. They are read and written by name, because the function
    may not list its bucket. Without that permission S3 answers 403 for a missing
    object, so 403 means missing."""

    def __init__(self, key):
        # A part of a path that is empty or dots could be another path for other clients.
        if not key.startswith(rules.RULES.output) or any(part in ("", ".", "..") for part in key.split("/")):
            raise BadRequest(f"the Zarr {key} is not below {rules.RULES.output}")
        self.bucket, self.prefix = bucket(), key + "/"

    def __getitem__(self, name):
        content = read_object(self.bucket, self.prefix + name)
        if content is None:
            raise KeyError(name)
        return content

    def __setitem__(self, name, content):
        s3().put_object(Bucket=self.bucket, Key=self.prefix + name, Body=bytes(content))

    def create(self, name, content):
        """Write an object that must be new, and report whether it was."""
        try:
            s3().put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content, IfNoneMatch="*")
        except Exception as err:
            if status_of(err) not in (409, 412):
                raise
            return False
        return True

    def __delitem__(self, name):
        raise PermissionError("the function deletes no object")

    def __iter__(self):
        raise PermissionError("the function lists no objects")

    __len__ = __iter__


def runs_code(array):
    """Report whether a chunk of an array could run code when it is read, because
    others may have written it."""
    return array.dtype.hasobject or bool(array.filters) or getattr(array.compressor, "codec_id", None) == "pickle"


def read_object(bucket, key):
    """Return the content of an object, or None for a missing one."""
    try:
        return s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except Exception as err:
        if status_of(err) in (403, 404):
            return None
        raise


def status_of(err):
    """Return the HTTP status of an error of boto3, or None."""
    return getattr(err, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
