"""Kernels of a network, each as a program of its own: what is timed alone.

Its tensors lie as they do in the network, so that nothing is brought into another
layout before or after.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import element_type_of
from fusemlir.lowering.host.buffers import Buffer, Kind
from fusemlir.lowering.host.kernel_table import HostKernelTable, plan_of
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.placement import Placement, constants_of
from fusemlir.lowering.host.plan import Plan
from fusemlir.lowering.host.program import Placed, Program, emit_program
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import Node, is_kernel, nodes


@dataclass(frozen=True)
class PlacedKernel:
    """A kernel, and how its tensors lie."""

    plan: Plan
    layouts: Mapping[SSAValue, Layout]
    """By value of its body."""

    @property
    def node(self) -> Node:
        return self.plan.body.node

    @property
    def key(self) -> Hashable:
        """Equal for kernels that compute the same on tensors that lie the same way."""
        body = self.plan.body
        places = tuple(self.layouts[tensor] for tensor in body.tensors)
        return type(self.plan), body.key, places


def placed_kernels(network: FuncOp) -> Iterator[PlacedKernel]:
    """The kernels of a network in order; those that there is no plan of are left
    out."""
    placement = Placement()
    for node in nodes(network):
        if isinstance(node, ConstantOp):
            continue
        if not is_kernel(node):
            placement.view(node)
            continue
        body = KernelBody(node)
        plan = plan_of(body, constants_of(body))
        if plan is not None:
            yield PlacedKernel(plan, placement.place(plan))


class _Given(Placement):
    """The layouts of one kernel, known before."""

    def __init__(self, layouts: Mapping[SSAValue, Layout]):
        super().__init__()
        self._given = dict(layouts)

    def place(self, plan: Plan) -> dict[SSAValue, Layout]:
        return self._given


def convert_kernel(kernel: PlacedKernel, name: str, kernels: HostKernelTable) -> FuncOp:
    """The program of a kernel, which stays as it is: a function as that of a network,
    see `program`."""
    program = Program(kernels, _Given(kernel.layouts))
    body, inputs = kernel.plan.body, list[Buffer]()
    for operand, value in zip(body.operands, body.inputs, strict=True):
        if not isinstance(operand.owner, ConstantOp):
            layout = kernel.layouts[value]
            buffer = Buffer(Kind.INPUT, element_type_of(operand), layout.volume)
            program.tensors[operand] = Placed(buffer, layout)
            inputs.append(buffer)
    program.run(kernel.node)
    program.charge(kernel.node)
    outputs = [program.tensors[result].buffer for result in kernel.node.results]
    for buffer in outputs:
        buffer.kind = Kind.OUTPUT
    return emit_program(name, program, inputs, outputs)
