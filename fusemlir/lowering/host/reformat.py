"""Kernels that only bring a tensor into another layout or type, and halos of zeros."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType, UnknownLoc, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, SSAValue

from fusemlir.dialects.trt.base import element_type_of
from fusemlir.lowering.element_conversion import constant, narrow, widen
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostKernel, Preparation
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.strided import StridedCopy, emit_copy
from fusemlir.lowering.host.nests import Loop, merged, share_loops
from fusemlir.lowering.host.schedules import HostCpuShape
from fusemlir.lowering.kernel.control_flow import loop


def build_reformat(
    name: str, type: Attribute, source: Layout, target: Layout, cpu: HostCpuShape
) -> FuncOp:
    """Copy a tensor of the type `type`, and clear the halo of the copy."""
    before, after = Block(arg_types=[type, type]).args
    layouts: dict[SSAValue, Layout] = {before: source, after: target}
    steps = zip(source.strides, target.strides, strict=True)
    loops = map(Loop, source.shape, steps)
    copy = StridedCopy.of_loops((source.start, target.start), loops)
    with HostKernel(name, (before, after), layouts, UnknownLoc()) as kernel:
        emit_copy(kernel, kernel.buffers[before], kernel.buffers[after], copy, cpu)
        clear_halo(kernel, after)
    return kernel.function


def widened(value: SSAValue, layout: Layout) -> Preparation:
    """A tensor of halves, which lies as `layout` says, in f32."""
    shape = [layout.volume]
    types = [TensorType(element, shape) for element in (element_type_of(value), f32)]

    def build(name: str) -> FuncOp:
        before, after = Block(arg_types=types).args
        flat = Layout.row_major((layout.volume,))
        layouts: dict[SSAValue, Layout] = {before: flat, after: flat}
        with (
            HostKernel(name, (before, after), layouts, UnknownLoc()) as kernel,
            loop(*kernel.share(layout.volume)) as place,
        ):
            element = widen(load(kernel.buffers[before], place))
            store(element, kernel.buffers[after], place)
        return kernel.function

    key = ("widen", *types)
    return Preparation(key, "widen", build, f32, layout.volume)


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
    for axis, (before, after) in enumerate(layout.halo):
        size = layout.padded[axis]
        for first, count in ((0, before), (size - after, after)):
            if count:
                sizes = list(layout.padded)
                sizes[axis] = count
                _clear(kernel, tensor, sizes, first * layout.strides[axis])


def _clear(
    kernel: HostKernel, tensor: SSAValue, sizes: Sequence[int], start: int
) -> None:
    layout, element = kernel.layouts[tensor], element_type_of(tensor)
    zero = narrow(constant(0, element), element)
    loops = merged(Loop(sizes[x], (layout.strides[x],)) for x in layout.order)
    buffer = kernel.buffers[tensor]
    share_loops(kernel, loops, [start], lambda at: store(zero, buffer, at[0]))
