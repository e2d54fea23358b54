"""Dequantize and Quantize by the same numbers: the integers are there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import bf16
from xdsl.ir import BlockArgument, SSAValue

from fusemlir.dialects.trt import DequantizeOp, IdentityOp, QuantizeOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import Node, is_output, node_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Blocked, Constraint, Fusion, Network, Rewrite
from fusemlir.transforms.quantization import (
    SAME_PARAMETERS,
    numbers_of,
    show_numbers,
    unusable_scale,
    zero_point_of,
)
from fusemlir.weights import dtype_of, largest, smallest_normal

LEVELS = 255
"""The greatest difference of two 8-bit integers, one of them the zero point."""


@dataclass(frozen=True)
class Roundtrip:
    """Integers made floats, and these integers again."""

    dequantize: DequantizeOp
    quantize: QuantizeOp
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.dequantize, self.quantize)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        return (self.dequantize, self.quantize)


def _inexact(site: Roundtrip) -> str | Blocked | None:
    unusable = unusable_scale(site)
    numbers = numbers_of(site.dequantize.scale, site.network)
    if unusable is not None or numbers is None:
        return unusable
    dtype = dtype_of(element_type_of(site.dequantize.output))
    least, greatest = smallest_normal(dtype), largest(dtype) / LEVELS
    bad = numbers[(numbers < least) | (numbers > greatest)]
    return f"a scale of {bad.flat[0]} in {dtype}" if bad.size else None


def _too_few_digits(site: Roundtrip) -> str | None:
    real = element_type_of(site.dequantize.output)
    zero_point = zero_point_of(site.dequantize, site.network)
    if real != bf16 or zero_point is None:
        return None
    return f"a zero point of {show_numbers(zero_point, site.network)}"


@dataclass(frozen=True)
class FuseQdqPair(Fusion[Roundtrip]):
    """dq(s, z) → q(s, z)  ⇒  nothing. Exact, in the reference's both modes.

    With n = q - z, |n| <= 255, the float is y = n * s rounded to its type. Where s is
    normal and 255 * s finite there, n * s is normal or zero, so y = n * s * (1 + d)
    with |d| <= u / (1 + u), u being 2^-24 in f32, 2^-11 in f16, 2^-8 in bf16. The
    quotient y / s, rounded to f32, is n * (1 + d) * (1 + e) with |e| <= 2^-24: off n by
    less than 255 * 2^-11 + 2^-15 in f16, less in f32, and in bf16, where z is 0 and
    |n| <= 128, less than 128 / 257 + 2^-16. All are below 1/2, so it rounds to n. A
    scale outside of these limits lets several levels share a float, or makes infinity
    of some.

    Not so the other way: q → dq rounds floats to levels, which changes their values,
    and no rule removes it. Two scales make a requantisation, which stays as well.
    """

    name = "fuse-qdq-pair"
    about = (DequantizeOp, QuantizeOp)
    constraints = (
        *SAME_PARAMETERS,
        Constraint(
            name="exact-scale",
            sentence="All levels must be floats of their own.",
            required="a constant scale, normal and with 255 times it finite",
            violation=_inexact,
        ),
        Constraint(
            name="digits",
            sentence="A bf16 has 8 digits, enough for 128 levels to each side of zero.",
            required="a zero point of zero in bf16",
            violation=_too_few_digits,
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[Roundtrip]:
        if not isinstance(node, QuantizeOp):
            return
        producer = node_of(node.input)
        if isinstance(producer, DequantizeOp):
            yield Roundtrip(producer, node, network)

    def fuse(self, site: Roundtrip, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site), keeps_producer=True)


def _build(site: Roundtrip) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    value = site.dequantize.input
    if isinstance(value, BlockArgument) and is_output(site.quantize.output):
        # Something must copy an input of the network to its output.
        layer = IdentityOp(value)
        return [layer], [layer.output]
    return [], [value]


@dataclass(frozen=True)
class FuseQdqPairPass(FusionPass):
    """Erase a Quantize that gives back the integers that a Dequantize was given."""

    name = "fuse-qdq-pair"
    rule = FuseQdqPair
