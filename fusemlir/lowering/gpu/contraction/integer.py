"""Kernels of int8 groups: a contraction of bytes and what it is requantised to.

They compute the formula that `fusemlir.reference.quantized` states, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConvolutionOp,
    DequantizeOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.lowering.elements.anchored import Operands
from fusemlir.lowering.elements.scaling import Scaling, is_requantization
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import IntegerArithmetic
from fusemlir.lowering.gpu.contraction.kernel import (
    Results,
    build_tiled_kernel,
    choose_schedule,
)
from fusemlir.lowering.gpu.contraction.product import product_of
from fusemlir.lowering.gpu.schedules.contraction import ContractionSchedule
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target

SMALLEST = ContractionSchedule(16, 16, 8, 2, 4)
"""For products that are too small for any tile to pay: there is no other kernel."""


def build_integer_contraction(
    name: str, body: KernelBody, immediates: Immediates
) -> Kernel | tuple[Kernel, ...]:
    anchor = body.group.anchor
    assert isinstance(anchor, ConvolutionOp | MatrixMultiplyOp)
    factors = [value.owner for value in anchor.operands[:2]]
    first, second = (op for op in factors if isinstance(op, DequantizeOp))
    product = product_of(anchor, first.input, second.input)
    arithmetic, target = IntegerArithmetic(), Target.of_module(immediates.module)
    chosen = choose_schedule(product, arithmetic, target) or SMALLEST
    made = [op for op in body.layers if isinstance(op, QuantizeOp)]
    requantized = [op for op in made if is_requantization(op, anchor)]

    def results(
        operands: Operands, sums: Sequence[SSAValue], at: Sequence[Index]
    ) -> Results:
        batch, row, column = at
        feature = add(multiply(batch, product.first.free), row)
        scaling = Scaling(anchor, first, second, operands, feature, column)
        return scaling.results(sums, requantized)

    sources = [anchor, *requantized]
    return build_tiled_kernel(
        name, body, immediates, product, arithmetic, chosen, sources, results
    )
