"""Layers that do on integers what they do on the floats these stand for.

They move elements, or choose the greatest, and compute nothing new. What they bring
in from elsewhere - padding, a fill - must be a zero, which i8 has too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias, TypeGuard

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.rewriter import Rewriter

from fusemlir.dialects.trt import (
    ConcatenationOp,
    IdentityOp,
    PaddingOp,
    PoolingOp,
    ShuffleOp,
    SliceOp,
)
from fusemlir.dialects.trt.base import LayerOp, shape_of
from fusemlir.dialects.trt.enums import PaddingMode, PoolingType, SampleMode
from fusemlir.network import Node
from fusemlir.transforms.fusion import Blocked, Constraint
from fusemlir.transforms.quantization import (
    Quantizations,
    numbers_of,
    other_zero_point_than_zero,
    unusable_scale,
)

Movement: TypeAlias = (
    ConcatenationOp | IdentityOp | PaddingOp | PoolingOp | ShuffleOp | SliceOp
)
"""Layers that keep values as they are; of poolings those that take a maximum."""


def is_movement(node: Node | None) -> TypeGuard[Movement]:
    if isinstance(node, PoolingOp):
        return node.kind == PoolingType.MAX
    return isinstance(node, Movement)


def inputs_of(layer: Movement) -> Sequence[SSAValue]:
    """The tensors whose elements a layer moves, a fill left out."""
    return layer.inputs if isinstance(layer, ConcatenationOp) else (layer.input,)


def compares(layer: Movement) -> bool:
    """Whether a layer asks which element is greater."""
    return isinstance(layer, PoolingOp)


def brings_in_zeros(layer: Movement) -> bool:
    """Whether a layer can put elements into its result that are not its input's."""
    if isinstance(layer, SliceOp):
        return layer.sampling == SampleMode.FILL
    return isinstance(layer, PaddingOp)


def may_see_padding_only(layer: Movement) -> bool:
    """Whether a window of a pooling may lie in padding alone.

    The first one starts `pre` elements before the input. The last one starts at most
    `post - window` behind its end, and where sizes are rounded up, `stride - 1` more.
    In the SAME modes there is never that much padding.
    """
    if not isinstance(layer, PoolingOp) or layer.is_same_padded:
        return False
    pre, post = layer.explicit_padding
    rounds_up = layer.mode == PaddingMode.EXPLICIT_ROUND_UP
    axes = zip(pre, post, layer.window, layer.strides, strict=True)
    return any(
        max(before, after + (stride - 1 if rounds_up else 0)) >= window
        for before, after, window, stride in axes
    )


def axis_after(layer: Movement, axis: int) -> int | None:
    """The axis of the result along which that `axis` of the input lies, its elements
    in their places; None where they are mixed with those of other axes or moved."""
    match layer:
        case IdentityOp():
            return axis
        case PoolingOp():
            return axis if axis < 2 else None
        case PaddingOp():
            return axis if axis < len(shape_of(layer.input)) - 2 else None
        case ConcatenationOp():
            return axis if axis != layer.axis.value.data else None
        case SliceOp():
            window = (layer.starts[axis], layer.sizes[axis], layer.strides[axis])
            whole = (0, shape_of(layer.input)[axis], 1)
            return axis if window == whole else None
        case ShuffleOp():
            if layer.reshaped != layer.transposed:
                return None
            return layer.second.index(layer.first.index(axis))


def axis_before(layer: Movement, axis: int) -> int | None:
    """The axis of the input that lies along `axis` of the result."""
    axes = range(len(shape_of(inputs_of(layer)[0])))
    return next((at for at in axes if axis_after(layer, at) == axis), None)


def moved(
    layer: Movement, inputs: Mapping[SSAValue, SSAValue], element: Attribute
) -> LayerOp:
    """The same layer of other inputs, without its fill; it keeps its ids."""
    new = layer.clone()
    new.operands = [inputs[value] for value in inputs_of(layer)]
    Rewriter.replace_value_with_new_type(
        new.results[0], TensorType(element, shape_of(layer.output))
    )
    return new


class QuantizedMovement(Quantizations, Protocol):
    """A site where a movement of floats becomes one of integers."""

    @property
    def movement(self) -> Movement: ...


def _unusable_scale(site: QuantizedMovement) -> Blocked | None:
    if not (compares(site.movement) or brings_in_zeros(site.movement)):
        return None
    return unusable_scale(site)


def _other_fill(site: QuantizedMovement) -> str | None:
    fill = site.movement.fill if isinstance(site.movement, SliceOp) else None
    if fill is None:
        return None
    numbers = numbers_of(fill, site.network)
    if numbers is None:
        return "a fill that is computed"
    return None if numbers.item() == 0 else f"a fill of {numbers.item()}"


def _zero_is_no_zero(site: QuantizedMovement) -> Blocked | None:
    if not brings_in_zeros(site.movement):
        return None
    return other_zero_point_than_zero(site)


MOVEMENT: tuple[Constraint[QuantizedMovement], ...] = (
    Constraint(
        name="positive-scale",
        sentence="With a negative scale the greatest integer is the least float; with "
        "an infinite one zero is no number.",
        required="a constant scale, positive and finite, where elements are compared "
        "or zeros brought in",
        violation=_unusable_scale,
    ),
    Constraint(
        name="zero-fill",
        sentence="Of all fills only zero is the same number in integers.",
        required="a fill of zero",
        violation=_other_fill,
    ),
    Constraint(
        name="zero-point",
        sentence="Padding and fills are zeros, which stand for the zero point.",
        required="a zero point of zero where zeros are brought in",
        violation=_zero_is_no_zero,
    ),
)
"""What must hold for a movement of integers to do what it does to floats."""
