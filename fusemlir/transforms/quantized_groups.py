"""Int8 groups: sites of the rules that put layers between Dequantize and Quantize, and
what all of these rules ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DequantizeOp, QuantizeOp
from fusemlir.dialects.trt.base import element_type_of, is_float
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import (
    Group,
    Node,
    is_used_only_by,
    label,
    node_of,
    outside,
    users,
)
from fusemlir.transforms.fusion import Blocked, Constraint, Fusion, Network, Wrap

DEQUANTIZE_FIRST = "put a Quantize and a Dequantize before it"


@dataclass(frozen=True)
class QuantizedSite:
    """Layers on dequantised operands, and the Quantize of their result, if any."""

    group: Group
    quantize: QuantizeOp | None
    network: Network

    @cached_property
    def inputs(self) -> tuple[DequantizeOp, ...]:
        """The Dequantizes outside the group that it reads."""
        owners = (operand.owner for operand in self.group.node.operands)
        found = {owner: None for owner in owners if isinstance(owner, DequantizeOp)}
        return tuple(found)

    @property
    def nodes(self) -> tuple[Node, ...]:
        last = () if self.quantize is None else (self.quantize,)
        return (*self.inputs, self.group.node, *last)

    @property
    def quantizations(self) -> Sequence[QuantizationOp]:
        """All Quantizes and Dequantizes of the group to be."""
        inner = (op for op in self.group.prologue if isinstance(op, DequantizeOp))
        last = () if self.quantize is None else (self.quantize,)
        return (*self.inputs, *inner, *last)


@dataclass(frozen=True)
class QuantizedFusion(Fusion[QuantizedSite], ABC):
    """One group of layers with what dequantises their operands.

    A Dequantize that others read too stays for them; the group gets its own.
    """

    about = (QuantizationOp,)

    def fuse(self, site: QuantizedSite, network: Network) -> Wrap:
        return Wrap(site.nodes, copied=site.inputs)


@dataclass(frozen=True)
class UnweightedFusion(QuantizedFusion, ABC):
    """A node without weights between Dequantize and Quantize."""

    @abstractmethod
    def takes(self, node: Node) -> bool:
        """Whether the rule is about this node."""

    def sites(self, node: Node, network: Network) -> Iterable[QuantizedSite]:
        """At the Quantize, or, where there is none, at a node on dequantised inputs."""
        quantize = node if isinstance(node, QuantizeOp) else None
        computing = node if quantize is None else node_of(quantize.input)
        if computing is None or not self.takes(computing):
            return
        site = QuantizedSite(Group(computing), quantize, network)
        if site.inputs and (quantize is not None or not _is_quantized(computing)):
            yield site


def _is_quantized(node: Node) -> bool:
    uses = (use for value in node.results for use in value.uses)
    return any(isinstance(use.operation, QuantizeOp) for use in uses)


def dequantize_of(value: SSAValue) -> DequantizeOp | None:
    """The Dequantize, in its group or before it, that makes what a layer reads."""
    owner = outside(value).owner
    return owner if isinstance(owner, DequantizeOp) else None


def ends_in_quantize(node: Node) -> bool:
    """Whether nothing but one Quantize uses the results of `node`."""
    use = next((value.first_use for value in node.results if value.first_use), None)
    user = None if use is None else use.operation
    return isinstance(user, QuantizeOp) and is_used_only_by(node, user)


def float_operand(value: SSAValue, what: str) -> Blocked | None:
    """`what` layers read as `value`, unless a Dequantize makes it."""
    if dequantize_of(value) is not None:
        return None
    return Blocked(f"a float {what}", label(outside(value).owner))


def _float_tensor(site: QuantizedSite) -> Blocked | None:
    for operand in site.group.node.operands:
        if is_float(element_type_of(operand)) and constant_value(operand) is None:
            found = float_operand(operand, "input")
            if found is not None:
                return found
    return None


def _no_quantize(site: QuantizedSite) -> Blocked | None:
    if site.quantize is not None:
        return None
    user = users(site.group.node)[0]
    return Blocked(f"a float result for {label(user)}", label(user))


INPUTS: Constraint[QuantizedSite] = Constraint(
    name="inputs",
    sentence="A layer is computed in INT8 if its inputs are quantized, each followed "
    "by a Dequantize.",
    required="inputs that a Dequantize makes",
    violation=_float_tensor,
    suggestion=DEQUANTIZE_FIRST,
)

QUANTIZED: Constraint[QuantizedSite] = Constraint(
    name="quantized",
    sentence="A layer without weights is computed in INT8 if its result is quantized.",
    required="a Quantize of the result",
    violation=_no_quantize,
    suggestion="put a Quantize and a Dequantize after it",
)
