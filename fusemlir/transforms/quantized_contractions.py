"""Int8 groups with weights - convolutions and matrix products: sites of both rules, and
what both ask beyond the other int8 groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp, MatrixMultiplyOp, QuantizeOp
from fusemlir.dialects.trt.base import UNKNOWN, LayerOp, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.fusion import Blocked, Constraint, Network
from fusemlir.transforms.quantization import PER_TENSOR, axis_of, scales_along_an_axis
from fusemlir.transforms.quantized_groups import (
    DEQUANTIZE_FIRST,
    QuantizedFusion,
    QuantizedSite,
    dequantize_of,
    ends_in_quantize,
    float_operand,
)

MAX_DEPTH = (2**31 - 1) // 2**14
"""Products of two i8 whose sum surely fits an i32: 131071."""


def operands_of(anchor: LayerOp) -> tuple[SSAValue, SSAValue]:
    """What a contraction multiplies: input and kernel, or both factors."""
    if isinstance(anchor, MatrixMultiplyOp):
        return anchor.lhs, anchor.rhs
    assert isinstance(anchor, ContractionOp)
    return anchor.input, anchor.kernel


def is_dequantized(group: Group) -> bool:
    """Whether both operands of the contraction that opens a group are dequantised."""
    assert group.anchor is not None
    pair = operands_of(group.anchor)
    return all(dequantize_of(value) is not None for value in pair)


def quantized_convolution(node: Node) -> Group | None:
    """The group of `node` if it is one convolution of integers."""
    group = Group(node)
    if not (isinstance(group.anchor, ContractionOp) and group.prologue):
        return None
    return group if is_dequantized(group) else None


def _is_open(group: Group) -> bool:
    """Whether a group has its Dequantizes already, but may yet get a Quantize."""
    return bool(group.prologue) and is_dequantized(group) and not group.tail


@dataclass(frozen=True)
class QuantizedContraction(QuantizedFusion, ABC):
    """A contraction and its epilogue between Dequantize and Quantize."""

    @abstractmethod
    def takes(self, anchor: LayerOp) -> bool:
        """Whether the rule is about this contraction."""

    def sites(self, node: Node, network: Network) -> Iterable[QuantizedSite]:
        """At a Quantize with what it quantises; at a contraction that others use too,
        or that no Quantize follows, without: its result stays float."""
        if isinstance(node, QuantizeOp):
            yield from self._before(node, network)
        elif (
            (group := self._group(node)) is not None
            and not group.prologue
            and not ends_in_quantize(node)
            and any(
                dequantize_of(value) is not None
                for value in operands_of(_anchor_of(group))
            )
        ):
            yield QuantizedSite(group, None, network)

    def _before(
        self, quantize: QuantizeOp, network: Network
    ) -> Iterator[QuantizedSite]:
        producer = node_of(quantize.input)
        group = self._group(producer)
        if producer is None or group is None:
            return
        if _is_open(group):
            yield QuantizedSite(group, quantize, network)
        elif not group.prologue and ends_in_quantize(producer):
            yield QuantizedSite(group, quantize, network)
            yield QuantizedSite(group, None, network)

    def _group(self, node: Node | None) -> Group | None:
        group = Group(node) if node is not None else None
        if group is None or group.anchor is None or not self.takes(group.anchor):
            return None
        return group


def _anchor_of(group: Group) -> LayerOp:
    assert group.anchor is not None
    return group.anchor


def _float_input(site: QuantizedSite) -> Blocked | None:
    value = operands_of(_anchor_of(site.group))[0]
    return float_operand(value, "input")


def _float_kernel(site: QuantizedSite) -> Blocked | None:
    value = operands_of(_anchor_of(site.group))[1]
    return float_operand(value, "kernel")


def _kernel_axis(anchor: LayerOp) -> int | None:
    """The axis of the kernel that counts the maps or columns of the result; None where
    it has none, or where another axis counts them too."""
    if isinstance(anchor, MatrixMultiplyOp):
        rank = len(shape_of(anchor.rhs))
        match anchor.operations[1]:
            case MatrixOperation.NONE:
                return rank - 1
            case MatrixOperation.TRANSPOSE:
                return rank - 2
            case MatrixOperation.VECTOR:
                return None
    assert isinstance(anchor, ContractionOp)
    if not isinstance(anchor, DeconvolutionOp):
        return 0
    return 1 if anchor.groups == 1 else None


def _kernel_scale(site: QuantizedSite) -> Blocked | None:
    anchor = _anchor_of(site.group)
    op = dequantize_of(operands_of(anchor)[1])
    if op is None or axis_of(op) == _kernel_axis(anchor):
        return None
    return scales_along_an_axis([op])


def _activation_scale(site: QuantizedSite) -> Blocked | None:
    kernel = dequantize_of(operands_of(_anchor_of(site.group))[1])
    return scales_along_an_axis(op for op in site.quantizations if op is not kernel)


def _too_deep(site: QuantizedSite) -> str | None:
    anchor = _anchor_of(site.group)
    assert isinstance(anchor, (ContractionOp, MatrixMultiplyOp))
    depth = anchor.depth
    if depth == UNKNOWN:
        return "an unknown number"
    return str(depth) if depth > MAX_DEPTH else None


def _tail(site: QuantizedSite) -> str | None:
    tail = site.group.tail
    return None if not tail else tail[0].name


INPUT: Constraint[QuantizedSite] = Constraint(
    name="input",
    sentence="A layer with weights is computed in INT8 if both its operands are "
    "quantized, each followed by a Dequantize.",
    required="an input that a Dequantize makes",
    violation=_float_input,
    suggestion=DEQUANTIZE_FIRST,
)

KERNEL: Constraint[QuantizedSite] = Constraint(
    name="kernel",
    sentence="A layer with weights is computed in INT8 if both its operands are "
    "quantized, each followed by a Dequantize.",
    required="a kernel that a Dequantize makes",
    violation=_float_kernel,
    suggestion="put a Quantize and a Dequantize on the weights too",
)

EPILOGUE: Constraint[QuantizedSite] = Constraint(
    name="epilogue",
    sentence="The sums are rescaled where they are complete.",
    required="nothing but pointwise layers after the contraction",
    violation=_tail,
)

ACTIVATION_SCALES: Constraint[QuantizedSite] = Constraint(
    name=PER_TENSOR.name,
    sentence=PER_TENSOR.sentence,
    required="one scale for each tensor but the kernel",
    violation=_activation_scale,
)

DEPTH: Constraint[QuantizedSite] = Constraint(
    name="depth",
    sentence="Products of two INT8 numbers are summed in INT32.",
    required=f"at most {MAX_DEPTH} products for each element",
    violation=_too_deep,
)


def kernel_scale(required: str) -> Constraint[QuantizedSite]:
    """The axis of the kernel's scales, which `required` names."""
    return Constraint(
        name="kernel-scale",
        sentence="Weights are quantized with one scale, or one for each output "
        "channel.",
        required=required,
        violation=_kernel_scale,
    )
