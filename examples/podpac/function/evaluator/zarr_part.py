"""Parts of a Zarr, as PODPAC's ParallelOutputZarr and ParallelAsyncOutputZarr request them.

The Zarr is in the function's bucket below the output prefix. The client creates its
arrays, and each invocation writes the chunks of one part."""

from . import rules
from .failures import BadRequest, EvaluationFailed, Failure, Forbidden
from .store import ZarrStore, bucket, runs_code, zarr


def key_of(source):
    """Return the key of the Zarr at an address, which must be the function's."""
    root = f"s3://{bucket()}/{rules.RULES.output}"
    # podpac also strips these characters from the end: its client writes …/areas to …/area.
    name = source[len(root) :].rstrip("s3:/")
    if not source.startswith(root) or not name.isprintable() or set(name.split("/")) & {"", ".", ".."}:
        raise Forbidden(f"output.format_kwargs.source: is not a Zarr of the function; want {root}‹name›.zarr")
    return rules.RULES.output + name


def check(options):
    """Reject options that name no part of a Zarr of the function."""
    if not isinstance(options.get("source"), str):
        raise BadRequest("output.format_kwargs.source: is missing or not a text; want the s3:// address of a Zarr")
    if options.get("mode", "a") not in ("a", "r+"):
        raise BadRequest(f"output.format_kwargs.mode: {options['mode']} is not for a part; want a or r+")
    if not isinstance(options.get("data_key", ""), str):
        raise BadRequest("output.format_kwargs.data_key: is not a text")
    part = options.get("part")
    if not isinstance(part, list) or not all(_is_slice(item) for item in part):
        raise BadRequest("output.format_kwargs.part: want a list of [start, stop, step], one for each dimension, with step 1 or null")
    key_of(options["source"])


def _is_slice(item):
    if not isinstance(item, list) or len(item) != 3 or item[2] not in (1, None):
        return False
    return all(type(edge) is int for edge in item[:2]) and 0 <= item[0] < item[1]


def write(output, options):
    """Write a result to its part of a Zarr, and return the Zarr's address, as podpac
    does. A part that is written again gets the same bytes."""
    try:
        group = _open(options["source"])
        if "output" in output.dims:
            results = {str(name): output.sel(output=name).data for name in output.coords["output"].data}
        else:
            results = {options.get("data_key", "data"): output.data}
        part = tuple(slice(*item) for item in options["part"])
        for array, data in [(_array(group, name, part, data.shape), data) for name, data in results.items()]:
            array[part] = data
    except Failure:
        raise
    except Exception as err:
        raise EvaluationFailed("the part of the Zarr cannot be written; see the function's log") from err
    return options["source"].encode()


def _open(source):
    try:
        return zarr().open_group(ZarrStore(key_of(source)), mode="r+")
    except zarr().errors.GroupNotFoundError as err:
        raise BadRequest(f"output.format_kwargs.source: {source} does not exist; want a Zarr that podpac's client has created") from err


def _array(group, name, part, shape):
    """Return an array of a Zarr, to whose part a result of this shape fits."""
    try:
        array = group[name]
    except (KeyError, ValueError) as err:
        raise BadRequest(f"output.format_kwargs.source: the Zarr has no array {name}") from err
    if not isinstance(array, zarr().Array) or runs_code(array):
        raise BadRequest(f"output.format_kwargs.source: {name} is not an array of numbers without filters")
    if len(part) != array.ndim:
        raise BadRequest(f"output.format_kwargs.part: has {len(part)} dimensions, and the array {name} has {array.ndim}")
    room = tuple(len(range(*side.indices(size))) for side, size in zip(part, array.shape))
    if room != shape:
        raise BadRequest(f"output.format_kwargs.part: has the shape {list(room)}, and the result {list(shape)}")
    return array
