"""One grid that many functions evaluate, each of them some of its chunks, into one Zarr.

A document in the function's bucket, written by `defog eval --chunks`, describes the grid:

    {"pipeline": definition, "coordinates": definition, "settings": {},
     "chunks": {"lat": 64}, "zarr_chunks": {"lat": 32}, "zarr": "output/a.zarr"}

The coordinates are cut along each dimension in chunks; a dimension without an entry is
not cut. A chunk is evaluated by one function and becomes one or more of the Zarr's
chunks, so that no two functions write the same object. Events name the document:

- {"zarr_plan": {"grid": key}} returns dimensions, sizes and the number of chunks
- {"zarr_create": {"grid": key}} also writes the Zarr without its data
- {"zarr_owner": {"grid": key}} returns the grid that the Zarr is of
- {"zarr_chunk": {"grid": key, "chunk": [0, 3, 1]}} evaluates one chunk and writes it
- {"zarr_preview": {"grid": key}} draws the Zarr as a PNG beside it
"""

import json
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
import podpac
from podpac.core.style import Style
from podpac.core.units import UnitsDataArray

from . import rules
from .clients import s3
from .evaluate import allowed_node, output_of
from .failures import BadRequest, EvaluationFailed, TooLarge, explain, message_of
from .formats import PNG
from .request import MAX_PIPELINE, event_settings, ordered, read_json
from .store import ZarrStore, bucket, runs_code, status_of, zarr

# The place of a document: the run's prefix holds nothing else that the function reads.
_DOCUMENT = re.compile(r"runs/[A-Za-z0-9][A-Za-z0-9._-]*/grid\.json")

_ZARR = re.compile(r"[A-Za-z0-9!_.*'()/-]+\.zarr")

# The largest chunk that the Zarr's compressor accepts.
_MAX_CHUNK_BYTES = 2**31 - 17

# The maximum number of a preview's pixels along a side, and of chunks that it reads.
_MAX_SIDE, _MAX_READS = 1024, 16384

# Attributes of podpac that describe the evaluated chunk, and not the Zarr.
_OF_CHUNK = ("geotransform", "bounds", "boundary_data")

_documents = {}  # by key: ETag and grid

_environment = {"cold": True}


def evaluate_grid(event, record):
    """Do what one of the events requests, and return the answer."""
    name = next(iter(event))
    request = event[name]
    if len(event) != 1 or name not in _EVENTS or not isinstance(request, dict):
        raise BadRequest(f"the event is not one of {', '.join(_EVENTS)} with a JSON object")
    key = request.get("grid")
    if not isinstance(key, str) or not _DOCUMENT.fullmatch(key):
        raise BadRequest(f"{name}.grid is not a key such as runs/NAME/grid.json")
    record["event"], record["grid"] = name, key
    cold, _environment["cold"] = _environment["cold"], False
    grid = _read(key)
    try:
        answer = _EVENTS[name](grid, request, record)
    except Exception as err:
        raise explain(err, grid.document, record) from None
    record["status"] = 200
    return {**answer, "cold": cold}


def _read(key):
    """Return the grid of a document, which an environment reads once: S3 answers 304
    for the one that it has."""
    etag, grid = _documents.get(key, (None, None))
    try:
        found = s3().get_object(Bucket=bucket(), Key=key, **({"IfNoneMatch": etag} if etag else {}))
    except Exception as err:
        if etag and status_of(err) == 304:
            return grid
        if status_of(err) in (403, 404):
            raise BadRequest(f"{key} does not exist in the function's bucket, or the function may not read it") from err
        raise
    if found["ContentLength"] > MAX_PIPELINE:
        raise TooLarge(f"{key} has more than {MAX_PIPELINE} bytes")
    document = read_json(found["Body"].read(), key)
    try:
        grid = Grid(key, found["ETag"], document)
    except Exception as err:
        raise explain(err, document, {}) from None
    _documents.clear()  # an environment works on one run
    _documents[key] = found["ETag"], grid
    return grid


class Grid:
    """Coordinates, cut in chunks."""

    def __init__(self, key, etag, document):
        self.key, self.etag, self.document = key, etag, document
        for name in ("pipeline", "coordinates"):
            if not isinstance(document.get(name), dict) or not document[name]:
                raise BadRequest(f"{name} is missing or not a JSON object")
        if not isinstance(document.get("settings") or {}, dict):
            raise BadRequest("settings is not a JSON object")
        self.definition, self.settings = ordered(document["pipeline"]), event_settings(document.get("settings"))
        self.zarr = document.get("zarr")
        if not isinstance(self.zarr, str) or not _ZARR.fullmatch(self.zarr):
            raise BadRequest(f"zarr {self.zarr} is not a key below {rules.RULES.output} that ends in .zarr")
        try:
            self.coordinates = podpac.Coordinates.from_json(json.dumps(document["coordinates"]))
        except Exception as err:
            raise BadRequest(f"coordinates: {message_of(err)}") from err
        self.dims = self.coordinates.dims
        stacked = [dim for dim in self.dims if self.coordinates[dim].ndim != 1 or "_" in dim or "-" in dim]
        if stacked:
            raise BadRequest(f"coordinates: {', '.join(stacked)} is stacked or not one-dimensional; want separate dimensions, such as lat and lon")
        self.shape = self.coordinates.shape
        if 0 in self.shape:
            raise BadRequest("coordinates: a dimension is empty")
        self.chunks = self._sizes("chunks", self.shape)
        self.zarr_chunks = self._sizes("zarr_chunks", self.chunks)
        self._check_alignment()
        self.counts = tuple(-(-size // chunk) for size, chunk in zip(self.shape, self.chunks))
        self.cut = [dim for dim, count in zip(self.dims, self.counts) if count > 1]

    def _sizes(self, name, default):
        """Return the sizes of a key of the document, in the order of the dimensions."""
        sizes = self.document.get(name) or {}
        if not isinstance(sizes, dict):
            raise BadRequest(f"{name} is not a JSON object")
        unknown = [dim for dim in sizes if dim not in self.dims]
        if unknown:
            raise BadRequest(f"{name} {', '.join(unknown)}: not a dimension of the coordinates; want one of: {', '.join(self.dims)}")
        for dim, size in sizes.items():
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise BadRequest(f"{name} {dim}={size} is invalid; want a whole number from 1")
        return tuple(min(sizes.get(dim, whole), size) for dim, size, whole in zip(self.dims, self.shape, default))

    def _check_alignment(self):
        """Reject chunks of which two would share a chunk of the Zarr."""
        problems = []
        for dim, size, chunk, part in zip(self.dims, self.shape, self.chunks, self.zarr_chunks):
            if chunk == size or chunk % part == 0:
                continue
            multiples = sorted({part * max(chunk // part, 1), min(part * (chunk // part + 1), size)})
            divisors = {n for small in range(1, math.isqrt(chunk) + 1) if chunk % small == 0 for n in (small, chunk // small)}
            nearest = sorted({max(n for n in divisors if n <= part), min(n for n in divisors if n >= min(part, chunk))})
            problems.append(
                f"chunks {dim}={chunk} is not a multiple of zarr_chunks {dim}={part}, so two functions would write the same object; "
                f"want chunks {dim}={' or '.join(map(str, multiples))}, or zarr_chunks {dim}={' or '.join(map(str, nearest))}"
            )
        if problems:
            raise BadRequest("; ".join(problems))

    def part(self, slices):
        """Return the coordinates in the slices, as podpac's own iterchunks does."""
        parts = [self.coordinates[dim][part] for dim, part in zip(self.dims, slices)]
        return podpac.Coordinates(parts, validate_crs=False, **self.coordinates.properties)

    def slices(self, index):
        """Return the slices of the chunk with an index."""
        whole = isinstance(index, list) and len(index) == len(self.dims)
        if not whole or not all(isinstance(i, int) and not isinstance(i, bool) and 0 <= i < n for i, n in zip(index, self.counts)):
            raise BadRequest(f"zarr_chunk.chunk {index} is not an index of the {' × '.join(map(str, self.counts))} chunks ({', '.join(self.dims)})")
        return [slice(i * chunk, min((i + 1) * chunk, size)) for i, chunk, size in zip(index, self.chunks, self.shape)]

    def evaluate(self, record, slices):
        """Return the pipeline's output in the slices, which has the requested coordinates
        along each dimension that is cut."""
        wanted = self.part(slices)
        with allowed_node(self.definition, self.settings, record) as node:
            output = output_of(node, wanted)
        found = getattr(output, "dims", ())
        for dim in self.cut:
            if dim not in found:
                raise BadRequest(
                    f"the pipeline's result has no dimension {dim}, along which it is cut; want chunks without {dim}, so that one function evaluates all of it"
                )
            values, expected = output[dim].values, wanted[dim].coordinates
            if values.shape != expected.shape or not _same(values, expected):
                raise BadRequest(
                    f"the pipeline's result has other coordinates along {dim} ({len(values)} of them) than requested ({len(expected)}); "
                    f"want a pipeline that interpolates, or chunks without {dim}"
                )
        return output

    def index_of(self, dim):
        return self.dims.index(dim)


def _same(values, expected):
    if values.dtype.kind == "M" or expected.dtype.kind == "M":
        return bool((values == expected).all())
    return bool(numpy.allclose(values, expected, rtol=1e-9, atol=1e-12))


def _arrays(output):
    """Return the output's data by the names that podpac's own Zarr output uses."""
    if "output" in output.dims:
        return {str(name): output.sel(output=name) for name in output["output"].values}
    return {"data": output}


def _sample(grid, record):
    """Evaluate the two first points along dimensions that are cut, and all along the
    others. The result decides about the Zarr's dimensions and its type."""
    slices = [slice(0, min(2, chunk) if dim in grid.cut else size) for dim, chunk, size in zip(grid.dims, grid.chunks, grid.shape)]
    output = grid.evaluate(record, slices)
    dims = [dim for dim in output.dims if dim != "output"]
    if not dims:
        raise BadRequest("the pipeline's result has no dimensions; evaluate it without chunks")
    if output.dtype.kind not in "fiub":
        raise BadRequest(f"the pipeline's result is of type {output.dtype}; want numbers")
    for dim in dims:
        if dim not in grid.cut and dim in output.coords and (output[dim].ndim != 1 or output[dim].dtype.kind not in "fiuM"):
            raise BadRequest(f"the pipeline's result has coordinates along {dim} that a Zarr for podpac cannot hold; want numbers or times")
    taken = [name for name in _arrays(output) if name in dims or not re.fullmatch(r"[\w-]+", name)]
    if taken:
        raise BadRequest(f"the pipeline's outputs {', '.join(taken)} have names of dimensions, or not only letters, digits, _ and -")
    return output, dims


def _plan(grid, request, record):
    return _describe(grid, *_sample(grid, record))


def _describe(grid, output, dims):
    shape = _shape(grid, output, dims)
    parts = _zarr_chunks(grid, dims, shape)
    size = int(numpy.prod(parts, dtype=object)) * output.dtype.itemsize
    if size > _MAX_CHUNK_BYTES:
        raise BadRequest(f"a chunk of the Zarr has {size} bytes; want at most {_MAX_CHUNK_BYTES} (chunks, zarr_chunks)")
    return {
        "dims": list(grid.dims),
        "shape": list(grid.shape),
        "chunks": list(grid.chunks),
        "counts": list(grid.counts),
        "zarr": {
            "key": grid.zarr,
            "arrays": sorted(_arrays(output)),
            "dims": dims,
            "shape": list(shape),
            "chunks": list(parts),
            "dtype": str(output.dtype),
        },
    }


def _shape(grid, output, dims):
    return tuple(grid.shape[grid.index_of(dim)] if dim in grid.cut else output.sizes[dim] for dim in dims)


def _zarr_chunks(grid, dims, shape):
    """Return the sizes of the Zarr's chunks. Along a dimension that the pipeline adds
    or changes, there is one chunk."""
    parts = []
    for dim, size in zip(dims, shape):
        same = dim in grid.dims and grid.shape[grid.index_of(dim)] == size
        parts.append(grid.zarr_chunks[grid.index_of(dim)] if same else size)
    return tuple(parts)


def _create(grid, request, record):
    """Write the Zarr's metadata and coordinates. Only one run can create a Zarr."""
    output, dims = _sample(grid, record)
    plan = _describe(grid, output, dims)
    content = _metadata(grid, output, plan["zarr"], record["node"])
    store = ZarrStore(grid.zarr)
    if not store.create(".zattrs", content[".zattrs"]):
        owner = _attributes(store).get("grid")
        if owner != grid.key:
            raise BadRequest(f"{grid.zarr} exists, of {owner or 'an unknown run'}; want another key, or to delete it first")
    # The consolidated metadata is last: a Zarr without it is not complete.
    names = sorted(content, key=lambda name: (name == ".zmetadata", name))
    for name in names:
        store[name] = content[name]
    # Of two runs that write at once, the last one to write this has read what both wrote.
    if any(store.get(name) != content[name] for name in names):
        raise BadRequest(f"another run has created or deleted {grid.zarr} at the same time; want another key")
    return plan


def _owner(grid, request, record):
    """Return which grid's Zarr there is, and whether chunks of this grid fit it."""
    owner = _attributes(ZarrStore(grid.zarr)).get("grid")
    try:
        _open(grid)
    except BadRequest:
        return {"owner": owner, "fits": False}
    return {"owner": owner, "fits": True}


def _attributes(store):
    try:
        attributes = json.loads(store[".zattrs"])
    except (KeyError, ValueError):
        return {}
    return attributes if isinstance(attributes, dict) else {}


def _metadata(grid, output, plan, node_hash):
    """Return the objects of a Zarr without data, by name."""
    content = {}
    group = zarr().open_group(content, mode="w")
    group.attrs.put(
        {
            "grid": grid.key,
            "etag": grid.etag,
            "arrays": plan["arrays"],
            "node": node_hash,
            "podpac_version": podpac.__version__,
            "crs": grid.coordinates.crs,
        }
    )
    for dim, size in zip(plan["dims"], plan["shape"]):
        if dim in grid.cut:
            values = grid.coordinates[dim].coordinates
        elif dim in output.coords:
            values = output[dim].values
        else:
            continue
        array = group.create_dataset(dim, data=_storable(values), chunks=(size,), fill_value=None)
        array.attrs["_ARRAY_DIMENSIONS"] = [dim]
    for name, data in _arrays(output).items():
        array = group.create_dataset(
            name,
            shape=plan["shape"],
            chunks=plan["chunks"],
            dtype=output.dtype,
            # xarray reads the fill value of a Zarr as missing, and a number could be a value.
            fill_value=numpy.nan if output.dtype.kind == "f" else None,
        )
        array.attrs.put({**_described(data), "_ARRAY_DIMENSIONS": plan["dims"]})
    zarr().consolidate_metadata(content)
    return {name: bytes(value) for name, value in content.items()}


def _storable(values):
    """Return coordinates as podpac's Zarr node and xarray read them: times are stored
    as such, in a unit that both have, because podpac does not read their encoding as
    numbers by itself."""
    if values.dtype.kind == "M" and numpy.datetime_data(values.dtype)[0] not in ("s", "ms", "us", "ns"):
        return values.astype("datetime64[s]")
    return values


def _described(data):
    """Return the attributes of a result that JSON can hold: units, style and CRS."""
    data = UnitsDataArray(data)
    data.attrs = dict(data.attrs)
    data._pp_serialize()
    attributes = {}
    for name, value in data.attrs.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            continue
        if name not in _OF_CHUNK:
            attributes[name] = value
    return attributes


def _chunk(grid, request, record):
    """Evaluate one chunk, and write it to the Zarr. It writes the same bytes each time,
    to objects of its own."""
    began = time.monotonic()
    slices = grid.slices(request.get("chunk"))
    record["chunk"] = request["chunk"]
    output = grid.evaluate(record, slices)
    arrays = _arrays(output)
    # Not before: in the meantime, another run may have overwritten the Zarr, or the
    # client of an estimate may have deleted it.
    group = _open(grid)
    if sorted(arrays) != group.attrs["arrays"]:
        raise EvaluationFailed(f"the chunk has the outputs {', '.join(sorted(arrays))}, and the Zarr {', '.join(group.attrs['arrays'])}")
    written = sum(_write(grid, _array(group, name), arrays[name], slices) for name in group.attrs["arrays"])
    return {"chunk": record["chunk"], "seconds": round(time.monotonic() - began, 3), "bytes": written}


def _open(grid):
    """Open the Zarr, and check that it is that of the grid."""
    try:
        group = zarr().open_consolidated(ZarrStore(grid.zarr), mode="r+")
    except KeyError as err:
        raise BadRequest(f"{grid.zarr} does not exist; want zarr_create first") from err
    if (group.attrs.get("grid"), group.attrs.get("etag")) != (grid.key, grid.etag):
        raise BadRequest(f"{grid.zarr} is of {group.attrs.get('grid')}, or that document has changed")
    return group


def _array(group, name):
    array = group[name]
    if runs_code(array):
        raise BadRequest(f"the Zarr's array {name} is not one of numbers without filters")
    return array


def _write(grid, array, data, slices):
    dims = array.attrs["_ARRAY_DIMENSIONS"]
    if set(data.dims) != set(dims):
        raise EvaluationFailed(f"the chunk has the dimensions {', '.join(data.dims)}, and the Zarr {', '.join(dims)}")
    region = tuple(slices[grid.index_of(dim)] if dim in grid.cut else slice(0, size) for dim, size in zip(dims, array.shape))
    values = data.transpose(*dims).values
    if values.shape != tuple(part.stop - part.start for part in region):
        raise EvaluationFailed(f"the chunk has the shape {' × '.join(map(str, values.shape))}, which does not fit the Zarr")
    if not numpy.can_cast(values.dtype, array.dtype, "same_kind"):
        raise EvaluationFailed(f"the chunk is of type {values.dtype}, and the Zarr of {array.dtype}")
    array[region] = values
    return values.nbytes


def _preview(grid, request, record):
    """Draw the first array, at the first place of each dimension but two, with the
    pipeline's style. Missing chunks are transparent."""
    group = _open(grid)
    name = group.attrs["arrays"][0]
    array = _array(group, name)
    dims = array.attrs["_ARRAY_DIMENSIONS"]
    axes = [dims.index(dim) for dim in ("lat", "lon") if dim in dims]
    if len(axes) < 2:
        axes = list(range(len(dims)))[-2:]
    if len(axes) < 2 or 1 in (array.shape[axis] for axis in axes):
        raise BadRequest(f"{grid.zarr} has no two dimensions ({', '.join(dims)}) of two points or more, which a preview needs")
    picks = _picks(array, axes)
    values = _thin(array, axes, picks)
    # podpac orders its dimensions by the coordinates that it is given.
    coordinates = podpac.Coordinates([_axis(group, dims[axis], pick) for axis, pick in zip(axes, picks)], dims=["lat", "lon"])
    style = array.attrs.get("layer_style")
    picture = UnitsDataArray.create(coordinates, data=values, attrs={"layer_style": Style.from_json(style) if style else Style()})
    key = grid.zarr.removesuffix(".zarr") + ".png"
    s3().put_object(Bucket=bucket(), Key=key, Body=PNG.encode(picture, {}), ContentType=PNG.content_type)
    return {"picture": key, "array": name, "pixels": list(values.shape)}


def _axis(group, dim, pick):
    if dim in group and group[dim].dtype.kind in "fiu":
        return _array(group, dim)[:][pick].astype(float)
    return pick.astype(float)


def _picks(array, axes):
    """Return the indices that are drawn, evenly along each axis. They are at most
    _MAX_SIDE, and fewer if they were in too many chunks."""
    picks = [numpy.linspace(0, array.shape[axis] - 1, min(array.shape[axis], _MAX_SIDE)).round().astype(int) for axis in axes]
    rows, columns = (len(numpy.unique(pick // array.chunks[axis])) for axis, pick in zip(axes, picks))
    if rows * columns > _MAX_READS:
        side = int(_MAX_READS**0.5)
        picks = [pick[numpy.linspace(0, len(pick) - 1, min(len(pick), side)).round().astype(int)] for pick in picks]
    return picks


def _thin(array, axes, picks):
    """Return the picked points. Each chunk is read once, and its other points are
    dropped at once."""
    values = numpy.full([len(pick) for pick in picks], numpy.nan)
    blocks = [_blocks(pick, array.chunks[axis]) for axis, pick in zip(axes, picks)]

    def read(rows, columns):
        region = [slice(0, 1)] * array.ndim
        for axis, pick, (_, first, last) in zip(axes, picks, (rows, columns)):
            region[axis] = slice(int(first), int(last) + 1)
        block = array[tuple(region)]
        block = numpy.moveaxis(block, axes, (-2, -1)).reshape(block.shape[axes[0]], block.shape[axes[1]])
        inner = [picks[i][place] - first for i, (place, first, _) in enumerate((rows, columns))]
        values[rows[0], columns[0]] = block[numpy.ix_(*inner)]

    with ThreadPoolExecutor(10) as pool:  # as many as boto3 has connections
        for done in [pool.submit(read, rows, columns) for rows in blocks[0] for columns in blocks[1]]:
            done.result()
    return values


def _blocks(pick, size):
    """Return for each chunk along an axis the positions of its picks, the first and the
    last index."""
    blocks = []
    for chunk in numpy.unique(pick // size):
        places = numpy.flatnonzero(pick // size == chunk)
        blocks.append((slice(places[0], places[-1] + 1), pick[places[0]], pick[places[-1]]))
    return blocks


_EVENTS = {"zarr_plan": _plan, "zarr_create": _create, "zarr_owner": _owner, "zarr_chunk": _chunk, "zarr_preview": _preview}
