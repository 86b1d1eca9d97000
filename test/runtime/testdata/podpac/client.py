"""Evaluate with PODPAC's client, unmodified, and compare with podpac itself. The
function is the one at AWS_ENDPOINT_URL_LAMBDA."""

import json
import pickle
import sys

import boto3
import numpy
import podpac
import rasterio
from botocore.config import Config
from podpac.core.managers.aws import Lambda
from podpac.core.utils import JSONEncoder

podpac.settings["FUNCTION_NAME"] = "function"
podpac.settings["UNSAFE_EVAL_HASH"] = sys.argv[1]

GRID = podpac.Coordinates([podpac.clinspace(0, 2, 3), podpac.clinspace(0, 1, 2)], dims=["lat", "lon"])
NODE = podpac.algorithm.SinCoords()
WANT = NODE.eval(GRID)


def same(output, want=WANT):
    assert isinstance(output, podpac.core.units.UnitsDataArray), output
    assert output.dims == want.dims and numpy.array_equal(output.data, want.data), output
    assert all(numpy.array_equal(output[name], want[name]) for name in want.dims), output


def invoke(format):
    """Return the answer to a direct invoke in a format that the client cannot open."""
    event = {"pipeline": NODE.definition, "coordinates": GRID.definition, "output": {"format": format}}
    service = boto3.client("lambda", config=Config(read_timeout=300, retries={"max_attempts": 0}))
    answer = service.invoke(FunctionName="function", Payload=json.dumps(event, cls=JSONEncoder))
    return answer["Payload"].read()


same(Lambda(source=NODE).eval(GRID))
same(podpac.Node.from_json(Lambda(source=NODE).json).eval(GRID))
text = Lambda(source=NODE, source_output_format="json").eval(GRID)
assert json.loads(json.loads(text))["data"] == WANT.data.tolist(), text
same(Lambda(source=podpac.algorithm.Arithmetic(eqn="2 * A + 1", A=NODE)).eval(GRID), 2 * WANT + 1)

assert invoke("netcdf") == bytes(WANT.to_format("netcdf"))
assert invoke("png") == WANT.to_format("png").read()
same(pickle.loads(invoke("pickle")))
with rasterio.MemoryFile(invoke("geotiff")) as file, file.open() as got, WANT.to_format("geotiff") as other, other.open() as want:
    assert numpy.array_equal(got.read(), want.read()) and got.transform == want.transform
assert invoke("jpeg").startswith(b"\xff\xd8\xff")
print("equal to podpac")
