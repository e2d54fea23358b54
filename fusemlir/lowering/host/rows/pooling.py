"""Kernels of poolings whose window is the whole image: reductions of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import PoolingType
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.layout import FIRST_SPATIAL
from fusemlir.lowering.host.plan import LonePlan, Site, Wish
from fusemlir.lowering.host.rows.row_loops import for_all_rows
from fusemlir.lowering.host.rows.rows import Rows
from fusemlir.lowering.host.rows.tensors import RowElements, RowTensors
from fusemlir.lowering.rows.fold import MAXIMUM, SUM
from fusemlir.lowering.rows.normalization import over
from fusemlir.lowering.rows.source import RowSource


@dataclass(frozen=True)
class GlobalPoolingPlan(LonePlan[PoolingOp]):
    """A lone maximum or average of all pixels, which images need not be brought into
    another layout for."""

    kind = PoolingOp

    @property
    def is_taken(self) -> bool:
        op = self.op
        spatial = shape_of(op.input)[FIRST_SPATIAL:]
        return (
            is_float(element_type_of(op.input))
            and op.kind in (PoolingType.MAX, PoolingType.AVERAGE)
            and tuple(op.window) == spatial
            and all(size == 1 for size in shape_of(op.output)[FIRST_SPATIAL:])
            and not any(map(any, op.padding_of(spatial)))
        )

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    @property
    def images(self) -> frozenset[SSAValue]:
        return frozenset({self.op.input})

    def build(self, name: str, site: Site) -> HostFunction:
        op = self.op
        shape = shape_of(op.input)
        kept = {axis: axis for axis in range(FIRST_SPATIAL)}
        source = RowSource(self.body, op.input)
        tensors = RowTensors(source, (), op.output, kept, site.layouts)
        nest = tensors.nest(range(FIRST_SPATIAL, len(shape)))
        count = prod(shape[FIRST_SPATIAL:])
        is_average = op.kind == PoolingType.AVERAGE
        with self.kernel(name, site.layouts) as kernel:
            elements = RowElements(tensors, kernel.buffers, {})

            def write(rows: Rows) -> None:
                found = rows.fold(elements.source, SUM if is_average else MAXIMUM)

                def result(of: SSAValue) -> SSAValue:
                    return over(of, count) if is_average else of

                rows.each_row(lambda at: elements.finish(result(*found(at)), at))

            for_all_rows(kernel, nest, write, is_read_again=False)
        return HostFunction(kernel.function)
