"""Compares a Zarr in a bucket with what podpac itself evaluates, chunk by chunk. The
argument is the pipeline's file; standard input is the bucket, the Zarr's prefix and the
coordinates."""

import itertools
import json
import sys
import tempfile
from pathlib import Path

import boto3
import numpy
import podpac
import zarr

run = json.load(sys.stdin)
with tempfile.TemporaryDirectory() as folder:
    for found in boto3.resource("s3").Bucket(run["bucket"]).objects.filter(Prefix=run["prefix"]):
        file = Path(folder, found.key)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(found.get()["Body"].read())
    array = zarr.open(str(Path(folder, run["prefix"])), mode="r")["data"]
    got, sizes = array[:], array.chunks

node = podpac.Node.load(sys.argv[1])
grid = podpac.Coordinates.from_json(json.dumps(run["coordinates"]))
for start in itertools.product(*map(range, itertools.repeat(0), grid.shape, sizes)):
    chunk = tuple(slice(i, i + size) for i, size in zip(start, sizes))
    numpy.testing.assert_array_equal(got[chunk], node.eval(grid[chunk]).data)
