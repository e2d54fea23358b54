"""Kernels that only bring a tensor into another layout, and halos of zeros."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import UnknownLoc
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, SSAValue

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.lowering.element_conversion import constant, narrow
from fusemlir.lowering.host.access import copying, store
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.nests import unraveled, visit_all, walk_of
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import add, multiply


def build_reformat(
    name: str, type: Attribute, source: Layout, target: Layout
) -> FuncOp:
    """Copy a tensor of the type `type`, and clear the halo of the copy."""
    before, after = Block(arg_types=[type, type]).args
    layouts: dict[SSAValue, Layout] = {before: source, after: target}
    walks = [walk_of(layout, layout.shape) for layout in (source, target)]
    with HostKernel(name, (before, after), layouts, UnknownLoc()) as kernel:
        copy = copying(kernel.buffers[before], kernel.buffers[after])
        visit_all(kernel, target, walks, copy)
        clear_halo(kernel, after)
    return kernel.function


def build_halo(name: str, type: Attribute, layout: Layout) -> FuncOp:
    """Clear the halo of a tensor that others fill."""
    (tensor,) = Block(arg_types=[type]).args
    with HostKernel(name, (tensor,), {tensor: layout}, UnknownLoc()) as kernel:
        clear_halo(kernel, tensor)
    return kernel.function


def clear_halo(kernel: HostKernel, tensor: SSAValue) -> None:
    """Write zeros around a tensor, axis by axis: what lies before and after along one,
    over the whole of all others."""
    layout = kernel.layouts[tensor]
    element = element_type_of(tensor)
    for axis, (before, after) in enumerate(layout.halo):
        size = layout.padded[axis]
        for first, count in ((0, before), (size - after, after)):
            if count:
                sizes = list(layout.padded)
                sizes[axis] = count
                start = first * layout.strides[axis]
                _clear(kernel, tensor, layout, sizes, start, element)


def _clear(
    kernel: HostKernel,
    tensor: SSAValue,
    layout: Layout,
    sizes: Sequence[int],
    start: int,
    element: Attribute,
) -> None:
    *outer, inner = (sizes[axis] for axis in layout.order)
    strides = [layout.strides[axis] for axis in layout.order]
    rows = 1
    for size in outer:
        rows *= size
    zero = narrow(constant(0, element), element)
    begin, end = kernel.share(rows)
    with loop(begin, end) as row:
        at = unraveled(row, outer)
        place = add(start, *map(multiply, at, strides[:-1]))
        with loop(0, inner) as column:
            store(zero, kernel.buffers[tensor], add(place, column))
