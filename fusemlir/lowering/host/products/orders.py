"""In which orders of axes products find what they read, and leave what they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import MatrixMultiplyOp, ShuffleOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.seen import layout_before
from fusemlir.lowering.host.plan import Plan
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import is_output


def read_as_factors(
    body: KernelBody, *products: MatrixMultiplyOp
) -> frozenset[SSAValue]:
    """The inputs that nothing but products read."""
    others = [layer for layer in body.layers if layer not in products]
    read = {operand for layer in others for operand in layer.operands}
    factors = {operand for op in products for operand in op.operands}
    return frozenset(factors.intersection(body.inputs) - read - {*body.outputs})


def orders_for_readers(
    plan: Plan, inputs: Mapping[SSAValue, Layout]
) -> Sequence[Layout] | None:
    """Layouts of outputs, each so that a shuffle which is all that reads it moves
    nothing; None where some input may not lie as it does."""
    for value, layout in inputs.items():
        is_any = value in plan.any_order and not layout.has_halo
        if not is_any and not layout.is_row_major:
            return None
    return [_order_for_readers(result) for result in plan.body.node.results]


def _order_for_readers(result: SSAValue) -> Layout:
    row_major = Layout.row_major(shape_of(result))
    users = [use.operation for use in result.uses]
    match users:
        case [ShuffleOp() as shuffle] if not is_output(result):
            found = layout_before(shuffle)
        case _:
            return row_major
    return found if found.strides[-1] == 1 else row_major
