"""Layers whose operands are all constants become constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, DequantizeOp, FusedOp
from fusemlir.dialects.trt.base import LayerOp, is_static, shape_of, tensor_type, volume
from fusemlir.dialects.trt.constant import constant_value, dense
from fusemlir.dialects.trt.weight import DENSE_LIMIT, ConstantValue, WeightAttr
from fusemlir.network import Node
from fusemlir.reference import Mode, evaluate
from fusemlir.transforms.constant_recipes import recipe_of
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import Fusion, Network, Rewrite


@dataclass(frozen=True)
class ConstantLayer:
    """A layer and what it computes."""

    layer: LayerOp
    value: ConstantValue

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.layer,)


def fold(layer: LayerOp, network: Network) -> ConstantValue | None:
    """What `layer` computes, if that is known: data where all data are in the IR and
    the result is small enough to be, else a recipe."""
    operands = [constant_value(operand) for operand in layer.operands]
    known = [operand for operand in operands if operand is not None]
    result = layer.results[0]
    if not known or len(known) < len(operands) or len(layer.results) > 1:
        return None
    if not is_static(shape_of(result)):
        return None
    small = volume(shape_of(result)) <= DENSE_LIMIT
    if not small or any(isinstance(operand, WeightAttr) for operand in known):
        return recipe_of(layer, known)
    arrays = [network.weights.array(operand) for operand in known]
    (array,) = evaluate(layer, arrays, network.weights, Mode.TYPED)
    return dense(tensor_type(result), np.ravel(array).tolist())


@dataclass(frozen=True)
class FoldConstants(Fusion[ConstantLayer]):
    """layer(constants)  ⇒  constant.

    A Dequantize stays, as its integers are what a kernel wants.
    """

    name = "fold-constants"
    constraints = ()

    def sites(self, node: Node, network: Network) -> Iterable[ConstantLayer]:
        if isinstance(node, FusedOp | ConstantOp | DequantizeOp):
            return
        value = fold(node, network)
        if value is not None:
            yield ConstantLayer(node, value)

    def fuse(self, site: ConstantLayer, network: Network) -> Rewrite:
        def build() -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
            constant = ConstantOp(site.value)
            return [constant], [constant.output]

        return Rewrite(site.nodes, build)


@dataclass(frozen=True)
class FoldConstantsPass(FusionPass):
    """Compute layers of constants when the network is built."""

    name = "fold-constants"
    rule = FoldConstants
