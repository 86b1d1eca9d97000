"""The formats of results."""

import io
import json

from . import zarr_part
from .failures import BadRequest


class Format:
    """A format of results. Its function encode accepts a result and options, and its
    function check rejects invalid options before the evaluation."""

    def __init__(self, name, content_type, encode, options=(), check=lambda options: None):
        self.name, self.content_type, self.encode, self.options = name, content_type, encode, frozenset(options)
        self.check, self.is_text = check, content_type in ("application/json", "text/plain")


def _encode_json(output, options):
    # JSON has no NaN, which podpac writes.
    return json.dumps(json.loads(output.to_format("json"), parse_constant=lambda _: None)).encode()


def _encode_netcdf(output, options):
    # to_format converts the bounds to a text twice, and then fails if they have times.
    return bytes(output.to_netcdf(**options))


def _encode_png(output, options):
    alone = [dim for dim, size in zip(output.dims, output.shape) if dim in ("lat", "lon") and size == 1]
    if not alone:
        return output.to_format("png", **options).read()
    # podpac draws no row or column alone: it compares the first two places.
    from PIL import Image

    doubled = output.isel({dim: [0, 0] for dim in alone})
    height, width = (output.sizes[dim] for dim in doubled.squeeze().dims)
    picture, file = Image.open(doubled.to_format("png", **options)), io.BytesIO()
    picture.crop((0, 0, width, height)).save(file, format="PNG")
    return file.getvalue()


def _encode_jpeg(output, options):
    # podpac draws only PNG. A JPEG has no transparency: missing data is white.
    from PIL import Image

    picture = Image.open(io.BytesIO(_encode_png(output, options))).convert("RGBA")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    file = io.BytesIO()
    flat.save(file, format="JPEG", quality=90)
    return file.getvalue()


def _encode_geotiff(output, options):
    with output.to_format("geotiff", **options) as file:
        return file.read()


def _encode_pickle(output, options):
    return output.to_format("pickle")


JSON = Format("json", "application/json", _encode_json)

NETCDF = Format("netcdf", "application/x-netcdf", _encode_netcdf, ("encoding", "unlimited_dims"))

PNG = Format("png", "image/png", _encode_png, ("vmin", "vmax"))

JPEG = Format("jpeg", "image/jpeg", _encode_jpeg, ("vmin", "vmax"))

GEOTIFF = Format("geotiff", "image/tiff", _encode_geotiff, ("crs", "geotransform", "compress"))

PICKLE = Format("pickle", "application/octet-stream", _encode_pickle)

# The text is the Zarr's address.
ZARR_PART = Format("zarr_part", "text/plain", zarr_part.write, ("source", "part", "mode", "data_key"), zarr_part.check)

FORMATS = {
    **dict.fromkeys(("json", "dict"), JSON),
    **dict.fromkeys(("netcdf", "nc", "hdf5", "hdf", "x-netcdf"), NETCDF),
    "png": PNG,
    **dict.fromkeys(("jpeg", "jpg"), JPEG),
    **dict.fromkeys(("geotiff", "tiff", "tif"), GEOTIFF),
    **dict.fromkeys(("pickle", "pkl"), PICKLE),
    "zarr_part": ZARR_PART,
}


def find_format(name, over_http):
    # A pickle runs code when it is loaded, and a part of a Zarr writes to S3, so HTTP
    # requests cannot have one.
    valid = [format for format in FORMATS if not (over_http and FORMATS[format] in (PICKLE, ZARR_PART))]
    if name not in valid:
        raise BadRequest(f"format {name}: unknown; want one of: {', '.join(valid)}")
    return FORMATS[name]
