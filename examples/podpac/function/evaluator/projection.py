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

from .evaluate import output_of
from .failures import BadRequest, EvaluationFailed

# What podpac raises for cells without a place in the map's CRS, besides.
_OF_PLACES = (InterpolationException, pyproj.exceptions.ProjError, ValueError, IndexError)

# How far pixels may be from parallels and meridians, in pixels.
_PARALLEL = 1e-3


def output_on_map(node, coordinates, data_crs):
    """Return the result of a node on the grid of a map, whose CRS is not the data's."""
    transformer = _transformer(coordinates, data_crs)
    failure = None
    if not _passes_meridian(transformer, coordinates):
        try:
            return output_of(node, coordinates)
        except EvaluationFailed as err:
            if not isinstance(err.__cause__, _OF_PLACES):
                raise
            failure = err
    places, found = _places(transformer, coordinates, data_crs)
    try:
        output = output_of(node, places)
    except EvaluationFailed as err:
        if isinstance(err.__cause__, InterpolationException):
            raise BadRequest(f"CRS {coordinates.crs}: the layer's interpolation is not for it; want {data_crs}, as the data has") from err
        raise failure or err
    return _on_grid(output, coordinates, found)


def _transformer(coordinates, data_crs):
    crs = coordinates.pyproj_crs
    if not (crs.is_geographic or crs.is_projected):
        raise BadRequest(f"CRS {coordinates.crs}: is not one of maps; want one such as EPSG:4326 or EPSG:3857")
    try:
        return pyproj.Transformer.from_crs(crs, data_crs, always_xy=True)
    except pyproj.exceptions.ProjError as err:  # of another planet, for example
        raise BadRequest(f"CRS {coordinates.crs}: has no transformation to {data_crs}, as the data has") from err


def _passes_meridian(transformer, coordinates):
    """Report whether a map continues beyond the 180th meridian, where longitudes jump."""
    if not transformer.target_crs.is_geographic:
        return False
    lat, lon = (coordinates[name].coordinates for name in ("lat", "lon"))
    for row in {lat[0], lat[len(lat) // 2], lat[-1]}:
        jumps = numpy.abs(numpy.diff(transformer.transform(lon, numpy.full(len(lon), row))[0]))
        if (jumps[numpy.isfinite(jumps)] > 180).any():
            return True
    return False


def _places(transformer, coordinates, crs):
    """Return the places of a map's pixels as coordinates in a CRS, and which of them
    exist. The others have a place of one that exists."""
    lat, lon = (coordinates[name].coordinates for name in ("lat", "lon"))
    x, y = transformer.transform(*numpy.meshgrid(lon, lat))
    found = numpy.isfinite(x) & numpy.isfinite(y)
    if not found.any():
        raise BadRequest(f"BBOX: no pixel is within the area of {coordinates.crs}")
    if found.all() and _is_parallel(x, 1) and _is_parallel(y.T, 1):
        parts, dims = [y[:, 0], x[0]], ["lat", "lon"]
    else:
        x[~found], y[~found] = x[found][0], y[found][0]
        parts, dims = [[y, x]], ["lat_lon"]
    others = [dim for dim in coordinates.dims if dim not in ("lat", "lon")]
    return podpac.Coordinates([*parts, *(coordinates[dim] for dim in others)], dims=dims + others, crs=crs, validate_crs=False), found


def _is_parallel(values, axis):
    """Report whether all rows have the same values."""
    size = numpy.ptp(values[0]) / max(1, values.shape[axis] - 1)
    return numpy.abs(values - values[0]).max() <= _PARALLEL * size


def _on_grid(output, coordinates, found):
    """Return a result at the places of a map's pixels on the map's grid."""
    output = output.rename({old: new for old, new in (("lat_lon-1", "lat"), ("lat_lon-2", "lon")) if old in output.dims})
    dims = [dim for dim in coordinates.dims if dim in output.dims]
    if dims[:2] != ["lat", "lon"] or output.sizes["lat"] != found.shape[0] or output.sizes["lon"] != found.shape[1]:
        return output  # which is not on the map's grid
    outputs = [str(name) for name in output["output"].values] if "output" in output.dims else None
    values = output.transpose(*dims, ...).values.astype(float)
    values[~found] = numpy.nan
    grid = coordinates.drop([dim for dim in coordinates.dims if dim not in dims])
    attributes = {**output.attrs, "crs": coordinates.crs, "geotransform": grid.geotransform}
    return UnitsDataArray.create(grid, data=values, outputs=outputs, attrs=attributes)
