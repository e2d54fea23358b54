"""Kernels of shuffles: transpositions, at most with a reshape between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.host_kernel import HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.movement import MovementPlan
from fusemlir.lowering.host.movement.strided import StridedCopy, emit_copy, move
from fusemlir.lowering.host.nests import Loop
from fusemlir.lowering.host.plan import Site
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.movement.transposition import (
    Axis,
    dimensions_of_result,
    source_of,
)


@dataclass(frozen=True)
class ShufflePlan(MovementPlan[ShuffleOp]):
    """A lone shuffle."""

    kind = ShuffleOp

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        """Of images the dimensions of the result are in the order in which what they
        are made of lies, so that a pixel's channels stay innermost."""
        op = self.op
        layout = inputs.get(op.input)
        if layout is None or layout.is_row_major:
            return None
        dims = dimensions_of_result(op, layout.strides)
        if dims is None:
            return None
        shape = shape_of(op.output)
        owners = [_owner(layout, axes) for axes in dims]
        order = sorted(range(len(shape)), key=lambda dim: owners[dim])
        return [Layout(shape, tuple(order), ((0, 0),) * len(shape))]

    def emit(
        self, kernel: HostKernel, sources: Mapping[SSAValue, SSAValue], site: Site
    ) -> None:
        op = self.op
        source, target = sources[op.input], sources[op.output]
        layout = site.layouts[op.output]
        dims = dimensions_of_result(op, self.strides(op.input, site))
        if dims is None:
            begin, end = kernel.share(layout.volume)
            with loop(begin, end) as number:
                move(source, target, source_of(op, number), number)
            return
        loops = _loops(dims, layout.strides)
        copy = StridedCopy.of_loops((self.start(op.input, site), layout.start), loops)
        emit_copy(kernel, source, target, copy, site.cpu)


def _owner(layout: Layout, axes: Sequence[Axis]) -> int:
    """Where in the order of the input the axis stands that a dimension begins with;
    one of a single element goes first."""
    if not axes:
        return -1
    strides = layout.strides
    return next(
        place
        for place, axis in enumerate(layout.order)
        if layout.shape[axis] > 1 and strides[axis] <= axes[0].stride
    )


def _loops(dims: Iterable[Sequence[Axis]], strides: Sequence[int]) -> Iterable[Loop]:
    """Over the axes that dimensions of a result of those strides are made of."""
    for axes, stride in zip(dims, strides, strict=True):
        for axis in reversed(axes):
            yield Loop(axis.size, (axis.stride, stride))
            stride *= axis.size
