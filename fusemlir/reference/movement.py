"""Layers that move elements and change none: values keep the type they come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.dialects.trt.shape import (
    ConcatenationOp,
    IdentityOp,
    PaddingOp,
    SliceOp,
)
from fusemlir.dialects.trt.shuffle import ShuffleOp, resolve_reshape
from fusemlir.reference.rules import Context, Operands, rule
from fusemlir.weights import Array


@rule(ConstantOp)
def constant(op: ConstantOp, _: Operands, context: Context) -> Array:
    return context.weights.array(op.value)


@rule(IdentityOp)
def identity(_op: IdentityOp, operands: Operands, _: Context) -> Array:
    return operands[0]


@rule(ConcatenationOp)
def concatenation(op: ConcatenationOp, operands: Operands, _: Context) -> Array:
    return np.concatenate(operands, op.axis.value.data)


@rule(ShuffleOp)
def shuffle(op: ShuffleOp, operands: Operands, _: Context) -> Array:
    y = operands[0].transpose(op.first)
    if op.reshape is not None:
        y = y.reshape(resolve_reshape(y.shape, op.reshape, op.placeholder))
    return y.transpose(op.second)


@rule(PaddingOp)
def padding(op: PaddingOp, operands: Operands, _: Context) -> Array:
    (x,) = operands
    outer = x.ndim - 2
    starts = (*(0,) * outer, *(-pre for pre in op.pre))
    ends = zip(x.shape[outer:], op.pre, op.post, strict=True)
    sizes = (*x.shape[:outer], *(dim + pre + post for dim, pre, post in ends))
    return _filled(x, _reads(starts, sizes, (1,) * x.ndim), x.dtype.type(0))


@rule(SliceOp)
def slice_(op: SliceOp, operands: Operands, _: Context) -> Array:
    x, *fill = operands
    reads = _reads(op.starts, op.sizes, op.strides)
    if op.sampling == SampleMode.FILL:
        return _filled(x, reads, fill[0].reshape(()) if fill else x.dtype.type(0))
    indices = [
        _inside(read, dim, op.sampling, axis)
        for axis, (read, dim) in enumerate(zip(reads, x.shape, strict=True))
    ]
    return x[np.ix_(*indices)]


def _reads(
    starts: Sequence[int], sizes: Sequence[int], strides: Sequence[int]
) -> list[Array]:
    """The index that each position along each axis reads, inside the input or not."""
    axes = zip(starts, sizes, strides, strict=True)
    return [start + np.arange(size) * stride for start, size, stride in axes]


def _filled(x: Array, reads: Sequence[Array], fill: object) -> Array:
    """`x` at `reads`, `fill` where they are outside."""
    y = np.full([len(read) for read in reads], fill, x.dtype)
    axes = list(zip(reads, x.shape, strict=True))
    inside = [(read >= 0) & (read < dim) for read, dim in axes]
    sources = [read[at] for read, at in zip(reads, inside, strict=True)]
    y[np.ix_(*(np.flatnonzero(at) for at in inside))] = x[np.ix_(*sources)]
    return y


def _inside(read: Array, dim: int, mode: SampleMode, axis: int) -> Array:
    """Indices along one axis, brought inside as `mode` says."""
    if len(read) == 0:
        return read
    if dim == 0:
        raise ValueError(f"slice reads axis {axis}, which is empty")
    match mode:
        case SampleMode.WRAP:
            return read % dim
        case SampleMode.CLAMP:
            return np.clip(read, 0, dim - 1)
        case SampleMode.REFLECT:
            # The ends are not repeated: a period is there and back without them.
            period = max(1, 2 * (dim - 1))
            return np.minimum(read % period, -read % period)
        case _:
            if read.min() < 0 or read.max() >= dim:
                raise ValueError(
                    f"slice reads {read[0]} to {read[-1]} of the {dim} elements "
                    f"of axis {axis}"
                )
            return read
