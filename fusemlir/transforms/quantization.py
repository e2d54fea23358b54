"""The numbers of Quantize and Dequantize layers, wherever these stand: whether scales
and zero points are constant, of what value, and the same for several layers.

An absent zero point and a constant one of zeros are the same. What a layer in a group
reads is looked up outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import label, outside
from fusemlir.transforms.fusion import Blocked, Constraint, Network
from fusemlir.weights import Array
from fusemlir.weights.element_types import widen


class Quantizations(Protocol):
    """A site with layers that quantise or dequantise."""

    @property
    def quantizations(self) -> Sequence[QuantizationOp]: ...

    @property
    def network(self) -> Network: ...


def numbers_of(value: SSAValue, network: Network) -> Array | None:
    """The elements of a constant in f64 or i64; None where `value` is computed."""
    constant = constant_value(outside(value))
    return None if constant is None else widen(network.weights.array(constant))


def axis_of(layer: QuantizationOp) -> int | None:
    """The axis along which scales lie; None where one serves the whole tensor."""
    return None if layer.axis is None else layer.axis.value.data


def is_per_tensor(layer: QuantizationOp) -> bool:
    """Whether one scale serves the whole tensor, along an axis or not."""
    return axis_of(layer) is None or volume(shape_of(layer.scale)) == 1


def zero_point_of(layer: QuantizationOp, network: Network) -> SSAValue | None:
    """The zero point, unless it is absent or a constant of zeros."""
    if layer.zero_point is None:
        return None
    numbers = numbers_of(layer.zero_point, network)
    is_zero = numbers is not None and not numbers.any()
    return None if is_zero else layer.zero_point


def are_equal(a: SSAValue | None, b: SSAValue | None, network: Network) -> bool:
    """Whether two values are one, or constants of the same shape and numbers."""
    if a is b:
        return True
    if a is None or b is None:
        return False
    one, other = numbers_of(a, network), numbers_of(b, network)
    return one is not None and other is not None and np.array_equal(one, other)


def show_numbers(value: SSAValue | None, network: Network) -> str:
    """A scale or zero point as a message says it."""
    if value is None:
        return "none"
    numbers = numbers_of(value, network)
    if numbers is None:
        return "computed numbers"
    few = ", ".join(repr(number) for number in numbers.ravel()[:3].tolist())
    return f"{few}, ..." if numbers.size > 3 else few


def unusable_scale(site: Quantizations) -> Blocked | None:
    """The first scale that is not constant, positive and finite."""
    for layer in site.quantizations:
        numbers = numbers_of(layer.scale, site.network)
        if numbers is None:
            return Blocked("a scale that is computed", label(layer))
        bad = numbers[~((numbers > 0) & np.isfinite(numbers))]
        if bad.size:
            return Blocked(f"a scale of {bad.flat[0]}", label(layer))
    return None


def other_zero_point_than_zero(site: Quantizations) -> Blocked | None:
    """The first zero point that is not absent, nor a constant of zeros."""
    for layer in site.quantizations:
        zero_point = zero_point_of(layer, site.network)
        if zero_point is not None:
            shown = show_numbers(zero_point, site.network)
            return Blocked(f"a zero point of {shown}", label(layer))
    return None


def scales_along_an_axis(layers: Iterable[QuantizationOp]) -> Blocked | None:
    """The first of `layers` that has more than one scale."""
    for layer in layers:
        if not is_per_tensor(layer):
            return Blocked(f"scales along axis {axis_of(layer)}", label(layer))
    return None


def _other_scale(site: Quantizations) -> Blocked | None:
    first, *others = site.quantizations
    for other in others:
        if not are_equal(first.scale, other.scale, site.network):
            one = show_numbers(first.scale, site.network)
            two = show_numbers(other.scale, site.network)
            return Blocked(f"{one} and {two}", label(other))
    return None


def _other_axis(site: Quantizations) -> Blocked | None:
    first, *others = site.quantizations
    for other in others:
        if axis_of(first) != axis_of(other):
            return Blocked(f"{axis_of(first)} and {axis_of(other)}", label(other))
    return None


def _other_zero_point(site: Quantizations) -> Blocked | None:
    first, *others = site.quantizations
    network = site.network
    one = zero_point_of(first, network)
    for other in others:
        two = zero_point_of(other, network)
        if not are_equal(one, two, network):
            shown = f"{show_numbers(one, network)} and {show_numbers(two, network)}"
            return Blocked(shown, label(other))
    return None


ZERO_POINT: Constraint[Quantizations] = Constraint(
    name="zero-point",
    sentence="Only symmetric quantization is supported: the zero point is zero.",
    required="a zero point of zero",
    violation=other_zero_point_than_zero,
    suggestion="quantize the model symmetrically",
)

SCALE: Constraint[Quantizations] = Constraint(
    name="scale",
    sentence="Scales are positive and known when the network is built.",
    required="constant scales, positive and finite",
    violation=unusable_scale,
)

PER_TENSOR: Constraint[Quantizations] = Constraint(
    name="per-tensor",
    sentence="Activations are quantized with one scale for the tensor.",
    required="one scale for each tensor",
    violation=lambda site: scales_along_an_axis(site.quantizations),
)

SAME_PARAMETERS: tuple[Constraint[Quantizations], ...] = (
    Constraint(
        name="same-axis",
        sentence="Scales lie along an axis, or one serves the whole tensor.",
        required="scales along the same axis",
        violation=_other_axis,
    ),
    Constraint(
        name="same-scale",
        sentence="Integers of another scale mean other numbers.",
        required="the same scale",
        violation=_other_scale,
    ),
    Constraint(
        name="same-zero-point",
        sentence="Integers of another zero point mean other numbers.",
        required="the same zero point",
        violation=_other_zero_point,
    ),
)
"""That several Quantize and Dequantize layers go by the same numbers."""
