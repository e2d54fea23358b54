"""A tiled contraction together with the layers that follow it, as a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.lowering.gpu.anchored import Operands, beside
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.contraction.arithmetic import Arithmetic
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.contraction.tiled import TiledContraction
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.index_math import Index
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.neighbours import Neighbours, most_at_once
from fusemlir.lowering.gpu.schedules.contraction import ContractionSchedule
from fusemlir.target import Target

Results: TypeAlias = "Mapping[SSAValue, Sequence[SSAValue]]"
"""By value of the body, neighbouring elements."""

MakeResults: TypeAlias = Callable[
    [Operands, Sequence[SSAValue], Sequence[Index]], Results
]
"""What neighbouring sums are in the body, given the first's batch, row and column."""


def choose_schedule(
    product: Product, arithmetic: Arithmetic, target: Target
) -> ContractionSchedule | None:
    """None where a thread for each element is quicker."""
    pack = arithmetic.pack
    return ContractionSchedule.choose(
        lambda block_k: product.in_blocks(block_k * pack).size(pack), target
    )


def build_tiled_kernel(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    product: Product,
    arithmetic: Arithmetic,
    schedule: ContractionSchedule,
    sources: Sequence[LayerOp],
    make_results: MakeResults,
) -> Kernel:
    """Of a product whose sums give the results of `sources`; the layers that depend on
    them are computed on what `make_results` makes of the sums."""
    product = product.in_blocks(schedule.block_k * arithmetic.pack)
    blocks = TiledContraction.blocks(product, schedule)
    with BlockKernel(name, body, (blocks, 1, 1), schedule.threads) as kernel:
        constants = immediates.emit(body)
        operands = Operands(kernel.buffers, constants)
        rest = Neighbours(kernel, beside(body, *sources), constants)

        def finish(
            first: SSAValue, sums: Sequence[SSAValue], at: Sequence[Index]
        ) -> None:
            rest.compute(first, len(sums), make_results(operands, sums, at))

        tiled = TiledContraction(kernel, product, arithmetic, schedule)
        tiled.emit(finish, most_at_once(body))
    return kernel.finished
