"""Tensor cores and asynchronous copies, with indices as Python has them."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerType,
    UnitAttr,
    VectorType,
    f32,
    i32,
)
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.nvgpu import (
    DeviceAsyncCopyOp,
    DeviceAsyncCreateGroupOp,
    DeviceAsyncWaitOp,
    LdMatrixOp,
    MmaSyncOp,
)
from fusemlir.lowering.kernel.index_math import Index, as_value


def load_matrix(
    array: SSAValue, at: Sequence[Index], tiles: int, *, transpose: bool = False
) -> SSAValue:
    """Fragments of 1, 2 or 4 tiles of 8 rows of 16 bytes; see `nvgpu.ldmatrix`.

    `at` is where, for lane 8 t + r, row r of tile t begins.
    """
    indices = [as_value(index) for index in at]
    return LdMatrixOp(array, indices, tiles, transpose=transpose).res


def multiply_add(
    a: SSAValue, b: SSAValue, sums: SSAValue, shape: tuple[int, int, int]
) -> SSAValue:
    """a · b + sums for a warp; see `nvgpu.mma.sync`."""
    return MmaSyncOp(a, b, sums, shape).res


def no_sums(element: Attribute) -> SSAValue:
    """Accumulators of products of `element`, all zero: 2 x 2 a thread.

    `sums[i][j]` is at row `lane / 4 + 8 i`, column `lane % 4 * 2 + j` of the tile.
    """
    if element == IntegerType(8):
        type = VectorType(i32, [2, 2])
    else:
        type = VectorType(f32, [2, 2])
    zeros = DenseIntOrFPElementsAttr.from_list(type, [0])
    return arith.ConstantOp(zeros).result


def copy_async(
    source: SSAValue,
    source_at: Sequence[Index],
    target: SSAValue,
    target_at: Sequence[Index],
    elements: int,
    source_elements: Index | None = None,
) -> SSAValue:
    """Start to copy 4, 8 or 16 bytes to shared memory; see `nvgpu.device_async_copy`.

    Only the first `source_elements` are read, the others become zeros. The addresses
    are aligned to the size.
    """
    copy = DeviceAsyncCopyOp(
        source,
        [as_value(index) for index in source_at],
        target,
        [as_value(index) for index in target_at],
        elements,
        None if source_elements is None else as_value(source_elements),
    )
    if copy.bytes == 16:
        copy.properties["bypassL1"] = UnitAttr()
    return copy.asyncToken


def commit_copies(tokens: Sequence[SSAValue] = ()) -> SSAValue:
    """Make a group of the copies started since the last one."""
    return DeviceAsyncCreateGroupOp(tokens).asyncToken


def wait_for_copies(token: SSAValue, pending: int = 0) -> None:
    """Until all groups but the last `pending` are there, for this thread: a barrier
    has to follow before others' copies are read."""
    DeviceAsyncWaitOp(token, pending)
