"""Shuffles that move nothing: who reads their result finds it where it lies."""

from __future__ import annotations

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.movement.transposition import dimensions_of_result


def layout_through(op: ShuffleOp, layout: Layout) -> Layout | None:
    """How the result of a shuffle lies in the memory of its input; None where an axis
    of it is none there."""
    dims = dimensions_of_result(op, layout.strides)
    if dims is None or layout.has_halo or any(len(axes) > 1 for axes in dims):
        return None
    shape = shape_of(op.output)
    apart = [axes[0].stride if axes else 0 for axes in dims]
    long = [axis for axis, size in enumerate(shape) if size > 1]
    order = sorted(range(len(shape)), key=lambda axis: (axis in long, -apart[axis]))
    found = Layout(shape, tuple(order), ((0, 0),) * len(shape))
    lies_so = all(found.strides[axis] == apart[axis] for axis in long)
    return found if lies_so else None


def layout_before(op: ShuffleOp) -> Layout:
    """How the input of a shuffle would have to lie for the result to be row-major, if
    it can be."""
    shape = shape_of(op.input)
    found = Layout(shape, tuple(op.first), ((0, 0),) * len(shape))
    seen = layout_through(op, found)
    is_right = seen is not None and seen.is_row_major
    return found if is_right else Layout.row_major(shape)
