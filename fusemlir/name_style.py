"""How the name of a kernel is written: as the catalog does, or as engines do.

A name is for display. Layers may be called anything, `a + b` too, so a name cannot be
taken apart again; the ids of the layers, which every record has beside it, can.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum, auto
from itertools import dropwhile, groupby

from xdsl.dialects.builtin import Float16Type
from xdsl.ir import BlockArgument

from fusemlir.dialects.trt import (
    ActivationOp,
    ConvolutionOp,
    DeconvolutionOp,
    ElementWiseOp,
    MatrixMultiplyOp,
    ScaleOp,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    ScaleMode,
)


class NameStyle(StrEnum):
    """For two pointwise layers, and for an activation that no rule of its own took."""

    CATALOG = auto()
    """`fusedPointwiseNode(a, b)`, `conv1 + sigmoid1`."""
    ENGINE = auto()
    """`PWN(a, b)`, `conv1 + PWN(sigmoid1)`, as TensorRT's inspector and logs do."""


_STYLE: ContextVar[NameStyle] = ContextVar("name_style", default=NameStyle.CATALOG)

_CONTRACTIONS = (ConvolutionOp, DeconvolutionOp, MatrixMultiplyOp)
_OWN_RULE = {ActivationType.RELU, ActivationType.CLIP}
_GELU = {ActivationType.GELU_ERF, ActivationType.GELU_TANH}
_RESIDUAL = {
    ElementWiseOperation.SUM,
    ElementWiseOperation.MAX,
    ElementWiseOperation.MIN,
}


@contextmanager
def names_as(style: NameStyle) -> Generator[None]:
    """Write names in `style` inside the block."""
    token = _STYLE.set(style)
    try:
        yield
    finally:
        _STYLE.reset(token)


def join_pointwise(layers: Sequence[LayerOp], ids: Sequence[str]) -> str:
    """The name of a group of pointwise layers, `ids` theirs."""
    if _STYLE.get() is NameStyle.CATALOG:
        return f"fusedPointwiseNode({', '.join(ids)})"
    if isinstance(layers[0], ScaleOp) and layers[0].mode.data is not ScaleMode.UNIFORM:
        # No member of a pointwise node: scale and activation are a fusion of their own.
        return " + ".join(ids)
    return f"PWN({', '.join(ids)})"


def join_layers(
    layers: Sequence[LayerOp], anchor: LayerOp | None, epilogue: Sequence[LayerOp]
) -> str:
    """The name of any other group: its layers in order, among them the anchor and the
    pointwise layers that follow it."""
    engine = _STYLE.get() is NameStyle.ENGINE
    generic = set(_generic(anchor, epilogue)) if engine else set[LayerOp]()
    seen = set[str]()
    parts: list[str] = []
    for is_generic, run in groupby(layers, generic.__contains__):
        ids = dict.fromkeys(id for layer in run for id in layer.layer_ids)
        new = [id for id in ids if id not in seen]
        seen.update(new)
        parts += [f"PWN({', '.join(new)})"] if is_generic and new else new
    return " + ".join(parts)


def _generic(anchor: LayerOp | None, epilogue: Sequence[LayerOp]) -> Iterator[LayerOp]:
    """The layers that came as a pointwise node: from the first on that a contraction
    takes by no rule of its own."""
    if not isinstance(anchor, _CONTRACTIONS):
        return iter(())
    return dropwhile(lambda layer: _has_own_rule(layer, anchor), epilogue)


def _has_own_rule(layer: LayerOp, anchor: LayerOp) -> bool:
    match layer:
        case ActivationOp():
            # A convolution takes a GELU in half precision only.
            gelu = isinstance(anchor, MatrixMultiplyOp) or isinstance(
                element_type_of(layer.input), Float16Type
            )
            return layer.kind in _OWN_RULE or (gelu and layer.kind in _GELU)
        case ElementWiseOp():
            reads_another = any(isinstance(v, BlockArgument) for v in layer.operands)
            return layer.kind in _RESIDUAL and reads_another
        case _:
            return False
