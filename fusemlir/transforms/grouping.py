"""Between nodes of a network and the body of a `trt.fused`."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, Operation, OpResult, Region, SSAValue

from fusemlir.dialects.trt import ConstantOp, DequantizeOp, FusedOp, YieldOp
from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.network import Node


def make_group(
    nodes: Sequence[Node], *, empties: bool = False
) -> tuple[FusedOp, list[OpResult]]:
    """A group that computes what `nodes`, in execution order, do; detached.

    Its body holds copies of their layers, groups opened up, the Dequantizes of what it
    reads first: they wait for nothing inside. With `empties`, the layers of groups
    among `nodes`, which must have no other use then, are moved instead. Its results
    stand for those values of `nodes` that are used outside of them, which are returned
    too.
    """
    body = _Body()
    inside = set[Operation](nodes)
    for node in nodes:
        if isinstance(node, FusedOp):
            body.open(node, empties=empties)
        else:
            body.copy(node)
    used = [
        result
        for node in nodes
        for result in node.results
        if any(use.operation not in inside for use in result.uses)
    ]
    return body.close(used), used


def is_inlined(op: Operation) -> bool:
    """Whether a group holds its own copy of `op`: a constant of a single element."""
    return isinstance(op, ConstantOp) and volume(shape_of(op.output)) == 1


class _Body:
    """The block of a group while it is being filled."""

    def __init__(self) -> None:
        self.block = Block()
        self.inputs: list[SSAValue] = []
        self.values: dict[SSAValue, SSAValue] = {}
        """By value of the network, the value in the body."""

    def open(self, group: FusedOp, *, empties: bool) -> None:
        """Copy or move the layers of a group and let its results mean what they
        yield."""
        outer = [self.value(operand) for operand in group.inputs]
        yielded = tuple(group.terminator.outputs)
        if empties:
            self._move(group, outer)
        else:
            inner = dict[SSAValue, SSAValue](zip(group.block.args, outer, strict=True))
            for layer in group.layer_ops:
                self.block.add_op(layer.clone(inner))
            yielded = tuple(inner[value] for value in yielded)
        self.values.update(zip(group.outputs, yielded, strict=True))

    def _move(self, group: FusedOp, inputs: Sequence[SSAValue]) -> None:
        """Take the layers out of a group, whose inputs are `inputs` here."""
        for argument, value in zip(group.block.args, inputs, strict=True):
            argument.replace_all_uses_with(value)
        group.block.erase_op(group.terminator)
        for layer in tuple(group.block.ops):
            layer.detach()
            self.block.add_op(layer)

    def copy(self, layer: Operation) -> None:
        for operand in layer.operands:
            self.value(operand)
        self.block.add_op(layer.clone(self.values))

    def close(self, results: Sequence[SSAValue]) -> FusedOp:
        """The group that yields what `results` mean, without what they do not need."""
        self.block.add_op(YieldOp([self.values[result] for result in results]))
        for op in reversed(list(self.block.ops)):
            if not isinstance(op, YieldOp) and all(
                result.first_use is None for result in op.results
            ):
                op.detach()
                op.erase()
        self._dequantize_first()
        for argument in reversed(self.block.args):
            if argument.first_use is None:
                del self.inputs[argument.index]
                self.block.erase_arg(argument)
        return FusedOp(self.inputs, Region(self.block))

    def _dequantize_first(self) -> None:
        """Put the Dequantizes of inputs, each after its constants, above the rest."""
        early: dict[Operation, None] = {}
        for op in self.block.ops:
            if not isinstance(op, DequantizeOp):
                continue
            owners = [operand.owner for operand in op.operands]
            if all(isinstance(owner, ConstantOp | Block) for owner in owners):
                constants = (owner for owner in owners if isinstance(owner, ConstantOp))
                early.update(dict.fromkeys([*constants, op]))
        for op in early:
            op.detach()
        assert self.block.first_op is not None
        self.block.insert_ops_before(list(early), self.block.first_op)

    def value(self, outer: SSAValue) -> SSAValue:
        """What stands for `outer` in the body; an input where nothing does yet."""
        if outer in self.values:
            return self.values[outer]
        owner = outer.owner
        if isinstance(owner, Operation) and is_inlined(owner):
            self.block.add_op(owner.clone(self.values))
            return self.values[outer]
        argument = self.block.insert_arg(outer.type, len(self.block.args))
        argument.name_hint = outer.name_hint
        self.inputs.append(outer)
        self.values[outer] = argument
        return argument
