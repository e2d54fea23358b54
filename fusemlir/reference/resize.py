"""Resizing, one axis after another, in f64 where neighbours are blended."""

from __future__ import annotations

import numpy as np

from fusemlir.dialects.trt.enums import InterpolationMode
from fusemlir.dialects.trt.resize import Line, ResizeOp
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array


@rule(ResizeOp)
def resize(op: ResizeOp, operands: Operands, _: Context) -> Array:
    (x,) = operands
    nearest = op.interpolation == InterpolationMode.NEAREST
    y = x if nearest else widened(x)
    for axis, line in enumerate(op.lines(x.shape)):
        if line is not None:
            y = _along(op, y, axis, line)
    return y


def _along(op: ResizeOp, x: Array, axis: int, line: Line) -> Array:
    places = line.step * np.arange(line.size, dtype=np.int64) + line.offset
    match op.interpolation:
        case InterpolationMode.NEAREST:
            return _taken(x, places // line.divisor, axis)
        case InterpolationMode.LINEAR:
            return _linear(x, axis, line, places)
        case InterpolationMode.CUBIC:
            return _cubic(op, x, axis, line, places)


def _linear(x: Array, axis: int, line: Line, places: Array) -> Array:
    first, rest = np.divmod(
        np.clip(places, 0, (line.dim - 1) * line.divisor), line.divisor
    )
    weight = _spread(rest / line.divisor, x, axis)
    return _taken(x, first, axis) * (1 - weight) + _taken(x, first + 1, axis) * weight


def _cubic(op: ResizeOp, x: Array, axis: int, line: Line, places: Array) -> Array:
    first, rest = np.divmod(places, line.divisor)
    taps = [first + at for at in range(-1, 3)]
    weights = [
        _kernel(np.abs(rest / line.divisor - at), op.coefficient) for at in range(-1, 3)
    ]
    if op.excludes_outside:
        inside = [(tap >= 0) & (tap < line.dim) for tap in taps]
        weights = [np.where(at, w, 0) for w, at in zip(weights, inside, strict=True)]
        total = sum(weights)
        weights = [weight / total for weight in weights]
    return np.sum(
        [
            _taken(x, tap, axis) * _spread(weight, x, axis)
            for tap, weight in zip(taps, weights, strict=True)
        ],
        axis=0,
    )


def _kernel(distance: Array, a: float) -> Array:
    """Cubic convolution (R. Keys, 1981) at distances up to two."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, far)


def _taken(x: Array, places: Array, axis: int) -> Array:
    """The elements there, the last ones past the ends."""
    return np.take(x, np.clip(places, 0, x.shape[axis] - 1), axis)


def _spread(weight: Array, x: Array, axis: int) -> Array:
    return weight.reshape(-1, *(1,) * (x.ndim - 1 - axis))
