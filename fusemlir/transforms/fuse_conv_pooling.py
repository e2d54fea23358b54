"""Convolution and pooling: the full-size result is never written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.dialects.builtin import i8

from fusemlir.dialects.trt import PoolingOp
from fusemlir.dialects.trt.base import element_type_of, show_shape
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import Node, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import (
    CATALOG,
    EPILOGUE,
    Next,
    Step,
    convolution_group,
)
from fusemlir.transforms.fusion import Constraint, Fusion, FusionMode, Network
from fusemlir.transforms.quantized_contractions import (
    is_dequantized,
    quantized_convolution,
)

MAX_WINDOW = 16
"""Values in a window at most: 4x4. A larger one, a global pool above all, makes one
result of work that would occupy the device."""

MAX_RECOMPUTE = 2.5
"""How often each value may be computed, on average, where windows overlap: 3x3 with
stride 2 makes it 2.25, with stride 1 it would be 9."""


@dataclass(frozen=True)
class PoolStep(Step):
    """A convolution and the pooling after it."""

    consumer: PoolingOp


def recompute_factor(pool: PoolingOp) -> float:
    """In how many windows a value lies on average: the product of window over stride,
    where they overlap; 1.0 where they do not."""
    axes = zip(pool.window, pool.strides, strict=True)
    return math.prod(max(1.0, window / stride) for window, stride in axes)


def _does_not_pay(step: PoolStep) -> str | None:
    if step.mode == FusionMode.STRICT:
        return None
    pool = step.consumer
    if math.prod(pool.window) > MAX_WINDOW:
        return f"a window of {show_shape(pool.window)}"
    factor = recompute_factor(pool)
    return f"each computed {factor:.3g} times" if factor > MAX_RECOMPUTE else None


def _other_precision(step: PoolStep) -> str | None:
    element = element_type_of(step.consumer.input)
    if element == i8 or not is_dequantized(step.producer):
        return None
    return f"i8 in the convolution, {element} in the pool"


@dataclass(frozen=True)
class FuseConvPooling(Fusion[PoolStep]):
    """conv → pool  ⇒  fused(conv, pool); activations in between are in the group.

    Both have one element type: neither changes it, and a cast between them makes no
    site. A convolution of dequantised operands is i8, so a pool of floats is of another
    type; one of the integers that an int8 group gives is not. The pool pads what it
    reads itself: its padding is no result of the convolution.
    """

    name = "fuse-conv-pooling"
    about = (ContractionOp, PoolingOp)
    constraints = (
        Constraint(
            name="element-type",
            sentence="The Convolution and Pooling layers must have the same precision.",
            required="a pool of the convolution's precision",
            violation=_other_precision,
            suggestion="put a Quantize and a Dequantize between them",
        ),
        EPILOGUE,
        CATALOG,
        Constraint(
            name="cost",
            sentence="In practice, only where it pays: the values that a window reads "
            "are computed for that window.",
            required=f"windows of at most {MAX_WINDOW} values, computed at most "
            f"{MAX_RECOMPUTE} times each",
            violation=_does_not_pay,
            suggestion="mode=strict",
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[PoolStep]:
        if not isinstance(node, PoolingOp):
            return
        producer = node_of(node.input)
        if producer is None:
            return
        group = convolution_group(producer) or quantized_convolution(producer)
        if group is not None:
            yield PoolStep(group, node, Next.POOLING, network.mode)


@dataclass(frozen=True)
class FuseConvPoolingPass(FusionPass):
    """Fuse a convolution, with what it already carries, with the pool that follows."""

    name = "fuse-conv-pooling"
    rule = FuseConvPooling
