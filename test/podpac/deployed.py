"""The deployed function for PODPAC's client, and comparisons with podpac's own results."""

import os
import pathlib
import time
import unittest

import boto3
import h5py  # noqa: F401: before podpac, which loads it at its first use, in several threads at once
import numpy
import podpac
from podpac import settings

# The settings that `defog describe --podpac` prints.
exec(pathlib.Path(os.environ["PODPAC_SETTINGS"]).read_text())

# The function with its alias, the hash that lets it run code, and its bucket if it has one.
FUNCTION, UNSAFE, BUCKET = (settings[name] for name in ("FUNCTION_NAME", "UNSAFE_EVAL_HASH", "S3_BUCKET_NAME"))

needs_bucket = unittest.skipUnless(BUCKET, "the function has no bucket")

# Steps that a binary number holds: podpac rounds others when it cuts coordinates.
GRID = podpac.Coordinates([podpac.crange(60, 0, -4), podpac.crange(-130, -42, 8), ["2018-05-19", "2018-05-20"]], dims=["lat", "lon", "time"])
# Lambda accepts no event with NaN, the default of nan_val.
ARRAY = podpac.data.Array(source=numpy.arange(384.0).reshape(GRID.shape), coordinates=GRID, nan_val=-9999.0)


class Case(unittest.TestCase):
    def assert_same(self, output, expected):
        """Compare all values, the dimensions and the coordinates."""
        self.assertIsInstance(output, podpac.UnitsDataArray)
        self.assertEqual(output.dims, expected.dims)
        numpy.testing.assert_array_equal(output.data, expected.data)
        for dimension in expected.dims:
            numpy.testing.assert_array_equal(output.coords[dimension].data, expected.coords[dimension].data)
        self.assertEqual(output.attrs.get("units"), expected.attrs.get("units"))


def s3():
    return boto3.client("s3")


def eventually(found):
    """Return the first result that is not None, and fail after ten minutes."""
    began = time.monotonic()
    while time.monotonic() - began < 600:
        result = found()
        if result is not None:
            return result
        time.sleep(0.1)
    raise AssertionError("nothing within ten minutes")
