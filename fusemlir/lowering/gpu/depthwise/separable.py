"""Kernels of depthwise-separable groups: two int8 convolutions, the first depthwise.

What the first one gives is rounded to bytes as its Quantize says, and is never written:
a block has it in shared memory, four channels a word, and multiplies it with dot
products of words. Both follow the formula of `fusemlir.reference.quantized`, to the
bit. Of windows that see too much to be held, a thread computes an element and all that
it sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import Shape, shape_of
from fusemlir.lowering.gpu.anchored import Operands
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.element import ContractedElement
from fusemlir.lowering.gpu.depthwise.middle_tile import MiddleTile
from fusemlir.lowering.gpu.depthwise.separable_body import Separable, separable_of
from fusemlir.lowering.gpu.depthwise.separable_product import SeparableProduct
from fusemlir.lowering.gpu.element_kernel import build_element_kernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.separable import THREADS
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, as_value, linear
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import Position
from fusemlir.target import Target


def is_separable_kernel(body: KernelBody) -> bool:
    """Whether it is a depthwise convolution of bytes and another one of the bytes that
    it is rounded to, with pointwise layers between and after them."""
    return separable_of(body) is not None


def build_separable(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    found = separable_of(body)
    assert found is not None
    target = Target.of_module(immediates.module)
    schedule = found.schedule(processors_of(target))
    if schedule is None:
        return _build_of_elements(name, found, immediates)
    grid = (schedule.blocks(found.sizes), 1, 1)
    with BlockKernel(name, body, grid, THREADS) as kernel:
        constants = immediates.emit(body)
        operands = Operands(kernel.buffers, constants)
        middle = MiddleTile(kernel, found, schedule, operands)
        middle.fill()
        kernel.barrier()
        after = Neighbours(kernel, found.after, constants)
        SeparableProduct(middle, operands, after).emit()
    return kernel.finished


def _build_of_elements(name: str, found: Separable, immediates: Immediates) -> Kernel:
    body = found.body

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        operands = ComputedBetween(buffers, immediates.emit(body), found)
        position = Position(shape_of(found.following.output), number)
        element = ContractedElement(found.second, operands, position).compute()
        for layer in found.after:
            element.compute(layer)
        for output in body.outputs:
            element.store(output)

    return build_element_kernel(name, body, emit)


@dataclass(frozen=True)
class ComputedBetween(Operands):
    """Elements of inputs, and of what is between the convolutions by computing them."""

    separable: Separable

    def at(
        self, value: SSAValue, place: Sequence[Index], shape: Shape | None = None
    ) -> SSAValue:
        between = self.separable.between.output
        if value is not between:
            return super().at(value, place, shape)
        whole = shape_of(between)
        position = Position(whole, as_value(linear(list(place), whole)))
        operands = Operands(self.buffers, self.values)
        first = self.separable.first
        element = ContractedElement(first, operands, position).compute()
        for layer in self.separable.before:
            element.compute(layer)
        return element.values[between]
