"""Images of another size: Resize, and Upsample before it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import UNKNOWN, Shape, is_static, shape_of
from fusemlir.dialects.trt.enums import (
    InterpolationMode,
    ResizeCoordinateTransformation,
    ResizeRoundMode,
    ResizeSelector,
)
from fusemlir.dialects.trt.resize import (
    CUBIC_COEFFICIENT,
    LARGEST_SCALE,
    ResizeOp,
    as_f32,
    scaled,
)
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node, normal_axis
from fusemlir.frontend.onnx.registry import operator

Choice = TypeVar("Choice")

_MODES = {str(mode): mode for mode in InterpolationMode}

_ROUNDINGS = {
    "round_prefer_floor": ResizeRoundMode.HALF_DOWN,
    "round_prefer_ceil": ResizeRoundMode.HALF_UP,
    "floor": ResizeRoundMode.FLOOR,
    "ceil": ResizeRoundMode.CEIL,
}

_COORDINATES = {
    "half_pixel": ResizeCoordinateTransformation.HALF_PIXEL,
    "half_pixel_symmetric": ResizeCoordinateTransformation.HALF_PIXEL,
    "pytorch_half_pixel": ResizeCoordinateTransformation.HALF_PIXEL,
    "align_corners": ResizeCoordinateTransformation.ALIGN_CORNERS,
    "asymmetric": ResizeCoordinateTransformation.ASYMMETRIC,
}

_WHOLE_ONLY = {
    "align_corners": "runtimes take the length of the result for the last element, "
    "ONNX's reference the product as it is",
    "half_pixel_symmetric": "no layer centers what is left",
}
"""Coordinates that mean more where a scale gives a fraction of an element."""

_ASPECTS = {"not_larger": min, "not_smaller": max}


@operator("Upsample")
def upsample(node: Node) -> SSAValue:
    if node.opset < 7:
        raise Unsupported("wanted opset 7 or later")
    value = node.input(0)
    mode = _mode(node)
    attribute = None if node.opset >= 9 else node.attributes.numbers("scales")
    scales = _numbers(node, 1) if attribute is None else _checked(attribute)
    return node.main(_by_scales(mode, value, scales))


@operator("Resize")
def resize(node: Node) -> SSAValue:
    value, mode = node.input(0), _mode(node)
    if node.opset < 11:
        return node.main(_resize_10(mode, value, _numbers(node, 1)))
    attributes = node.attributes
    # Only tf_crop_and_resize, which is refused, reads it.
    attributes.ignore("extrapolation_value")
    coordinates = _choice(
        node, "coordinate_transformation_mode", "half_pixel", _COORDINATES
    )
    rounding = _choice(node, "nearest_mode", "round_prefer_floor", _ROUNDINGS)
    coefficient = attributes.number("cubic_coeff_a", CUBIC_COEFFICIENT)
    is_cubic = mode == InterpolationMode.CUBIC
    excludes = attributes.integer("exclude_outside", 0) != 0
    if attributes.integer("antialias", 0):
        raise Unsupported("antialias is 1, which no layer does")
    name = attributes.text("coordinate_transformation_mode", "half_pixel")
    scales, sizes = _target(node, shape_of(value), name)
    return node.main(
        ResizeOp(
            mode,
            value,
            sizes,
            scales=scales,
            coordinates=coordinates,
            single_pixel=ResizeSelector.UPPER
            if name == "pytorch_half_pixel"
            else ResizeSelector.FORMULA,
            rounding=rounding
            if mode == InterpolationMode.NEAREST
            else ResizeRoundMode.FLOOR,
            cubic_coeff=coefficient if is_cubic else CUBIC_COEFFICIENT,
            exclude_outside=is_cubic and excludes,
        )
    )


def _mode(node: Node) -> InterpolationMode:
    return _choice(node, "mode", "nearest", _MODES)


def _choice(node: Node, name: str, default: str, choices: dict[str, Choice]) -> Choice:
    found = node.attributes.text(name, default)
    if found not in choices:
        raise Unsupported(
            f"{name} is '{found}', wanted one of {', '.join(sorted(choices))}"
        )
    return choices[found]


def _resize_10(
    mode: InterpolationMode, value: SSAValue, scales: Sequence[float]
) -> ResizeOp:
    """Opset 10 does not say which element is the nearest; its examples do: the one
    before where an axis grows, the one after where it shrinks."""
    grows = any(scale > 1 for scale in scales)
    shrinks = any(scale < 1 for scale in scales)
    if mode != InterpolationMode.NEAREST or not shrinks:
        return _by_scales(mode, value, scales)
    if grows:
        raise Unsupported("one axis grows, another shrinks; wanted opset 11 or later")
    return _by_scales(mode, value, scales, ResizeRoundMode.CEIL)


def _by_scales(
    mode: InterpolationMode,
    value: SSAValue,
    scales: Sequence[float],
    rounding: ResizeRoundMode = ResizeRoundMode.FLOOR,
) -> ResizeOp:
    shape = shape_of(value)
    _check_count("scales", scales, shape)
    if _is_whole(shape, scales):
        sizes = list(map(scaled, shape, scales))
        return ResizeOp(mode, value, sizes, rounding=rounding)
    return ResizeOp(mode, value, scales=scales, rounding=rounding)


def _target(
    node: Node, shape: Shape, coordinates: str
) -> tuple[list[float] | None, list[int] | None]:
    """Scales or sizes of all axes: sizes where they say the same."""
    axes = node.attributes.integers("axes", range(len(shape)))
    axes = [normal_axis(axis, len(shape)) for axis in axes]
    if len(set(axes)) != len(axes):
        raise Unsupported(f"axes must not repeat: {axes}")
    policy = node.attributes.text("keep_aspect_ratio_policy", "stretch")
    sizes = node.known_ints(3, "sizes") if node.has(3) else []
    if sizes:
        _check_count("sizes", sizes, axes)
        return None, _sizes(shape, dict(zip(axes, sizes, strict=True)), policy)
    given = _numbers(node, 2)
    _check_count("scales", given, axes)
    scales = [1.0] * len(shape)
    for axis, scale in zip(axes, given, strict=True):
        scales[axis] = scale
    if _is_whole(shape, scales):
        return None, list(map(scaled, shape, scales))
    if coordinates in _WHOLE_ONLY:
        raise Unsupported(
            f"coordinate_transformation_mode is '{coordinates}' and scales {scales} "
            f"give no whole sizes of {list(shape)}: {_WHOLE_ONLY[coordinates]}; "
            "give sizes"
        )
    return scales, None


def _sizes(shape: Shape, given: dict[int, int], policy: str) -> list[int]:
    """The sizes of all axes, `given` being those that change."""
    if any(dim == UNKNOWN and axis not in given for axis, dim in enumerate(shape)):
        raise Unsupported("sizes need all dimensions; fix the shapes of the inputs")
    sizes = {axis: given.get(axis, dim) for axis, dim in enumerate(shape)}
    if policy == "stretch":
        return list(sizes.values())
    if policy not in _ASPECTS:
        raise Unsupported(f"keep_aspect_ratio_policy '{policy}' is unknown")
    if not all(shape[axis] > 0 for axis in given) or not given:
        raise Unsupported("keep_aspect_ratio_policy needs known dimensions")
    scale = _ASPECTS[policy](
        Fraction(size, shape[axis]) for axis, size in given.items()
    )
    kept = {axis: scale * shape[axis] for axis in given}
    if any(size.denominator != 1 for size in kept.values()):
        raise Unsupported(
            f"keep_aspect_ratio_policy is '{policy}' and gives no whole sizes; give "
            "those that are wanted, with 'stretch'"
        )
    return [int(kept.get(axis, size)) for axis, size in sizes.items()]


def _numbers(node: Node, index: int) -> list[float]:
    """Scales; `Unsupported` where one cannot be."""
    scales = [float(scale) for scale in node.known(index, "scales").reshape(-1)]
    return _checked(scales)


def _checked(scales: list[float]) -> list[float]:
    if not all(0 < scale < LARGEST_SCALE for scale in scales):
        raise Unsupported(
            f"scales must be positive and less than {LARGEST_SCALE}, found {scales}"
        )
    return scales


def _check_count(what: str, numbers: Sequence[float], axes: Sequence[int]) -> None:
    if len(numbers) != len(axes):
        raise Unsupported(f"there are {len(numbers)} {what} for {len(axes)} axes")


def _is_whole(shape: Shape, scales: Sequence[float]) -> bool:
    """Whether scales give whole numbers of elements, by which they can be replaced."""
    pairs = zip(shape, scales, strict=True)
    return is_static(shape) and all(
        as_f32(dim * scale) == scaled(dim, scale) for dim, scale in pairs
    )
