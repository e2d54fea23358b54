"""What a convolution may still take on: the state of its epilogue by the next layer."""

from __future__ import annotations

from enum import Enum, auto

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DeconvolutionOp,
    ElementWiseOp,
)
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.enums import ActivationType, ElementWiseOperation
from fusemlir.network import Group, Node


class Epilogue(Enum):
    """What follows the convolution in its group."""

    BARE = auto()
    RESIDUAL = auto()
    ACTIVATED = auto()
    FULL = auto()

    def __str__(self) -> str:
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    Epilogue.BARE: "nothing",
    Epilogue.RESIDUAL: "an element-wise operation",
    Epilogue.ACTIVATED: "an activation",
    Epilogue.FULL: "more than one kernel carries",
}

RESIDUAL_OPERATIONS = frozenset(
    {ElementWiseOperation.SUM, ElementWiseOperation.MAX, ElementWiseOperation.MIN}
)

TAKES_ACTIVATION = frozenset({Epilogue.BARE, Epilogue.RESIDUAL})
"""A convolution "of any type" may already carry a residual."""

TAKES_RESIDUAL = frozenset({Epilogue.BARE})


def convolution_group(node: Node) -> Group | None:
    """The group of `node` if a convolution or deconvolution opens it."""
    group = Group(node)
    is_contraction = isinstance(group.anchor, ConvolutionOp | DeconvolutionOp)
    return group if is_contraction and not group.prologue else None


def epilogue_of(group: Group) -> Epilogue:
    """The state of a convolution's group."""
    state = Epilogue.FULL if group.tail else Epilogue.BARE
    for layer in group.epilogue:
        state = _after(state, layer)
    return state


def _after(state: Epilogue, layer: LayerOp) -> Epilogue:
    match layer:
        case ElementWiseOp() if (
            layer.kind in RESIDUAL_OPERATIONS and state in TAKES_RESIDUAL
        ):
            return Epilogue.RESIDUAL
        case ActivationOp() if (
            layer.kind == ActivationType.RELU and state in TAKES_ACTIVATION
        ):
            return Epilogue.ACTIVATED
        case _:
            return Epilogue.FULL
