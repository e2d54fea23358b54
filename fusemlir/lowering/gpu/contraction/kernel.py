"""A tiled contraction together with the layers that follow it, as a kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from xdsl.dialects.builtin import BFloat16Type, f16, f32, i8
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.elements.anchored import Operands, beside
from fusemlir.lowering.elements.scaling import Results
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel, scratch
from fusemlir.lowering.gpu.contraction.arithmetic import Arithmetic, FragmentWords
from fusemlir.lowering.gpu.contraction.matrix_vector import (
    MatrixVector,
    build_matrix_vector,
)
from fusemlir.lowering.gpu.contraction.product import Product
from fusemlir.lowering.gpu.contraction.result_tile import Finish, ResultTile
from fusemlir.lowering.gpu.contraction.split import (
    WIDTH,
    Epilogue,
    build_merging,
    keep_part,
    shape_of_parts,
)
from fusemlir.lowering.gpu.contraction.tensor_core import TensorCoreContraction
from fusemlir.lowering.gpu.contraction.tiled import TiledContraction
from fusemlir.lowering.gpu.neighbours import Neighbours, most_at_once
from fusemlir.lowering.gpu.schedules.contraction import (
    ContractionSchedule,
    ProductSize,
    clocks_of_single_elements,
)
from fusemlir.lowering.gpu.schedules.processors import processors_of
from fusemlir.lowering.gpu.schedules.rows import RowSchedule
from fusemlir.lowering.gpu.schedules.tensor_core import OLDEST, TensorCoreSchedule
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.target import Target

MakeResults: TypeAlias = Callable[
    [Operands, Sequence[SSAValue], Sequence[Index]], Results
]
"""What neighbouring sums are in the body, given the first's batch, row and column."""

TiledSchedule: TypeAlias = "ContractionSchedule | TensorCoreSchedule"

Schedule: TypeAlias = "TiledSchedule | RowSchedule"


def choose_schedule(
    product: Product, arithmetic: Arithmetic, target: Target
) -> Schedule | None:
    """None where a thread for each element is quicker."""
    factors = MatrixVector.of_product(product)
    if factors is not None:
        return factors.schedule
    pack = arithmetic.pack

    def size_of(block_k: int, pack: int = pack) -> ProductSize:
        return product.in_blocks(block_k * pack).size(pack)

    chosen = ContractionSchedule.choose(size_of, target)
    if not is_for_tensor_cores(product, target):
        return chosen
    words = FragmentWords(product.first.element)
    word_bytes = words.pack * element_bytes(words.element)
    quick, clocks = TensorCoreSchedule.choose(
        partial(size_of, pack=words.pack), word_bytes, target
    )
    processors = processors_of(target)
    size = size_of(chosen.block_k if chosen else 1)
    if chosen is None:
        return quick if clocks < clocks_of_single_elements(size, processors) else None
    return quick if clocks < chosen.clocks(size, processors) else chosen


def is_for_tensor_cores(product: Product, target: Target) -> bool:
    """Whether those of the target multiply the factors as exactly as is promised."""
    capability = target.capability
    if capability is None or capability < OLDEST or not product.size(1).elements:
        return False
    if product.depth == 0:
        return False
    exact = (f16, BFloat16Type(), i8)
    multiplied = (*exact, f32) if target.tf32 else exact
    first, second = product.first.element, product.second.element
    return first == second and first in multiplied


def build_tiled_kernel(
    name: str,
    body: KernelBody,
    immediates: Immediates,
    product: Product,
    arithmetic: Arithmetic,
    schedule: Schedule,
    sources: Sequence[LayerOp],
    make_results: MakeResults,
) -> Kernel | tuple[Kernel, ...]:
    """Of a product whose sums give the results of `sources`; the layers that depend on
    them are computed on what `make_results` makes of the sums."""

    def epilogue(kernel: BlockKernel) -> Finish:
        constants = immediates.emit(body)
        operands = Operands(kernel.buffers, constants)
        rest = Neighbours(kernel, beside(body, *sources), constants)
        return lambda first, sums, at: rest.compute(
            first, len(sums), make_results(operands, sums, at)
        )

    if isinstance(schedule, RowSchedule):
        factors = MatrixVector.of_product(product)
        assert factors is not None
        return build_matrix_vector(
            name, body, immediates, factors, arithmetic, epilogue
        )
    return _build_tiles(name, body, product, arithmetic, schedule, epilogue)


def _build_tiles(
    name: str,
    body: KernelBody,
    product: Product,
    arithmetic: Arithmetic,
    schedule: TiledSchedule,
    epilogue: Epilogue,
) -> Kernel | tuple[Kernel, ...]:
    words = FragmentWords(product.first.element)
    if isinstance(schedule, TensorCoreSchedule):
        size = element_bytes(words.element)
        product = product.in_blocks(schedule.block_bytes // size)
    else:
        product = product.in_blocks(schedule.block_k * arithmetic.pack)
    splits = schedule.splits
    grid = (ResultTile.blocks(product, schedule) * splits, 1, 1)

    def tile_of(kernel: BlockKernel) -> TensorCoreContraction | TiledContraction:
        if isinstance(schedule, TensorCoreSchedule):
            return TensorCoreContraction(kernel, product, words, schedule, splits)
        return TiledContraction(kernel, product, arithmetic, schedule, splits)

    if splits == 1:
        with BlockKernel(name, body, grid, schedule.threads) as kernel:
            tile_of(kernel).emit(epilogue(kernel), most_at_once(body))
        return kernel.finished
    parts = scratch(shape_of_parts(product, splits), arithmetic.total)
    first = f"{name}_parts"
    with BlockKernel(first, body, grid, schedule.threads, writes=[parts]) as kernel:
        tile = tile_of(kernel)
        tile.emit(keep_part(kernel, parts, tile.split), WIDTH)
    return kernel.finished, build_merging(name, body, product, parts, epilogue)
