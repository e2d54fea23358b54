"""Kernels of convolutions, deconvolutions and matrix products, and what follows them.

Products are added in f32, whatever the tensors' type, by tensor cores or fused
multiply-adds; the bias and the pointwise layers that follow see that f32. A block
computes a tile of the result; of what is too small or too odd for that, a thread
computes an element.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.lowering.elements.anchored import Operands, is_anchored
from fusemlir.lowering.elements.contracted import FloatContracted
from fusemlir.lowering.elements.contraction import contraction_element
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import FloatArithmetic
from fusemlir.lowering.gpu.contraction.kernel import (
    Results,
    build_tiled_kernel,
    choose_schedule,
)
from fusemlir.lowering.gpu.contraction.product import product_of
from fusemlir.lowering.gpu.element_kernel import of_elements
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target


def is_contraction_kernel(body: KernelBody) -> bool:
    """Whether it is a convolution, deconvolution or matrix product of inputs, and
    pointwise layers on its result and on other inputs."""
    if not is_anchored(body, ContractionOp, MatrixMultiplyOp):
        return False
    anchor = body.group.anchor
    assert anchor is not None
    return all(operand in body.inputs for operand in anchor.operands[:2])


def build_contraction(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...]:
    tiled = build_tiled_contraction(name, body, immediates)
    return tiled or of_elements(contraction_element)(name, body, immediates)


def build_tiled_contraction(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...] | None:
    """None where one thread for each element is quicker."""
    anchor = body.group.anchor
    assert isinstance(anchor, ConvolutionOp | DeconvolutionOp | MatrixMultiplyOp)
    found, product = FloatContracted(body, anchor), product_of(anchor)
    arithmetic = FloatArithmetic()
    target = Target.of_module(immediates.module)
    chosen = choose_schedule(product, arithmetic, target)
    if chosen is None:
        return None

    def results(
        operands: Operands, sums: Sequence[SSAValue], at: Sequence[Index]
    ) -> Results:
        batch, row, column = at
        feature = add(multiply(batch, product.first.free), row)
        return found.results(operands, sums, feature, column)

    sources = found.sources
    return build_tiled_kernel(
        name, body, immediates, product, arithmetic, chosen, sources, results
    )
