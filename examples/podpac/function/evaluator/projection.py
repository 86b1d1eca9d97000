"""Maps in another coordinate reference system (CRS) than the data's.

podpac transforms the cells of the data to the map's CRS. If they are not parallel to the
map there, such as in UTM, it cannot interpolate linearly. It also fails if no pixel is
near the data, if a cell has no place in that CRS, and beyond the 180th meridian. In
these cases, the places of the pixels are transformed to the CRS of the data instead."""

import numpy
import podpac
import pyproj
from podpac.core.interpolation.interpolation_manager import InterpolationException
from podpac.core.units import UnitsDataArray

from . import layers
from .evaluate import output_of
from .failures import BadRequest, EvaluationFailed

# What podpac raises for cells without a place in the map's CRS, besides.
_OF_PLACES = (InterpolationException, pyproj.exceptions.ProjError, ValueError, IndexError)

# The number of places that are evaluated at once. podpac needs half a kilobyte for each.
_AT_ONCE = 1 << 18

# How far pixels may be from parallels and meridians, in pixels.
_PARALLEL = 1e-3


def output_on_map(node, coordinates, data_crs, data):
    """Return the result of a node on the grid of a map, whose CRS is not the data's. data
    are the coordinates of the data, as far as they are known."""
    transformer = _transformer(coordinates, data_crs)
    failure = None
    if not _passes_meridian(transformer, coordinates):
        try:
            return output_of(node, coordinates)
        except EvaluationFailed as err:
            if not isinstance(err.__cause__, _OF_PLACES):
                raise
            failure = err
    x, y, found = _places(transformer, coordinates, data_crs, data)
    names = [dim for dim in coordinates.dims if dim not in ("lat", "lon")]
    others = [coordinates[name] for name in names]
    if found.all() and _is_parallel(x) and _is_parallel(y.T):
        parts = [podpac.Coordinates([y[:, 0], x[0], *others], dims=["lat", "lon", *names], crs=data_crs, validate_crs=False)]
    else:
        parts = [
            podpac.Coordinates([list(part), *others], dims=["lat_lon", *names], crs=data_crs, validate_crs=False)
            for part in zip(*(numpy.array_split(side.ravel(), -(-side.size // _AT_ONCE)) for side in (y, x)))
        ]
    try:
        outputs = [output_of(node, part) for part in parts]
    except EvaluationFailed as err:
        # podpac also fails for data of one row or column.
        if isinstance(err.__cause__, InterpolationException) or any(1 in (part["lat"].size, part["lon"].size) for part in data):
            raise BadRequest(f"CRS {coordinates.crs}: the layer's interpolation is not for it; want {data_crs}, as the data has") from err
        raise failure or err
    return _on_grid(outputs, coordinates, found)


def _transformer(coordinates, data_crs):
    crs = coordinates.pyproj_crs
    if not (crs.is_geographic or crs.is_projected):
        raise BadRequest(f"CRS {coordinates.crs}: is not one of maps; want one such as EPSG:4326 or EPSG:3857")
    try:
        return pyproj.Transformer.from_crs(crs, data_crs, always_xy=True)
    except pyproj.exceptions.ProjError as err:  # of another planet, for example
        raise BadRequest(f"CRS {coordinates.crs}: has no transformation to {data_crs}, as the data has") from err


def _passes_meridian(transformer, coordinates):
    """Report whether a map lies over or beyond the 180th meridian. There, longitudes
    jump, and have other places in the map's CRS."""
    if not transformer.target_crs.is_geographic:
        return False
    lat, lon = (coordinates[name].coordinates for name in ("lat", "lon"))
    pixel = abs(lon[1] - lon[0])
    for row in {lat[0], lat[len(lat) // 2], lat[-1]}:
        x, y = transformer.transform(lon, numpy.full(len(lon), row))
        found = numpy.isfinite(x) & numpy.isfinite(y)
        back = transformer.transform(x[found], y[found], direction="INVERSE")[0]
        if (numpy.abs(numpy.diff(x[found])) > 180).any() or (numpy.abs(back - lon[found]) > pixel).any():
            return True
    return False


def _places(transformer, coordinates, crs, data):
    """Return the places of a map's pixels in a CRS, and which of them have data. podpac
    extrapolates to others, so they have a place of the data's."""
    lat, lon = (coordinates[name].coordinates for name in ("lat", "lon"))
    x, y = transformer.transform(*numpy.meshgrid(lon, lat))
    found = numpy.isfinite(x) & numpy.isfinite(y)
    if not found.any():
        raise BadRequest(f"BBOX: no pixel is within the area of {coordinates.crs}")
    x[~found], y[~found] = x[found][0], y[found][0]
    data = data if all(part.crs == crs for part in data) else []
    within = [_is_between(x, part["lon"]) & _is_between(y, part["lat"]) for part in data]
    found &= numpy.any(within, axis=0) if data else True
    if len(data) == 1:
        x, y = _moved(x, data[0]["lon"]), _moved(y, data[0]["lat"])
    return x, y, found


def _is_between(values, dimension):
    """Report which values are between the outer edges of a dimension's cells."""
    low, high = layers.edges_of(dimension)
    return (low <= values) & (values <= high)


def _moved(values, dimension):
    """Return values that are between the middles of a dimension's outer cells. At one of
    them exactly, podpac would read that cell alone, and fail."""
    low, high = (float(bound) for bound in dimension.bounds)
    margin = (high - low) * 1e-9
    return numpy.clip(values, low + margin, high - margin)


def _is_parallel(values):
    """Report whether all rows have the same values."""
    pixel = numpy.ptp(values[0]) / max(1, values.shape[1] - 1)
    return numpy.abs(values - values[0]).max() <= _PARALLEL * pixel


def _on_grid(outputs, coordinates, found):
    """Return results at the places of a map's pixels as one on the map's grid."""
    first = outputs[0]
    sides = ["lat_lon"] if "lat_lon" in first.dims else ["lat", "lon"]
    if not set(sides) <= set(first.dims):
        return first  # which is not on the map's grid
    others = [dim for dim in coordinates.dims if dim in first.dims and dim not in sides]
    values = numpy.concatenate([output.transpose(*sides, *others, ...).values.astype(float) for output in outputs])
    if values.shape[: len(sides)] not in (found.shape, (found.size,)):
        return first
    values = values.reshape(*found.shape, *values.shape[len(sides) :])
    values[~found] = numpy.nan
    grid = coordinates.drop([dim for dim in coordinates.dims if dim not in ("lat", "lon", *others)])
    names = [str(name) for name in first["output"].values] if "output" in first.dims else None
    attributes = {**first.attrs, "crs": coordinates.crs, "geotransform": grid.geotransform}
    return UnitsDataArray.create(grid, data=values, outputs=names, attrs=attributes)
