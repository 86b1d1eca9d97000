"""podpac's S3 cache, below the prefix of the setting cache_prefix.

podpac's own store lists its bucket, and cannot write results with xarray of today. This one
reads and writes objects by name, so that the function's role needs no other rights. It is
part of podpac's DEFAULT_CACHE: a node's cache() uses it."""

import hashlib
import io
import json
import time

import numpy
import podpac
import xarray
from podpac.core.cache import cache_ctrl
from podpac.core.cache.cache_store import CacheStore
from podpac.core.cache.utils import CacheException, expiration_timestamp
from podpac.core.settings import settings

from .clients import s3
from .rules import EVENT_SETTINGS
from .store import bucket, status_of

# The settings of an event that change no result.
_WITHOUT_EFFECT = {"ENABLE_CACHE", "MULTITHREADING", "UNSAFE_EVAL_HASH"}


class S3Cache(CacheStore):
    """A cache in the function's bucket. An entry that is written again replaces the
    former one, and the bucket's lifecycle deletes old ones."""

    cache_mode = "s3"
    cache_modes = {"s3", "all"}

    def __init__(self):
        if not settings["ENABLE_CACHE"]:
            raise CacheException("Cache is disabled in the podpac settings.")
        self._bucket, self._found = bucket(), (None, None)

    def put(self, node, data, item, coordinates=None, expires=None, update=True):
        encoded = _encode(data)
        if encoded is None:  # of no type that can be read without running code
            return False
        kind, content = encoded
        metadata = {"kind": kind, "expires": str(expiration_timestamp(expires) or "")}
        s3().put_object(Bucket=self._bucket, Key=_key(node, item, coordinates), Body=content, Metadata=metadata)
        self._found = (None, None)
        return True

    def has(self, node, item, coordinates=None):
        """Report whether there is an entry, and keep it: podpac checks again, and reads it."""
        key = _key(node, item, coordinates)
        if self._found[0] != key or self._found[1] is None:
            self._found = (key, _read(self._bucket, key))
        return self._found[1] is not None

    def get(self, node, item, coordinates=None):
        key = _key(node, item, coordinates)
        entry = self._found[1] if self._found[0] == key else _read(self._bucket, key)
        self._found = (None, None)
        if entry is None:
            raise CacheException("Cache miss. Requested data not found.")
        return _decode(*entry)

    def rem(self, node, item=None, coordinates=None):
        raise CacheException("the function deletes no object of the cache")

    def clear(self):
        raise CacheException("the function deletes no object of the cache")

    def cleanup(self):
        """Do nothing: the bucket's lifecycle deletes old entries."""


def install():
    """Make podpac use this store for caches of the type "s3". A HashCache of a definition
    uses DEFAULT_CACHE then: podpac 4.0.1 means that, but its default is an empty list."""
    cache_ctrl._CACHE_STORES["s3"] = S3Cache
    cache_ctrl._CACHE_NAMES[S3Cache] = "s3"
    podpac.caches.HashCache.class_traits()["cache_type"].default_value = None


def _key(node, item, coordinates):
    """Return the key of an entry. The class, the version of podpac, the style and the
    settings of the event separate what the hash of a node does not; that hash can be any
    text, which a caller chooses."""
    name = f"{type(node).__module__}.{type(node).__name__}"
    source = getattr(node, "source", None)  # of a cache node; the source of data is none
    style = source.style if isinstance(source, podpac.Node) else node.style
    changed = json.dumps([style.json, {name: settings[name] for name in sorted(EVENT_SETTINGS - _WITHOUT_EFFECT)}])
    hashes = "/".join(hashlib.sha256(text.encode()).hexdigest() for text in (node.hash, item, changed))
    return f"{settings['S3_CACHE_DIR'].rstrip('/')}/{podpac.__version__}/{name}/{hashes}/{coordinates.hash if coordinates else 'none'}"


def _read(bucket, key):
    """Return kind and content of an entry, or None without one that is valid."""
    try:
        found = s3().get_object(Bucket=bucket, Key=key)
    except Exception as err:
        if status_of(err) in (403, 404):
            return None
        raise
    expires = found["Metadata"].get("expires")
    if expires and time.time() >= float(expires):
        return None
    return found["Metadata"].get("kind"), found["Body"].read()


def _encode(data):
    if isinstance(data, xarray.DataArray):
        return "array" if not isinstance(data, podpac.core.units.UnitsDataArray) else "units", bytes(data.to_netcdf())
    if isinstance(data, numpy.ndarray) and not data.dtype.hasobject:
        file = io.BytesIO()
        numpy.save(file, data, allow_pickle=False)
        return "numbers", file.getvalue()
    if isinstance(data, podpac.Coordinates):
        return "coordinates", data.json.encode()
    try:
        return "json", json.dumps(data).encode()
    except (TypeError, ValueError):
        return None


def _decode(kind, content):
    if kind in ("array", "units"):
        array = xarray.load_dataarray(io.BytesIO(content))
        return podpac.core.units.UnitsDataArray(array)._pp_deserialize() if kind == "units" else array
    if kind == "numbers":
        return numpy.load(io.BytesIO(content), allow_pickle=False)
    if kind == "coordinates":
        return podpac.Coordinates.from_json(content.decode())
    if kind == "json":
        return json.loads(content)
    raise CacheException(f"an entry of the cache is of the kind {kind}")
