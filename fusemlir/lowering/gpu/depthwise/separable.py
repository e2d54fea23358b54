"""Kernels of depthwise-separable groups: two int8 convolutions, the first depthwise.

What the first one gives is rounded to bytes as its Quantize says, and is never written:
a block has it in shared memory, four channels a word, and multiplies it with dot
products of words. Both follow the formula of `fusemlir.reference.quantized`, to the
bit. Of windows that see too much to be held, a thread computes an element and all that
it sees.
"""

from __future__ import annotations

from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.separable import (
    separable_element,
    separable_of,
)
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.depthwise.middle_tile import MiddleTile
from fusemlir.lowering.gpu.depthwise.separable_product import SeparableProduct
from fusemlir.lowering.gpu.depthwise.separable_sizes import schedule_of, sizes_of
from fusemlir.lowering.gpu.element_kernel import of_elements
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.separable import THREADS
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target


def build_separable(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    found = separable_of(body)
    assert found is not None
    target = Target.of_module(immediates.module)
    schedule = schedule_of(found, processors_of(target))
    if schedule is None:
        return of_elements(separable_element)(name, body, immediates)
    grid = (schedule.blocks(sizes_of(found)), 1, 1)
    with BlockKernel(name, body, grid, THREADS) as kernel:
        constants = immediates.emit(body)
        operands = Operands(kernel.buffers, constants)
        middle = MiddleTile(kernel, found, schedule, operands)
        middle.fill()
        kernel.barrier()
        after = Neighbours(kernel, found.after, constants)
        SeparableProduct(middle, operands, after).emit()
    return kernel.finished
