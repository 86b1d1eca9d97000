"""Evaluates a pipeline at a grid in one process, chunk by chunk, and prints the seconds
that it took. Then compares the values with those of a Zarr in a bucket."""

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

import boto3
import numpy
import podpac
import zarr

run = json.load(sys.stdin)
began = time.monotonic()
node = podpac.Node.from_json(json.dumps(run["pipeline"]))
grid = podpac.Coordinates.from_json(json.dumps(run["coordinates"]))
values = numpy.full(grid.shape, numpy.nan)
for start in itertools.product(*(range(0, size, run["chunk"]) for size in grid.shape)):
    part = tuple(slice(i, i + run["chunk"]) for i in start)
    values[part] = node.eval(grid[part]).data
print(time.monotonic() - began)

with tempfile.TemporaryDirectory() as folder:
    for found in boto3.resource("s3").Bucket(run["bucket"]).objects.filter(Prefix=run["zarr"]):
        file = Path(folder, found.key)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(found.get()["Body"].read())
    numpy.testing.assert_array_equal(zarr.open(str(Path(folder, run["zarr"])), mode="r")["data"][:], values)
