"""Kernels of reductions along any axes, with pointwise layers before and after."""

from __future__ import annotations

from xdsl.dialects.builtin import f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.rows.block import Load
from fusemlir.lowering.gpu.rows.source import Constants, loader
from fusemlir.lowering.gpu.rows.split import FoldedRows, Store, build_folded_rows
from fusemlir.lowering.gpu.rows.view import Axis, RowView, strides
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.rows.exponential_sum import EXPONENTIAL_SUM, log_of_sum
from fusemlir.lowering.rows.fold import State
from fusemlir.lowering.rows.reduction import Reduction


def is_reduce_kernel(body: KernelBody) -> bool:
    """Whether it is a reduction with pointwise layers, all outputs of its shape; what
    it reduces may be permuted."""
    return Reduction.of_body(body) is not None


def build_reduce(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...]:
    reduction = Reduction.of_body(body)
    assert reduction is not None
    view = _view(reduction)
    schedule = view.schedule(reduction.source.widest)
    is_exponential = reduction.log_of_sum is not None

    def load(kernel: BlockKernel, constants: Constants) -> Load:
        elements = loader(reduction.source, kernel, constants, schedule.elements)
        return lambda number: [reduction.widened(x) for x in elements(number)]

    def result(state: State) -> SSAValue:
        return log_of_sum(*state) if is_exponential else reduction.finished(*state)

    def store(kernel: BlockKernel, constants: Constants) -> Store:
        after = Neighbours(kernel, reduction.epilogue, constants)
        return lambda first, results: after.compute(
            first, len(results), {reduction.result: results}
        )

    rows = FoldedRows(
        view,
        schedule,
        EXPONENTIAL_SUM if is_exponential else reduction.fold,
        (f32, f32) if is_exponential else (reduction.sum_type,),
        load,
        result,
        store,
    )
    return build_folded_rows(name, body, immediates, rows)


def _view(reduction: Reduction) -> RowView:
    source = reduction.source
    steps = strides(shape_of(reduction.op.output))
    result = {axis: steps[kept] for axis, kept in reduction.kept.items()}
    apart = strides(source.shape)
    return RowView.of_axes(
        Axis(source.shape[at], apart[at], result.get(axis))
        for axis, at in enumerate(source.order)
    )
