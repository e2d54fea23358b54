"""One form for what can be said in several ways, before any fusion looks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument, SSAValue
from xdsl.passes import ModulePass

from fusemlir.dialects.trt import (
    ActivationOp,
    CastOp,
    ElementWiseOp,
    FusedOp,
    IdentityOp,
    ShuffleOp,
)
from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    element_type_of,
    is_float,
    is_static,
    shape_of,
    tensor_type,
)
from fusemlir.dialects.trt.constant import constant_value, scalar_of
from fusemlir.dialects.trt.enums import ActivationType, ElementWiseOperation
from fusemlir.dialects.trt.shuffle import only_reshapes
from fusemlir.network import Node, is_output, node_of
from fusemlir.transforms.driver import run_fusions
from fusemlir.transforms.fusion import Fusion, Network, Rewrite
from fusemlir.transforms.scale_algebra import ElementWiseToScale, ScaleOfScale


@dataclass(frozen=True)
class Replacement:
    """Nodes and the layer, or the value, that says the same."""

    nodes: tuple[Node, ...]
    input: SSAValue
    activation: ActivationType | None = None
    alpha: float | None = None
    beta: float | None = None

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        if self.activation is None:
            return [], [self.input]
        layer = ActivationOp(self.activation, self.input, self.alpha, self.beta)
        return [layer], [layer.output]


@dataclass(frozen=True)
class Canonicalization(Fusion[Replacement]):
    """What the rules of this file share: no constraints, nothing to explain."""

    name = "trt-canonicalize"
    constraints = ()
    explains = False

    def fuse(self, site: Replacement, network: Network) -> Rewrite:
        return Rewrite(site.nodes, site.build)


def changes_nothing(layer: LayerOp) -> bool:
    """Whether a layer hands its input on as it is."""
    match layer:
        case IdentityOp():
            return True
        case CastOp():
            return layer.input.type == layer.output.type
        case ShuffleOp():
            return (
                layer.input.type == layer.output.type == layer.infer()[0]
                and only_reshapes(layer)
                and (layer.reshape is None or is_determined(layer.reshaped))
            )
        case _:
            return False


def is_determined(shape: Sequence[int]) -> bool:
    """Whether the number of elements tells the dimensions that are unknown."""
    return shape.count(UNKNOWN) <= 1


@dataclass(frozen=True)
class ForwardNoOp(Canonicalization):
    """identity, cast to the same type, shuffle that moves nothing  ⇒  the input.

    One that joins an input of the network to an output stays: something must copy.
    """

    about = (IdentityOp | CastOp | ShuffleOp,)

    def sites(self, node: Node, network: Network) -> Iterable[Replacement]:
        if isinstance(node, FusedOp) or not changes_nothing(node):
            return
        (value,) = node.operands
        if isinstance(value, BlockArgument) and is_output(node.results[0]):
            return
        yield Replacement((node,), value)


@dataclass(frozen=True)
class Reshape(Replacement):
    """A shuffle that reshapes to `dims`, -1 being what is left over, and nothing
    else."""

    dims: Shape = ()

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        layer = ShuffleOp(
            self.input, reshape_dims=self.dims, zero_is_placeholder=0 not in self.dims
        )
        return [layer], [layer.output]


@dataclass(frozen=True)
class UnitTransposeToReshape(Canonicalization):
    """shuffle that moves dimensions of one past others  ⇒  shuffle that reshapes.

    One with two unknown dimensions stays: a reshape would not tell which is which.
    """

    about = (ShuffleOp,)

    def sites(self, node: Node, network: Network) -> Iterable[Replacement]:
        if not isinstance(node, ShuffleOp) or not only_reshapes(node):
            return
        if node.first_transpose is None and node.second_transpose is None:
            return
        after = shape_of(node.output)
        if is_static(after) or (is_determined(after) and 0 not in after):
            dims = tuple(-1 if dim == UNKNOWN else dim for dim in after)
            yield Reshape((node,), node.input, dims=dims)


def bound_of(
    layer: Node | None, operation: ElementWiseOperation
) -> tuple[SSAValue, float] | None:
    """The value and the finite scalar of `layer` if it is max or min of these."""
    if not isinstance(layer, ElementWiseOp) or layer.kind != operation:
        return None
    for value, other in ((layer.lhs, layer.rhs), (layer.rhs, layer.lhs)):
        constant = constant_value(other)
        number = None if constant is None else scalar_of(constant)
        # Inferred: an output may be declared with fewer dimensions known.
        keeps_shape = tensor_type(value) == layer.infer()[0]
        if number is not None and math.isfinite(number) and keeps_shape:
            return value, float(number)
    return None


@dataclass(frozen=True)
class MinMaxToClip(Canonicalization):
    """min(max(x, lo), hi) or max(min(x, hi), lo)  ⇒  clip.

    clip is max(lo, min(x, hi)), so the first form asks for lo <= hi. One bound alone
    is no clip: the other would have to be infinite.
    """

    about = (ElementWiseOp,)

    def sites(self, node: Node, network: Network) -> Iterable[Replacement]:
        lower, upper = ElementWiseOperation.MAX, ElementWiseOperation.MIN
        for outer, inner in ((upper, lower), (lower, upper)):
            last = bound_of(node, outer)
            first_node = node_of(last[0]) if last is not None else None
            first = bound_of(first_node, inner)
            if last is None or first is None or first_node is None:
                continue
            value, bounds = first[0], {outer: last[1], inner: first[1]}
            if outer == upper and bounds[lower] > bounds[upper]:
                continue
            if is_float(element_type_of(value)):
                yield Replacement(
                    (first_node, node),
                    value,
                    ActivationType.CLIP,
                    bounds[lower],
                    bounds[upper],
                )


@dataclass(frozen=True)
class MaxToRelu(Canonicalization):
    """max(x, 0)  ⇒  relu."""

    about = (ElementWiseOp,)

    def sites(self, node: Node, network: Network) -> Iterable[Replacement]:
        bound = bound_of(node, ElementWiseOperation.MAX)
        if bound is not None and bound[1] == 0:
            yield Replacement((node,), bound[0], ActivationType.RELU)


RULES: tuple[type[Fusion[Any]], ...] = (
    ForwardNoOp,
    UnitTransposeToReshape,
    MinMaxToClip,
    MaxToRelu,
    ElementWiseToScale,
    ScaleOfScale,
)


@dataclass(frozen=True)
class TrtCanonicalizePass(ModulePass):
    """Bring layers to one form: no-ops go, transposes that move no element become
    reshapes, min and max become clip or relu, constants after a convolution become a
    scale, scales in a row become one."""

    name = "trt-canonicalize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        run_fusions(op, RULES, self.name)
