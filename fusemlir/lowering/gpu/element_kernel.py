"""Kernels in which each thread computes one element of every output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.lowering.elements.element import EmitElement
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.kernel.control_flow import if_then
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import as_value, is_below
from fusemlir.lowering.kernel.kernel_body import KernelBody

THREADS = 256
"""Threads in a block."""

Build: TypeAlias = Callable[[str, KernelBody, Immediates], Kernel]


def build_element_kernel(
    name: str, body: KernelBody, emit: EmitElement, count: int = 1
) -> Kernel:
    """A kernel of as many threads as an output has elements, or has `count` of them."""
    size = volume(shape_of(body.outputs[0])) // count
    grid = (-(-size // THREADS), 1, 1)
    with BlockKernel(name, body, grid, THREADS) as kernel:
        linear = as_value(kernel.global_id())
        with if_then(is_below(linear, size)):
            emit(linear, kernel.buffers)
    return kernel.finished


def of_elements(emitter: Callable[[KernelBody, Immediates], EmitElement]) -> Build:
    """What builds kernels of elements that `emitter` computes."""

    def build(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
        return build_element_kernel(name, body, emitter(body, immediates))

    return build
