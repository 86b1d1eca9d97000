"""Nodes of the fake: one that returns its source, and one for each kind of failure."""

import io
import json

from podpac import Node
from podpac.core.settings import settings

evaluated = []


class Result:
    def __init__(self, data):
        self.data, self.dims = data, ("lat", "lon")

    def to_format(self, format, **options):
        if format == "json":
            return json.dumps({"data": self.data})
        if format == "png":
            return io.BytesIO(b"\x89PNG" + json.dumps([self.data, options]).encode())
        if format == "geotiff":
            return io.BytesIO(b"II*\x00")
        if format == "netcdf":
            return memoryview(b"CDF")
        if format == "pickle":
            return b"\x80"
        raise NotImplementedError(format)


class Array(Node):
    attributes = {"source": list}

    def eval(self, coordinates):
        evaluated.append(self)
        return Result(self.source)


class Text(Node):
    """Return a text of so many characters."""

    attributes = {"size": int}

    def eval(self, coordinates):
        return Result("x" * self.size)


class Mean(Node):
    attributes = {}

    def eval(self, coordinates):
        rows = self.source.eval(coordinates).data
        return Result([sum(column) / len(rows) for column in zip(*rows)])


class Untagged(Node):
    """Return an attribute that the hash does not cover."""

    untagged = "harmless"

    def eval(self, coordinates):
        return Result([self.untagged])


class Settings(Node):
    def eval(self, coordinates):
        return Result(sorted(str(item) for item in settings.items()))


class Code(Node):
    def eval(self, coordinates):
        if not settings.allow_unsafe_eval:
            raise PermissionError("Insecure evaluation of Python code")
        return Result([42])


class Remote(Node):
    attributes = {"aws_secret_access_key": str, "url": str}

    def eval(self, coordinates):
        raise OSError(13, f"/var/task: {self.url} refused {self.aws_secret_access_key}")


class Shapeless(Node):
    def eval(self, coordinates):
        return None
