"""The error function and its complement in f64, which numpy lacks."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.chebyshev import chebval

from fusemlir.weights import Array

_SMALL = 0.65
"""Below this erf is summed from its series at zero, above it is 1 - erfc."""

_SERIES = [(-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(17)]
"""erf(x) = 2/sqrt(pi) x sum of these times x^2n (DLMF 7.6.1)."""

_CENTRE = 3.75

_CHEBYSHEV = (
    1.1775789345674017541,
    -0.0045900545806464773309,
    -0.084249133366517915584,
    0.059209939998191890498,
    -0.026658668435305752277,
    0.0090749976707052650939,
    -0.0024131635404176081909,
    0.00049077583652580863229,
    -0.000069169733025012063671,
    4.1390279860730101675e-6,
    7.7403830661984906686e-7,
    -2.1886401049234395661e-7,
    1.0764999465670910377e-8,
    4.5219598112182868979e-9,
    -7.7544002088313511065e-10,
    -6.3180883408866844944e-11,
    2.8687950109306698981e-11,
    1.945586854577734723e-13,
    -9.6546967484334389059e-13,
    3.2525481481487398415e-14,
    3.3478119482868053878e-14,
    -1.8645628804193131015e-15,
    -1.2507950530688647085e-15,
    7.418235256624043463e-17,
    5.0681489047961113168e-17,
)
"""(1 + 2x) e^(x^2) erfc(x) for x >= 0 as a Chebyshev series in (x - c)/(x + c), c =
3.75: the form of M. Shepherd and J. Laframboise, Math. Comp. 36 (1981); coefficients
computed from 60 digits at 80 nodes."""


def erfc(x: Array) -> Array:
    """1 - erf(x) for f64, to a few units in the last place also where it is tiny."""
    size = np.abs(x)
    # Beyond 27 it underflows; the bound keeps infinities out of the quotients.
    bounded = np.minimum(size, 30.0)
    # The square of 27 leading bits is exact, and so is the rest of x^2.
    head = bounded.astype(np.float32).astype(np.float64)
    decay = np.exp(-head * head) * np.exp((head - bounded) * (head + bounded))
    ratio = (bounded - _CENTRE) / (bounded + _CENTRE)
    tail = decay * np.asarray(chebval(ratio, _CHEBYSHEV)) / (1 + 2 * bounded)
    return np.where(x < 0, 2 - tail, tail)


def erf(x: Array) -> Array:
    """The error function for f64, to one or two units in the last place."""
    size = np.abs(x)
    square = np.minimum(size, _SMALL) ** 2
    series = (
        2 / math.sqrt(math.pi) * x * np.polynomial.polynomial.polyval(square, _SERIES)
    )
    return np.where(size < _SMALL, series, np.copysign(1 - erfc(size), x))
