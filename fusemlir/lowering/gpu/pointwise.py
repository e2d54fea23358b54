"""Kernels of pointwise layers: a thread computes neighbours, moved 16 bytes at once."""

from __future__ import annotations

from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.neighbours import Neighbours, choose_schedule
from fusemlir.lowering.kernel.control_flow import if_then
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    add,
    as_value,
    is_below,
    multiply,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


def is_pointwise_kernel(body: KernelBody) -> bool:
    """Whether all layers are pointwise and all outputs of one shape."""
    return all(map(has_scalar_form, body.layers)) and len(body.output_shapes) == 1


def build_pointwise(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    total = volume(shape_of(body.outputs[0]))
    chosen = choose_schedule(body)
    count = chosen.elements
    # What is left after the last whole group is for threads of its own, one element
    # each. In one thread LLVM would make a vector of it, rounded up past the end.
    whole, rest = divmod(total, count)
    grid = (-(-(whole + rest) // chosen.threads), 1, 1)
    with BlockKernel(name, body, grid, chosen.threads) as kernel:
        number = kernel.global_id()
        writer = Neighbours(kernel, body.layers, immediates.emit(body))
        with if_then(is_below(number, whole)):
            writer.compute(as_value(multiply(number, count)), count)
        if rest:
            left_over = subtract(number, whole)
            with if_then(is_below(left_over, rest)):
                writer.compute(as_value(add(left_over, whole * count)), 1)
    return kernel.finished
