"""One value, or a few, of those that the threads of a warp, or of a block, have."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, i32, i64
from xdsl.ir import SSAValue

from fusemlir.dialects.gpu import ShuffleMode, ShuffleOp
from fusemlir.lowering.element_conversion import integer
from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.schedules.sizes import WARP
from fusemlir.lowering.gpu.vector_access import load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import if_then
from fusemlir.lowering.kernel.index_math import compare, divide, remainder
from fusemlir.lowering.rows.fold import Combine, Merge, State, alone


def shuffle(
    value: SSAValue, offset: int, mode: ShuffleMode = ShuffleMode.xor, width: int = WARP
) -> SSAValue:
    """The value of another lane of the warp, all of whose lanes take part."""
    if value.type == i64:
        return _shuffle_halves(value, offset, mode, width)
    return ShuffleOp(value, _constant(offset), _constant(width), mode).shuffleResult


def _shuffle_halves(
    value: SSAValue, offset: int, mode: ShuffleMode, width: int
) -> SSAValue:
    half = integer(i64, 32)
    high = arith.TruncIOp(arith.ShRUIOp(value, half).result, i32).result
    low = arith.TruncIOp(value, i32).result
    high, low = (
        arith.ExtUIOp(shuffle(part, offset, mode, width), i64).result
        for part in (high, low)
    )
    return arith.OrIOp(arith.ShLIOp(high, half).result, low).result


def _constant(value: int) -> SSAValue:
    return arith.ConstantOp(IntegerAttr(value, i32)).result


def warp_merge(state: State, merge: Merge, width: int = WARP) -> State:
    """Of each group of `width` neighbouring lanes; every lane gets it."""
    offset = width // 2
    while offset:
        state = merge(state, [shuffle(value, offset) for value in state])
        offset //= 2
    return state


def block_merge(
    kernel: BlockKernel, state: State, merge: Merge, *, repeated: bool = False
) -> State:
    """Of all threads of a block, a power of two from 32 on along x; every thread gets
    it. `repeated` is for code that a thread runs more than once, in a loop."""
    state = warp_merge(state, merge)
    warps = kernel.block_size // WARP
    if warps == 1:
        return state
    arrays = [kernel.shared((warps,), value.type) for value in state]
    thread = kernel.thread_id()
    if repeated:
        kernel.barrier()
    with if_then(compare("eq", remainder(thread, WARP), 0)):
        for value, array in zip(state, arrays, strict=True):
            store_raw([value], array, [divide(thread, WARP)])
    kernel.barrier()
    at = remainder(thread, warps)
    return warp_merge([load_raw(array, [at])[0] for array in arrays], merge, warps)


def warp_reduce(value: SSAValue, combine: Combine, width: int = WARP) -> SSAValue:
    """As `warp_merge`, of one value."""
    return warp_merge([value], alone(combine), width)[0]


def block_reduce(
    kernel: BlockKernel, value: SSAValue, combine: Combine, *, repeated: bool = False
) -> SSAValue:
    """As `block_merge`, of one value."""
    return block_merge(kernel, [value], alone(combine), repeated=repeated)[0]
