"""Kernels of shuffles of which a thread moves neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.element_kernel import build_element_kernel
from fusemlir.lowering.gpu.schedules.sizes import ACCESS_BYTES
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.index_math import as_value, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.movement.transposition import axes_of_result, source_of


def build_shuffle(name: str, body: KernelBody, op: ShuffleOp) -> Kernel:
    """A thread moves what lies side by side in both tensors, up to 16 bytes of it."""
    count = neighbours_of(op)

    def emit(number: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        source, result = (flat(buffers[value]) for value in (op.input, op.output))
        first = as_value(multiply(number, count))
        at = [source_of(op, first)] if shape_of(op.input) else []
        values = load_raw(source, at, count)
        store_raw(values, result, [first] if shape_of(op.output) else [])

    return build_element_kernel(name, body, emit, count)


def neighbours_of(op: ShuffleOp) -> int:
    """How many elements follow each other in the input as they do in the result, from
    each multiple of it on: a power of two."""
    axes = axes_of_result(op)
    if not axes or axes[-1].stride != 1:
        return 1
    most = ACCESS_BYTES // element_bytes(element_type_of(op.input))
    return gcd(most, axes[-1].size, *(axis.stride for axis in axes[:-1]))
