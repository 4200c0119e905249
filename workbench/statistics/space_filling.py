"""Points that fill a cube evenly: a Sobol sequence, shifted at random."""

import numpy as np
import numpy.typing as npt

MOST_DIMENSIONS = 21_201
"""What Joe and Kuo's direction numbers reach, which SciPy has."""


def sobol_points(count: int, dimensions: int, seed: int) -> npt.NDArray[np.float64]:
    """Return the first points of a Sobol sequence, shifted modulo 1.

    The sequence itself follows from its direction numbers and the shift from NumPy's PCG64, so the
    points are the same with every version of both libraries. More points begin with the same ones.

    Args:
        count: At least 1.
        dimensions: 1..`MOST_DIMENSIONS`.
        seed: Of the shift.

    Returns:
        (count, dimensions), in 0..1 without 1.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=False)
    sequence.fast_forward(1)  # the origin
    points = sequence.random(count)
    shift = np.random.Generator(np.random.PCG64(seed)).random(dimensions)
    return np.asarray((points + shift) % 1.0, dtype=np.float64)
