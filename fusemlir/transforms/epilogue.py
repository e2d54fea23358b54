"""What a contraction may still take on: the state of its epilogue by the next layer.

One table says it for convolutions, deconvolutions and matrix products: what the
catalog of fusions lists, what users expect besides, and what no kernel carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DeconvolutionOp,
    DequantizeOp,
    ElementWiseOp,
    MatrixMultiplyOp,
    QuantizeOp,
)
from fusemlir.dialects.trt.base import UNKNOWN, LayerOp, Shape, shape_of
from fusemlir.dialects.trt.enums import ActivationType, ElementWiseOperation
from fusemlir.network import Group, Node, node_of
from fusemlir.transforms.fusion import Constraint, FusionMode, Network


class Contraction(Enum):
    """What opens the group."""

    CONVOLUTION = "a convolution"
    MATMUL = "a matrix product"


class Epilogue(Enum):
    """What follows the contraction in its group."""

    BARE = "nothing"
    BIASED = "a bias"
    """Of a matrix product; a convolution has its bias as an operand."""
    RESIDUAL = "a residual"
    ACTIVATED = "an activation"
    """Or any other function of the one value."""
    RESIDUAL_ACTIVATED = "a residual and an activation"
    COMPOSED = "an activation and a residual"
    """A tensor is read by anything else than a sum, max or min that comes first."""
    RESIDUALS = "more than one residual"
    CLOSED = "a layer that ends the kernel"


class Next(Enum):
    """What comes after the group."""

    BIAS = "a bias"
    RELU = "relu"
    CLIP = "clip"
    GELU = "gelu"
    POINTWISE = "a pointwise layer"
    """Another activation, or any group that reads nothing but the one value."""
    RESIDUAL = "a residual"
    """A sum, max or min with another tensor."""
    POINTWISE_RESIDUAL = "a pointwise layer with a residual"
    POOLING = "a pool"


class Admitted(Enum):
    """In which mode a layer joins."""

    STRICT = "strict"
    """In both: the catalog lists it."""
    PRACTICE = "practice"
    NEVER = "never"


_S, _P, _N = Admitted.STRICT, Admitted.PRACTICE, Admitted.NEVER

_COLUMNS = (
    Next.BIAS, Next.RELU, Next.CLIP, Next.GELU,
    Next.POINTWISE, Next.RESIDUAL, Next.POINTWISE_RESIDUAL, Next.POOLING,
)  # fmt: skip
_TABLE = {
    Contraction.CONVOLUTION: {
        Epilogue.BARE:               (_N, _S, _S, _S, _S, _S, _P, _S),
        Epilogue.RESIDUAL:           (_N, _S, _S, _P, _P, _P, _P, _P),
        Epilogue.ACTIVATED:          (_N, _P, _P, _P, _P, _P, _P, _S),
        Epilogue.RESIDUAL_ACTIVATED: (_N, _P, _P, _P, _P, _P, _P, _P),
        Epilogue.COMPOSED:           (_N, _P, _P, _P, _P, _P, _P, _P),
        Epilogue.RESIDUALS:          (_N, _P, _P, _P, _P, _N, _N, _P),
        Epilogue.CLOSED:             (_N, _N, _N, _N, _N, _N, _N, _N),
    },
    Contraction.MATMUL: {
        Epilogue.BARE:               (_S, _S, _S, _S, _P, _P, _P, _N),
        Epilogue.BIASED:             (_P, _S, _S, _S, _P, _P, _P, _N),
        Epilogue.RESIDUAL:           (_P, _P, _P, _P, _P, _P, _P, _N),
        Epilogue.ACTIVATED:          (_P, _P, _P, _P, _P, _P, _P, _N),
        Epilogue.RESIDUAL_ACTIVATED: (_P, _P, _P, _P, _P, _P, _P, _N),
        Epilogue.COMPOSED:           (_P, _P, _P, _P, _P, _P, _P, _N),
        Epilogue.RESIDUALS:          (_N, _P, _P, _P, _P, _N, _N, _N),
        Epilogue.CLOSED:             (_N, _N, _N, _N, _N, _N, _N, _N),
    },
}  # fmt: skip


def admitted(contraction: Contraction, state: Epilogue, layer: Next) -> Admitted:
    """What the table says."""
    return _TABLE[contraction][state][_COLUMNS.index(layer)]


def table_rows() -> Iterator[tuple[str, str, str, str]]:
    """The table for a reader: contraction, what follows it, next layer, mode."""
    for contraction, states in _TABLE.items():
        for state, row in states.items():
            for layer, mode in zip(_COLUMNS, row, strict=True):
                yield contraction.value, state.value, layer.value, mode.value


RESIDUAL_OPERATIONS = frozenset(
    {ElementWiseOperation.SUM, ElementWiseOperation.MAX, ElementWiseOperation.MIN}
)

_ACTIVATIONS = {
    ActivationType.RELU: Next.RELU,
    ActivationType.CLIP: Next.CLIP,
    ActivationType.GELU_ERF: Next.GELU,
    ActivationType.GELU_TANH: Next.GELU,
}


def next_of(node: Node) -> Next:
    """The column of a pointwise node that reads one tensor."""
    if isinstance(node, ActivationOp):
        return _ACTIVATIONS.get(node.kind, Next.POINTWISE)
    return Next.POINTWISE


def convolution_group(node: Node) -> Group | None:
    """The group of `node` if a convolution or deconvolution opens it."""
    return _opened_by(node, ConvolutionOp, DeconvolutionOp)


def matmul_group(node: Node) -> Group | None:
    """The group of `node` if a matrix product opens it."""
    return _opened_by(node, MatrixMultiplyOp)


def _opened_by(node: Node, *anchors: type[LayerOp]) -> Group | None:
    group = Group(node)
    return group if isinstance(group.anchor, anchors) and not group.prologue else None


def contraction_of(group: Group) -> Contraction:
    is_matmul = isinstance(group.anchor, MatrixMultiplyOp)
    return Contraction.MATMUL if is_matmul else Contraction.CONVOLUTION


def epilogue_of(group: Group) -> Epilogue:
    """The state of a contraction's group, before the Quantize of an int8 group."""
    if any(not isinstance(layer, QuantizeOp) for layer in group.tail):
        return Epilogue.CLOSED
    layers, start = group.epilogue, Epilogue.BARE
    if layers and _adds_bias(group, layers[0]):
        layers, start = layers[1:], Epilogue.BIASED
    if not layers:
        return start
    match len(_tensors_read(layers)):
        case 0:
            return Epilogue.ACTIVATED
        case 1 if not _adds_residual(layers[0]):
            return Epilogue.COMPOSED
        case 1:
            lone = len(layers) == 1
            return Epilogue.RESIDUAL if lone else Epilogue.RESIDUAL_ACTIVATED
        case _:
            return Epilogue.RESIDUALS


def _tensors_read(layers: Iterable[LayerOp]) -> set[SSAValue]:
    """The inputs of the group, as they are or dequantised, that `layers` read; single
    elements are inside."""
    operands = (operand for layer in layers for operand in layer.operands)
    return {
        operand
        for operand in operands
        if isinstance(operand.owner, Block | DequantizeOp)
    }


def _adds_residual(layer: LayerOp) -> bool:
    return (
        isinstance(layer, ElementWiseOp)
        and layer.kind in RESIDUAL_OPERATIONS
        and bool(_tensors_read([layer]))
    )


def _adds_bias(group: Group, layer: LayerOp) -> bool:
    anchor = group.anchor
    if not (isinstance(anchor, MatrixMultiplyOp) and isinstance(layer, ElementWiseOp)):
        return False
    others = [operand for operand in layer.operands if operand is not anchor.output]
    return (
        layer.kind == ElementWiseOperation.SUM
        and len(others) == 1
        and is_bias(shape_of(others[0]), shape_of(anchor.output))
    )


def is_bias(shape: Shape, result: Shape) -> bool:
    """Whether a tensor has one value for each column of a product of shape `result`,
    the same for all rows: every dimension 1 but the last.

    Where a vector stands on the right, the last dimension counts the rows of the
    matrix: the bias of `W x + b`.
    """
    if not shape or len(shape) != len(result):
        return False
    rows, columns = shape[:-1], shape[-1]
    return all(dim == 1 for dim in rows) and columns == result[-1] != UNKNOWN


def is_residual(shape: Shape, result: Shape) -> bool:
    """Whether a tensor has a value for each one of a convolution's result; only
    across the batch it may be broadcast."""
    # An unknown dimension of one tensor is not known to equal that of another.
    same = shape[1:] == result[1:] and UNKNOWN not in result[1:]
    return same and (shape[0] == 1 or shape[0] == result[0] != UNKNOWN)


def is_same_shape(shape: Shape, result: Shape) -> bool:
    """Whether a tensor is known to have the shape of a product's result."""
    return shape == result and UNKNOWN not in result


@dataclass(frozen=True)
class Step:
    """A contraction with its epilogue so far, and the node that may join it."""

    producer: Group
    consumer: Node
    layer: Next
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.producer.node, self.consumer)


@dataclass(frozen=True)
class ActivationStep(Step):
    consumer: ActivationOp


def activation_steps(node: Node, network: Network) -> Iterator[ActivationStep]:
    """`node` as an activation that follows a convolution, if it is one."""
    if not isinstance(node, ActivationOp):
        return
    producer = node_of(node.input)
    group = convolution_group(producer) if producer is not None else None
    if group is not None:
        yield ActivationStep(group, node, next_of(node), network.mode)


def _is_admitted(step: Step, as_what: Admitted) -> str | None:
    """What would join what, where the table says `as_what` of it."""
    contraction, state = contraction_of(step.producer), epilogue_of(step.producer)
    if admitted(contraction, state, step.layer) is not as_what:
        return None
    before = "" if state is Epilogue.BARE else f" with {state.value}"
    return f"{step.layer.value} after {contraction.value}{before}"


def _only_practice(step: Step) -> str | None:
    strict = step.mode == FusionMode.STRICT
    return _is_admitted(step, Admitted.PRACTICE) if strict else None


EPILOGUE: Constraint[Step] = Constraint(
    name="epilogue",
    sentence="The implementation must support what the layers do together.",
    required="an epilogue that takes the layer",
    violation=lambda step: _is_admitted(step, Admitted.NEVER),
)
"""Asked in both modes."""

CATALOG: Constraint[Step] = Constraint(
    name="catalog",
    sentence="In strict mode, only what the catalog lists is fused.",
    required="a fusion of the catalog",
    violation=_only_practice,
    suggestion="mode=practice",
)
"""Asked after `EPILOGUE`: what it refuses, practice takes."""
