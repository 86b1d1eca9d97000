"""Nodes of the fake: one that returns its source, and one for each kind of failure."""

import base64
import io
import json
import types
from urllib.parse import quote

from podpac import Coordinates, Node
from podpac.core.settings import settings

evaluated = []


class Result:
    shape = (3, 2)

    def __init__(self, data):
        self.data, self.dims = data, ("lat", "lon")

    def to_netcdf(self):
        return memoryview(b"CDF")

    def to_format(self, format, **options):
        if format == "netcdf":
            return self.to_netcdf()
        if format == "json":
            return json.dumps({"data": self.data})
        if format == "png":
            return io.BytesIO(b"\x89PNG" + json.dumps([self.data, options]).encode())
        if format == "geotiff":
            return io.BytesIO(b"II*\x00")
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


class Named(Array):
    """A node whose hash is a text in its definition, as that of podpac's cache nodes."""

    attributes = {"source": list, "cache_uid": str}

    @property
    def hash(self):
        return self.cache_uid


class Settings(Node):
    def eval(self, coordinates):
        return Result(sorted(str(item) for item in settings.items()))


class Field(Node):
    """Return on each grid what a formula states: 100 × latitude + longitude, and the day
    of the month in the fraction. It is missing in the south."""

    times = ["2020-01-01", "2020-01-02T12"]

    def find_coordinates(self):
        lat, lon = {"name": "lat", "values": [-1, 0, 1]}, {"name": "lon", "values": [10, 20]}
        return [Coordinates({"coords": [lat, lon, {"name": "time", "values": self.times}]})]

    def eval(self, coordinates):
        evaluated.append(self)
        day = int(coordinates["time"].coordinates[0][8:10]) / 100
        rows, columns = (coordinates[name].coordinates for name in ("lat", "lon"))
        return Grid([[100 * lat + lon + day if lat > -1 else float("nan") for lon in columns] for lat in rows], coordinates, self.style)


class Shifted(Node):
    """Return its own grid, whatever the request's."""

    def eval(self, coordinates):
        return Grid([[1]], Coordinates({"coords": []}), self.style)


class GridOfSettings(Node):
    """Return podpac's settings in each cell."""

    def eval(self, coordinates):
        rows, columns = (coordinates[name].size for name in ("lat", "lon"))
        return Grid([[sorted(str(item) for item in settings.items())] * columns] * rows, coordinates, self.style)


class Grid(Result):
    """A result with the part of xarray's interface that maps need."""

    def __init__(self, rows, coordinates, style):
        super().__init__(rows)
        self.shape, self.attrs = (len(rows), len(rows[0])), {"layer_style": style, "units": None, "crs": "EPSG:4326"}
        self.numbers = [number for row in rows for number in row]
        self.coords = {name: Values(coordinates[name].coordinates) for name in coordinates.dims}
        self.data, self.rows, self.style = Numbers(rows), rows, style

    def isel(self, lat, lon):
        at = {name: Values([values.data.ravel()[{"lat": lat, "lon": lon}.get(name, 0)]]) for name, values in self.coords.items()}
        return types.SimpleNamespace(data=Numbers([[self.rows[lat][lon]]]), coords=at, dims=(), attrs=self.attrs)

    def min(self):
        return min((number for number in self.numbers if number == number), default=float("nan"))

    def max(self):
        return max((number for number in self.numbers if number == number), default=float("nan"))


class Numbers(list):
    def ravel(self):
        return [number for row in self for number in row]


class Values:
    def __init__(self, values):
        self.data = types.SimpleNamespace(ravel=lambda: values)


class Code(Node):
    def eval(self, coordinates):
        if not settings.allow_unsafe_eval:
            raise PermissionError("Insecure evaluation of Python code")
        return Result([42])


class Protected(Node):
    """Return the data of a host if the settings have credentials for it."""

    attributes = {"host": str, "password": str}

    def eval(self, coordinates):
        user, password = (settings.get(f"{kind}@{self.host}") for kind in ("username", "password"))
        if password == self.password:
            return Result([1])
        header = base64.b64encode(f"{user}:{password}".encode()).decode()
        raise OSError(f"401 for {user} {password!r} at https://{self.host}/?p={quote(password or '')}; Basic {header}")


class Remote(Node):
    attributes = {"aws_secret_access_key": str, "url": str}

    def eval(self, coordinates):
        raise OSError(13, f"/var/task: {self.url} refused {self.aws_secret_access_key}")


class Shapeless(Node):
    def eval(self, coordinates):
        return None
