"""PODPAC's client, unmodified, behind the settings that `defog describe --podpac` prints."""

import numpy
import podpac

grid = podpac.Coordinates([podpac.clinspace(0, 2, 3), podpac.clinspace(0, 1, 2)], dims=["lat", "lon"])
node = podpac.algorithm.SinCoords()
numpy.testing.assert_array_equal(podpac.managers.aws.Lambda(source=node).eval(grid), node.eval(grid))
