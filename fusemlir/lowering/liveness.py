"""From which kernel to which a tensor of a network has to be kept."""

from __future__ import annotations

from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import element_type_of, shape_of, volume
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.memory_plan import Lifetime
from fusemlir.network import Node, is_kernel, is_node


def lifetimes(function: FuncOp) -> dict[SSAValue, Lifetime]:
    """The lives of all tensors that kernels of a network make, in order.

    Steps are the kernels, counted; the return is the last. A view keeps what it is a
    view of alive, and has no life of its own.
    """
    first: dict[SSAValue, int] = {}
    last: dict[SSAValue, int] = {}
    uses = (op for op in function.body.block.ops if is_use(op))
    for step, op in enumerate(uses):
        first |= dict.fromkeys(op.results, step)
        read = map(seen_through_views, op.operands)
        last |= dict.fromkeys((*read, *op.results), step)
    return {
        value: Lifetime(bytes_of(value), start, last[value])
        for value, start in first.items()
    }


def is_use(op: Operation) -> bool:
    """Whether `op` reads the data of its operands: a view and a constant do not."""
    return isinstance(op, ReturnOp) or (is_node(op) and is_kernel(op))


def bytes_of(value: SSAValue) -> int:
    """What a tensor takes in memory."""
    return volume(shape_of(value)) * element_bytes(element_type_of(value))


def seen_through_views(value: SSAValue) -> SSAValue:
    """What `value` is a view of; itself where it is none."""
    owner = value.owner
    while isinstance(owner, Operation) and is_node(owner) and is_view(owner):
        value = owner.operands[0]
        owner = value.owner
    return value


def is_view(node: Node) -> bool:
    """Whether a node gives what it is given, at most under another shape."""
    return not is_kernel(node) and not isinstance(node, ConstantOp)
