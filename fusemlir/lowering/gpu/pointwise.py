"""Kernels of pointwise layers: each input read where the output's element is."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.element_kernel import (
    Element,
    Kernel,
    aligned_shapes,
    build_element_kernel,
)
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.position import Position, merge_axes
from fusemlir.lowering.scalar import has_scalar_form


def is_pointwise_kernel(body: KernelBody) -> bool:
    """Whether all layers are pointwise and all outputs of one shape."""
    return all(map(has_scalar_form, body.layers)) and len(body.output_shapes) == 1


def build_pointwise(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    shape = shape_of(body.outputs[0])
    read = (aligned for layer in body.layers for aligned in aligned_shapes(layer))
    merged = merge_axes(shape, dict.fromkeys(read))

    def emit(linear: SSAValue, buffers: Mapping[SSAValue, SSAValue]) -> None:
        position = Position(shape, linear, merged)
        element = Element(position, buffers, immediates.emit(body))
        for layer in body.layers:
            element.compute(layer)
        for output in body.outputs:
            element.store(output)

    return build_element_kernel(name, body, emit)
