"""A node of the network as what a kernel computes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, FusedOp
from fusemlir.dialects.trt.base import LayerOp, Shape, shape_of
from fusemlir.dialects.trt.fused import short_name
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.lowering.kernel.zero_points import is_symmetric
from fusemlir.network import Group, Node

SOURCE = "layers"
"""The property that says where a layer came from; kernels do not depend on it."""


@dataclass(frozen=True)
class KernelBody:
    """The layers of a group or a lone layer, between inputs and outputs.

    Inputs and outputs are values of the body. Those of a group belong one to one to
    its operands and results; a lone layer that is given one tensor twice reads it as
    one input.
    """

    node: Node

    @cached_property
    def group(self) -> Group:
        return Group(self.node)

    @property
    def operands(self) -> tuple[SSAValue, ...]:
        """The values of the network that stand for the inputs."""
        if isinstance(self.node, FusedOp):
            return tuple(self.node.inputs)
        return tuple(dict.fromkeys(self.node.operands))

    @cached_property
    def inputs(self) -> tuple[SSAValue, ...]:
        if isinstance(self.node, FusedOp):
            return tuple(self.node.block.args)
        return self.operands

    @cached_property
    def outputs(self) -> tuple[SSAValue, ...]:
        if isinstance(self.node, FusedOp):
            return tuple(self.node.terminator.outputs)
        return tuple(self.node.results)

    @property
    def tensors(self) -> tuple[SSAValue, ...]:
        """What a kernel is called with: inputs, then outputs."""
        return (*self.inputs, *self.outputs)

    @property
    def layers(self) -> tuple[LayerOp, ...]:
        """What is computed, in order."""
        return self.group.layers

    @property
    def constants(self) -> Iterator[ConstantOp]:
        """The constants that the body holds its own copies of."""
        return (op for op in self._ops if isinstance(op, ConstantOp))

    @property
    def values(self) -> Iterator[SSAValue]:
        yield from self.inputs
        for op in self._ops:
            yield from op.results

    @property
    def output_shapes(self) -> set[Shape]:
        return {shape_of(value) for value in self.outputs}

    @property
    def kind(self) -> str:
        """`conv_relu`, `softmax`: what the kernel is called after."""
        if isinstance(self.node, FusedOp):
            return self.node.kind.data
        return short_name(self.node)

    @cached_property
    def key(self) -> Hashable:
        """Equal for bodies that one kernel computes: the same operations on the same
        types, whatever layers of the source they are. Zero points that are zeros are
        not even read, so whether they are is part of it."""
        numbers = {value: number for number, value in enumerate(self.inputs)}
        steps: list[Hashable] = []
        for op in self._ops:
            operands = tuple(numbers[operand] for operand in op.operands)
            for result in op.results:
                numbers[result] = len(numbers)
            types = tuple(op.result_types)
            subtracts = isinstance(op, QuantizationOp) and not is_symmetric(op)
            steps.append((op.name, _properties(op), operands, types, subtracts))
        given = tuple(value.type for value in self.inputs)
        return given, tuple(steps), tuple(numbers[value] for value in self.outputs)

    @property
    def _ops(self) -> Iterator[LayerOp]:
        if isinstance(self.node, FusedOp):
            return self.node.layer_ops
        return iter((self.node,))


def _properties(op: LayerOp) -> Hashable:
    return tuple(item for item in sorted(op.properties.items()) if item[0] != SOURCE)
