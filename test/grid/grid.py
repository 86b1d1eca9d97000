"""Write a pipeline with coordinates of 200 chunks, or compare its Zarr with podpac.

    grid.py write FOLDER
    grid.py compare BUCKET KEY
"""

import os
import sys
import tempfile

import boto3
import numpy
import podpac

COORDINATES = podpac.Coordinates([podpac.clinspace(80, -79, 160), podpac.clinspace(-100, 99, 200)], dims=["lat", "lon"])

# Its definition has NaN, which Lambda accepts in no event.
PIPELINE = podpac.data.Array(source=numpy.random.default_rng(16).normal(size=COORDINATES.shape).round(3), coordinates=COORDINATES)


def write(folder):
    for name, content in (("pipeline.json", PIPELINE.json), ("coordinates.json", COORDINATES.json)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)


def compare(bucket, key):
    """Open a copy of the Zarr with podpac's node, and compare values and coordinates."""
    s3 = boto3.client("s3")
    with tempfile.TemporaryDirectory() as folder:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key + "/"):
            for found in page["Contents"]:
                path = os.path.join(folder, found["Key"])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                s3.download_file(bucket, found["Key"], path)
        node = podpac.data.Zarr(source=os.path.join(folder, key))
        output, expected = node.eval(node.coordinates), PIPELINE.eval(COORDINATES)
        chunks = len([name for name in os.listdir(os.path.join(folder, key, "data")) if not name.startswith(".")])
    numpy.testing.assert_array_equal(output.data, expected.data)
    for dim in expected.dims:
        numpy.testing.assert_array_equal(output[dim].data, expected[dim].data)
    print(f"equal: {chunks} chunks, {output.size} values")


if __name__ == "__main__":
    {"write": write, "compare": compare}[sys.argv[1]](*sys.argv[2:])
