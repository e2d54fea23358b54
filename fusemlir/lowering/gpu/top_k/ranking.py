"""Kernels of top-k of 64-bit integers: an element counts those that come before it.

So it has its place. Every element is compared with every other one along the axis, in
parallel and without shared memory: the work is n^2 for n elements.
"""

from __future__ import annotations

from math import prod

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import TopKOp
from fusemlir.dialects.trt.base import element_type_of, shape_of, volume
from fusemlir.dialects.trt.enums import TopKOperation
from fusemlir.lowering.elements.element import flat
from fusemlir.lowering.gpu.block_kernel import BlockKernel, Kernel
from fusemlir.lowering.gpu.element_kernel import THREADS
from fusemlir.lowering.gpu.vector_access import load, load_raw, store_raw
from fusemlir.lowering.kernel.control_flow import for_loop, if_then
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.index_math import (
    Index,
    add,
    as_value,
    compare,
    is_below,
    multiply,
    subtract,
)
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.position import coordinates


def is_ranking_kernel(body: KernelBody) -> bool:
    """Whether it is a top-k of 64-bit integers and nothing else."""
    if len(body.layers) != 1 or not isinstance(body.layers[0], TopKOp):
        return False
    return element_type_of(body.layers[0].input) == i64


def build_ranking(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    (layer,) = body.layers
    assert isinstance(layer, TopKOp)
    size = volume(shape_of(layer.input))
    with BlockKernel(name, body, (-(-size // THREADS), 1, 1), THREADS) as kernel:
        number = as_value(kernel.global_id())
        with if_then(is_below(number, size)):
            _place(layer, kernel, number)
    return kernel.finished


def _place(op: TopKOp, kernel: BlockKernel, number: SSAValue) -> None:
    """Store the `number`-th element of the input where its rank says, if anywhere."""
    shape, axis, k = shape_of(op.input), op.axis.value.data, op.k.value.data
    inner = prod(shape[axis + 1 :])
    rows = (prod(shape[:axis]), shape[axis], inner)
    outer, at, within = coordinates(number, rows)
    source = flat(kernel.buffers[op.input])
    first = subtract(number, multiply(at, inner))
    rank = _rank(op, source, first, inner, at)
    place = add(multiply(add(multiply(outer, k), rank), inner), within)
    with if_then(is_below(rank, k)):
        if op.values in kernel.buffers:
            values = flat(kernel.buffers[op.values])
            store_raw(load_raw(source, [number]), values, [place])
        if op.indices in kernel.buffers:
            index = arith.IndexCastOp(at, element_type_of(op.indices)).result
            store_raw([index], flat(kernel.buffers[op.indices]), [place])


def _rank(
    op: TopKOp, source: SSAValue, first: Index, step: int, at: SSAValue
) -> SSAValue:
    """How many elements along the axis come before the one at `at`.

    Of those in front of it they are the ones that it does not come before: of equals
    the first one is first.
    """
    (own,) = load(source, [add(first, multiply(at, step))])

    def count(other: SSAValue, so_far: tuple[SSAValue, ...]) -> list[SSAValue]:
        (x,) = load(source, [add(first, multiply(other, step))])
        is_in_front = compare("slt", other, at)
        yields = _not(_comes_before(op, own, x))
        precedes = _comes_before(op, x, own)
        counts = arith.SelectOp(is_in_front, yields, precedes).result
        more = add(so_far[0], 1)
        return [arith.SelectOp(counts, as_value(more), so_far[0]).result]

    size = shape_of(op.input)[op.axis.value.data]
    return for_loop(0, size, 1, [as_value(0)], count)[0]


def _comes_before(op: TopKOp, a: SSAValue, b: SSAValue) -> SSAValue:
    """Whether `a` does, whatever their indices."""
    predicate = "sgt" if op.kind == TopKOperation.MAX else "slt"
    return arith.CmpiOp(a, b, predicate).result


def _not(condition: SSAValue) -> SSAValue:
    true = arith.ConstantOp.from_int_and_width(1, 1).result
    return arith.XOrIOp(condition, true).result
