"""The steps of PODPAC's notebooks about AWS, with a data source that needs no network.

https://github.com/creare-com/podpac-examples/tree/master/notebooks"""

import unittest

from deployed import BUCKET, GRID, Case, eventually, needs_bucket
import matplotlib
import numpy
import podpac
from podpac import settings

matplotlib.use("agg")


class Notebooks(Case):
    def test_running_on_aws_lambda(self):
        """3-processing/running-on-aws-lambda.ipynb"""
        settings.set_unsafe_eval(True)
        self.addCleanup(settings.set_unsafe_eval, False)
        years = podpac.Coordinates(
            [podpac.crange(70, 0, -5.0), podpac.crange(-140, -50, 5.0), ["2017-05-19T12:00:00", "2018-05-19T12:00:00"]], dims=["lat", "lon", "time"]
        )
        smap = podpac.data.Array(source=numpy.arange(float(numpy.prod(years.shape))).reshape(years.shape) ** 2, coordinates=years, nan_val=-9999.0)
        smap = podpac.interpolators.Interpolate(source=smap, interpolation="nearest")
        smap_time1_offset = podpac.algorithm.ExpandCoordinates(source=smap, time=["-1,Y", "-1,Y", "1,Y"])
        smap_offset = podpac.algorithm.Mean(source=smap_time1_offset, dims=["time"])
        diff = podpac.algorithm.Arithmetic(eqn="B-A", A=smap, B=smap_offset)

        lat = podpac.crange(60, 10, -2.0)
        lon = podpac.crange(-130, -60, 2.0)
        time = "2018-05-19T12:00:00"
        coords = podpac.Coordinates([lat, lon, time], dims=["lat", "lon", "time"])

        node = podpac.managers.aws.Lambda(source=diff, function_allow_unsafe_eval=True)
        if BUCKET:
            node.validate()
        node.describe()
        output = node.eval(coords)
        output.plot()

        o = podpac.Node.from_json(diff.json).eval(podpac.Coordinates.from_json(coords.json))
        self.assertTrue(numpy.isfinite(o.data).all() and numpy.ptp(o.data) > 0)
        self.assert_same(output, o)

    def test_aws_lambda(self):
        """4-advanced/aws-lambda.ipynb"""
        coords = podpac.Coordinates([podpac.clinspace(-90, 90, 180), podpac.clinspace(-180, 180, 360), "2018-01-01"], dims=["lat", "lon", "time"])
        node = podpac.algorithm.SinCoords()
        aws_node = podpac.managers.aws.Lambda(source=node)
        self.assert_same(aws_node.eval(coords), node.eval(coords))

    def test_parallel_processing(self):
        """3-processing/parallel-processing.ipynb, with Lambda in place of Process, and without times:
        xarray of today refuses podpac's times in an assembled result"""
        coordinates = podpac.Coordinates([podpac.crange(90, -70, -5.0, "lat"), podpac.crange(-180, 72, 4.0, "lon")])
        source = numpy.arange(float(numpy.prod(coordinates.shape))).reshape(coordinates.shape)
        n = podpac.data.Array(source=source, coordinates=coordinates, nan_val=-9999.0)
        np = podpac.managers.aws.Lambda(source=n)
        chunks = {"lat": 16, "lon": 32}
        pp = podpac.managers.Parallel(source=np, number_of_workers=4, chunks=chunks)
        self.assert_same(pp.eval(coordinates), n.eval(coordinates))
        self.assertEqual(pp.errors, [])

    @needs_bucket
    def test_drought_monitor(self):
        """ParallelAsyncOutputZarr as in podpac-drought-monitor, without its eval_timeout: unlike Lambda, local AWS
        stops a function when its client no longer waits"""
        node = podpac.algorithm.SinCoords()
        node_p = podpac.managers.Lambda(source=node)
        node_mp = podpac.core.managers.parallel.ParallelAsyncOutputZarr(
            source=node_p,
            number_of_workers=4,
            chunks={"lat": 8, "lon": 6},
            zarr_file=f"s3://{BUCKET}/output/SMAP_CATS.zarr",
            zarr_chunks={"lat": 8, "lon": 6, "time": 1},
            zarr_shape={"lat": 16, "lon": 12, "time": 2},
            zarr_coordinates=podpac.Coordinates([podpac.crange(1, 2, 1, "time")]),
            init_file_mode="a",
            skip_existing=False,
            aws_config_kwargs={"max_pool_connections": 40},
            start_i=0,
        )
        node_mp.eval(GRID)
        self.assertEqual(node_mp.errors, [])
        eventually(lambda: node_mp.dataset["data"].nchunks_initialized == 8 or None)
        numpy.testing.assert_array_equal(node_mp.dataset["data"][:], node.eval(GRID).data.astype("f4"))


if __name__ == "__main__":
    unittest.main()
