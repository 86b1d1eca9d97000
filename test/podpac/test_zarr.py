"""Fill Zarrs with PODPAC's own client, and compare with those that podpac writes itself."""

import tempfile
import unittest

from deployed import ARRAY, BUCKET, GRID, Case, eventually, needs_bucket
import numpy
import podpac
import s3fs
import zarr
from podpac.core.managers.aws import Lambda
from podpac.core.managers.parallel import ParallelAsyncOutputZarr, ParallelOutputZarr

# Eight parts, each of them one chunk of the Zarr.
CHUNKS = {"lat": 8, "lon": 6, "time": 1}
PARTS = 8


def opened(name):
    return zarr.open_group(s3fs.S3Map(f"{BUCKET}/output/{name}.zarr", s3=s3fs.S3FileSystem(use_listings_cache=False)), mode="r")


def complete(name):
    """Return a Zarr when all of its chunks exist."""

    def found():
        group = opened(name)
        return group if group["data"].nchunks_initialized == PARTS else None

    return eventually(found)


@needs_bucket
class Zarrs(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        place = f"{folder.name}/own.zarr"
        ParallelOutputZarr(source=ARRAY, chunks=CHUNKS, zarr_file=place).eval(GRID)
        cls.own = zarr.open_group(place, mode="r")

    def fill(self, kind, name, **options):
        """Fill a Zarr, and return the node."""
        source = Lambda(source=ARRAY, **options)
        node = kind(source=source, chunks=CHUNKS, number_of_workers=2, zarr_file=f"s3://{BUCKET}/output/{name}.zarr")
        node.eval(GRID)
        self.assertEqual(node.errors, [])
        return node

    def assert_equals_own(self, name):
        """Compare all arrays with those of podpac, after all chunks exist."""
        filled = complete(name)
        self.assertEqual(sorted(filled), ["data", "lat", "lon", "time"])
        for array in filled:
            numpy.testing.assert_array_equal(filled[array][:], self.own[array][:])
            self.assertEqual(filled[array].info_items()[2:7], self.own[array].info_items()[2:7])
            self.assertEqual(dict(filled[array].attrs), dict(self.own[array].attrs))
        numpy.testing.assert_array_equal(filled["data"][:], ARRAY.eval(GRID).data.astype("f4"))

    def test_invoke(self):
        self.fill(ParallelOutputZarr, "invoke")
        self.assert_equals_own("invoke")

    def test_asynchronous_invoke(self):
        self.fill(ParallelAsyncOutputZarr, "event", download_result=False)
        self.assert_equals_own("event")

    def test_s3(self):
        self.fill(ParallelOutputZarr, "object", function_eval_trigger="S3", download_result=False)
        self.assert_equals_own("object")

    def test_existing_parts_are_skipped(self):
        self.fill(ParallelOutputZarr, "again")
        self.fill(ParallelOutputZarr, "again", function_name="no-such-function")
        opened("again")  # no call of the function failed, because there was none
        s3fs.S3FileSystem().rm(f"{BUCKET}/output/again.zarr/data/1.1.1")
        self.fill(ParallelOutputZarr, "again")
        self.assert_equals_own("again")

    def test_other_places_are_forbidden(self):
        for place in (f"s3://{BUCKET}/input/a.zarr", f"s3://{BUCKET}/a.zarr"):
            with self.subTest(place):
                node = ParallelOutputZarr(source=Lambda(source=ARRAY), chunks=CHUNKS, zarr_file=place)
                node.eval(GRID)
                self.assertEqual(len(node.errors), PARTS)
                for _, _, error in node.errors:
                    self.assertIn("Forbidden", str(error))
                    self.assertIn("is not a Zarr of the function", str(error))


if __name__ == "__main__":
    unittest.main()
