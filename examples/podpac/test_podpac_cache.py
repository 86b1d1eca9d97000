"""Compare results from the S3 cache with podpac's own evaluation.

The tests are skipped with the fake of podpac."""

import datetime
import json
import unittest
from unittest import mock

import podpac
from podpac.core.settings import settings

from evaluator import clients, rules
from fake_bucket import Bucket

try:
    import numpy

    from evaluator import cache
except ImportError:
    raise unittest.SkipTest("podpac is not installed")

COORDINATES = podpac.Coordinates(
    [podpac.clinspace(0, 3, 4), podpac.clinspace(0, 2, 3), podpac.crange("2020-01-01", "2020-01-05", "1,D")], dims=["lat", "lon", "time"]
)


class Cache(unittest.TestCase):
    def setUp(self):
        cache.install()
        self.bucket = Bucket()
        for change in (
            mock.patch.object(rules, "RULES", rules.Rules({"S3_BUCKET_NAME": "bucket"})),
            mock.patch.dict(clients._clients, s3=self.bucket),
            mock.patch.dict(settings, DEFAULT_CACHE=["s3"], S3_CACHE_DIR="kept/cache"),
        ):
            change.start()
            self.addCleanup(change.stop)

    def restored(self, node):
        """Return the node as a function builds it."""
        return podpac.Node.from_definition(json.loads(node.json))

    def test_second_evaluation_reads_the_cache(self):
        source = podpac.algorithm.SinCoords()
        expected = source.eval(COORDINATES)
        node = self.restored(source.cache())
        self.assertTrue(numpy.array_equal(node.eval(COORDINATES).data, expected.data))
        with mock.patch.object(podpac.algorithm.SinCoords, "eval", side_effect=AssertionError):
            found = self.restored(node).eval(COORDINATES)
        self.assertTrue(numpy.array_equal(found.data, expected.data))
        self.assertEqual((found.dims, found.attrs), (expected.dims, expected.attrs))
        for dim in expected.dims:
            self.assertTrue((found[dim].values == expected[dim].values).all(), dim)
        self.assertTrue(self.bucket.objects)
        for key in self.bucket.objects:
            self.assertTrue(key.startswith("kept/cache/"), key)

    def test_properties_of_data(self):
        # The source of data is not a node.
        node = podpac.data.Array(source=numpy.zeros(4), coordinates=podpac.Coordinates([podpac.clinspace(0, 3, 4)], dims=["lat"]))
        node.put_property_cache([1, 2], "sizes")
        self.assertEqual(podpac.Node.from_json(node.json).get_property_cache("sizes"), [1, 2])

    def test_style_and_settings_have_entries_of_their_own(self):
        # The hash covers neither, so that a caller of a restricted function can choose both.
        def cached(name):
            return podpac.algorithm.SinCoords(style=podpac.style.Style(name=name)).cache()

        cached("a").eval(COORDINATES)
        for name in ("a", "b"):
            self.assertEqual(self.restored(cached(name)).eval(COORDINATES).attrs["layer_style"].name, name)
        entries = len(self.bucket.objects)
        with mock.patch.dict(settings, CHUNK_SIZE=1):
            cached("a").eval(COORDINATES)
        self.assertGreater(len(self.bucket.objects), entries)
        with mock.patch.dict(settings, UNSAFE_EVAL_HASH="other", CHUNK_SIZE=1), mock.patch.object(podpac.algorithm.SinCoords, "eval", side_effect=AssertionError):
            cached("a").eval(COORDINATES)

    def test_values_return_as_they_were(self):
        node, store = podpac.algorithm.SinCoords(), cache.S3Cache()
        for item, value in (
            ("numbers", numpy.arange(6.0).reshape(2, 3)),
            ("coordinates", COORDINATES),
            ("text", ["lat", 1, None]),
        ):
            with self.subTest(item):
                self.assertFalse(store.has(node, item))
                self.assertTrue(store.put(node, value, item))
                self.assertTrue(store.has(node, item))
                found = store.get(node, item)
                self.assertTrue(numpy.array_equal(found, value) if item == "numbers" else found == value)
                with self.assertRaises(cache.CacheException):
                    store.get(node, "another " + item)
        before = dict(self.bucket.objects)
        self.assertFalse(store.put(node, object(), "object"))  # could only be read by running code
        self.assertEqual(self.bucket.objects, before)

    def test_entries_expire(self):
        node, store = podpac.algorithm.SinCoords(), cache.S3Cache()
        store.put(node, 1, "past", expires=datetime.timedelta(seconds=-1))
        store.put(node, 1, "future", expires=datetime.timedelta(hours=1))
        self.assertEqual((store.has(node, "past"), store.has(node, "future")), (False, True))

    def test_keys_stay_below_the_prefix(self):
        node = podpac.algorithm.SinCoords().cache(uid="../../output/a")
        cache.S3Cache().put(node, 1, "../item")
        (key,) = self.bucket.objects
        self.assertRegex(key, r"^kept/cache/[\w.]+/[\w.]+(/[0-9a-f]+){3}/none$")


if __name__ == "__main__":
    unittest.main()
