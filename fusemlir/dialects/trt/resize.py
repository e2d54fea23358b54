"""Resizing: images of another size, from the nearest or neighbouring elements.

Where a position of the result lies in the input is a fraction, and computed as one:
which of two elements is nearer does not depend on how a float was rounded.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from xdsl.dialects.builtin import (
    BoolAttr,
    DenseArrayBase,
    Float32Type,
    FloatAttr,
    TensorType,
    f32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    element_type_of,
    ints,
    is_float,
    shape_of,
)
from fusemlir.dialects.trt.enums import (
    InterpolationMode,
    InterpolationModeAttr,
    ResizeCoordinateTransformation,
    ResizeCoordinateTransformationAttr,
    ResizeRoundMode,
    ResizeRoundModeAttr,
    ResizeSelector,
    ResizeSelectorAttr,
)
from fusemlir.dialects.trt.pointwise import f32_attr

MAX_AXES = {InterpolationMode.LINEAR: 3, InterpolationMode.CUBIC: 2}
"""How many axes a resize that blends neighbours may change."""

CUBIC_COEFFICIENT = -0.75
"""TensorRT's default."""

HALF = Fraction(1, 2)

F32_DIGITS = 24
"""Bits of an f32 that count."""

LARGEST_SCALE = 2**F32_DIGITS


@dataclass(frozen=True)
class Line:
    """An axis of `dim` elements, read from `size` positions: where position x lies,
    in elements, is (step * x + offset) / divisor, which may be past the ends."""

    dim: int
    size: int
    step: int
    offset: int
    divisor: int

    @staticmethod
    def of_fractions(dim: int, size: int, step: Fraction, offset: Fraction) -> Line:
        divisor = lcm(step.denominator, offset.denominator)
        return Line(dim, size, int(step * divisor), int(offset * divisor), divisor)

    def rounded(self, mode: ResizeRoundMode) -> Line:
        """The line whose places, rounded down, are those of this one rounded."""
        step, offset, divisor = self.step, self.offset, self.divisor
        match mode:
            case ResizeRoundMode.FLOOR:
                return self
            case ResizeRoundMode.CEIL:
                offset += divisor - 1
            case ResizeRoundMode.HALF_UP:
                step, offset, divisor = 2 * step, 2 * offset + divisor, 2 * divisor
            case ResizeRoundMode.HALF_DOWN:
                # What is rounded up is half an element less.
                step, offset, divisor = 2 * step, 2 * offset + divisor - 1, 2 * divisor
        return Line(self.dim, self.size, step, offset, divisor)


@irdl_op_definition
class ResizeOp(LayerOp):
    """Mirrors `IResizeLayer`: the input at places between its elements.

    The result has the shape `size`, or floor(in * scale) along each axis for `scales`.
    Nearest copies elements of any type; linear blends two neighbours along each of up
    to three axes, cubic four along each of two, by floats. Past the ends are the last
    elements; with `exclude_outside` a cubic leaves them out. Every neighbour counts,
    those of weight zero too: zero times infinity is NaN.
    """

    name = "trt.resize"

    resize_mode = prop_def(InterpolationModeAttr)
    size = opt_prop_def(DenseArrayBase.constr(i64))
    scales = opt_prop_def(DenseArrayBase.constr(f32))
    coordinate_transformation = opt_prop_def(ResizeCoordinateTransformationAttr)
    selector_for_single_pixel = opt_prop_def(ResizeSelectorAttr)
    nearest_rounding = opt_prop_def(ResizeRoundModeAttr)
    cubic_coeff = opt_prop_def(FloatAttr[Float32Type])
    exclude_outside = opt_prop_def(BoolAttr)

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$resize_mode $input (`size` `=` $size^)? (`scales` `=` $scales^)? "
        "(`coordinates` `=` $coordinate_transformation^)? "
        "(`single_pixel` `=` $selector_for_single_pixel^)? "
        "(`rounding` `=` $nearest_rounding^)? (`cubic_coeff` `=` $cubic_coeff^)? "
        "(`exclude_outside` `=` $exclude_outside^)? "
        "(`layers` $layers^)? attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        resize_mode: InterpolationMode,
        input: SSAValue,
        size: Sequence[int] | None = None,
        *,
        scales: Sequence[float] | None = None,
        coordinates: ResizeCoordinateTransformation = (
            ResizeCoordinateTransformation.ASYMMETRIC
        ),
        single_pixel: ResizeSelector = ResizeSelector.FORMULA,
        rounding: ResizeRoundMode = ResizeRoundMode.FLOOR,
        cubic_coeff: float = CUBIC_COEFFICIENT,
        exclude_outside: bool = False,
        layers: Sequence[str] = (),
    ):
        """What is TensorRT's default has no property, so that it has one spelling."""
        asymmetric = coordinates == ResizeCoordinateTransformation.ASYMMETRIC
        super().__init__(
            [input],
            {
                "resize_mode": InterpolationModeAttr(resize_mode),
                "size": None if size is None else ints(size),
                "scales": None
                if scales is None
                else DenseArrayBase.from_list(f32, list(scales)),
                "coordinate_transformation": None
                if asymmetric
                else ResizeCoordinateTransformationAttr(coordinates),
                "selector_for_single_pixel": None
                if single_pixel == ResizeSelector.FORMULA
                else ResizeSelectorAttr(single_pixel),
                "nearest_rounding": None
                if rounding == ResizeRoundMode.FLOOR
                else ResizeRoundModeAttr(rounding),
                "cubic_coeff": None
                if cubic_coeff == CUBIC_COEFFICIENT
                else f32_attr(cubic_coeff),
                "exclude_outside": BoolAttr.from_bool(True)
                if exclude_outside
                else None,
            },
            layers=layers,
        )

    @property
    def interpolation(self) -> InterpolationMode:
        return self.resize_mode.data

    @property
    def coordinates(self) -> ResizeCoordinateTransformation:
        attribute = self.coordinate_transformation
        if attribute is None:
            return ResizeCoordinateTransformation.ASYMMETRIC
        return attribute.data

    @property
    def selector(self) -> ResizeSelector:
        attribute = self.selector_for_single_pixel
        return ResizeSelector.FORMULA if attribute is None else attribute.data

    @property
    def rounding(self) -> ResizeRoundMode:
        attribute = self.nearest_rounding
        return ResizeRoundMode.FLOOR if attribute is None else attribute.data

    @property
    def coefficient(self) -> float:
        return (
            CUBIC_COEFFICIENT
            if self.cubic_coeff is None
            else self.cubic_coeff.value.data
        )

    @property
    def excludes_outside(self) -> bool:
        return self.exclude_outside is not None and bool(
            self.exclude_outside.value.data
        )

    def lines(self, shape: Shape) -> tuple[Line | None, ...]:
        """How each axis of an input of static `shape` is read, rounded where the mode
        is nearest; None for one that stays as it is."""
        return tuple(map(self._line, range(len(shape)), shape, self.resized(shape)))

    def resized(self, shape: Shape) -> Shape:
        """The shape of the result."""
        if self.size is not None:
            return self.size.get_values()
        assert self.scales is not None
        return tuple(map(scaled, shape, self.scales.get_values()))

    def _line(self, axis: int, dim: int, size: int) -> Line | None:
        ratio = Fraction(dim, size) if size else Fraction(1)
        if self.scales is not None:
            ratio = 1 / simplest(self.scales.get_values()[axis])
        if dim == size and ratio == 1:
            return None
        step, offset = ratio, Fraction(0)
        match self.coordinates:
            case ResizeCoordinateTransformation.ALIGN_CORNERS:
                step = Fraction(dim - 1, size - 1) if size > 1 else Fraction(0)
            case ResizeCoordinateTransformation.HALF_PIXEL:
                offset = (ratio - 1) * HALF
            case ResizeCoordinateTransformation.ASYMMETRIC:
                pass
        if size == 1 and self.selector == ResizeSelector.UPPER:
            step = offset = Fraction(0)
        line = Line.of_fractions(dim, size, step, offset)
        nearest = self.interpolation == InterpolationMode.NEAREST
        return line.rounded(self.rounding) if nearest else line

    def infer(self) -> tuple[Tensor, ...]:
        shape, element = shape_of(self.input), element_type_of(self.input)
        self._check_sizes(shape)
        result = self.resized(shape)
        for axis, (dim, size) in enumerate(zip(shape, result, strict=True)):
            if dim != size and (size == 0 or dim == 0):
                raise VerifyException(f"axis {axis} of {dim} elements becomes {size}")
        self._check_blending(shape, result)
        return (TensorType(element, result),)

    def _check_sizes(self, shape: Shape) -> None:
        if (self.size is None) == (self.scales is None):
            raise VerifyException("resize takes either size or scales")
        given = self.size if self.scales is None else self.scales
        assert given is not None
        what = "size" if self.scales is None else "scales"
        numbers = given.get_values()
        if len(numbers) != len(shape):
            raise VerifyException(
                f"{what} has {len(numbers)} entries for rank {len(shape)}"
            )
        if self.size is not None and min(numbers, default=0) < 0:
            raise VerifyException(f"size must not be negative: {list(numbers)}")
        if self.scales is not None and not all(0 < s < LARGEST_SCALE for s in numbers):
            raise VerifyException(
                f"scales must be positive and less than {LARGEST_SCALE}: "
                f"{list(numbers)}"
            )

    def _check_blending(self, shape: Shape, result: Shape) -> None:
        mode = self.interpolation
        if mode not in MAX_AXES:
            return
        element = element_type_of(self.input)
        if not is_float(element):
            raise VerifyException(f"{mode} resize does not take {element}")
        changed = [
            axis
            for axis, (dim, size) in enumerate(zip(shape, result, strict=True))
            if self._changes(axis, dim, size)
        ]
        if len(changed) > MAX_AXES[mode]:
            raise VerifyException(
                f"{mode} resize changes at most {MAX_AXES[mode]} axes, found {changed}"
            )

    def _changes(self, axis: int, dim: int, size: int) -> bool:
        if self.scales is not None:
            return self.scales.get_values()[axis] != 1
        return dim not in (size, UNKNOWN)


def scaled(dim: int, scale: float) -> int:
    """floor(dim * scale), the product rounded to f32 as runtimes do."""
    return UNKNOWN if dim == UNKNOWN else int(as_f32(dim * scale))


def simplest(scale: float) -> Fraction:
    """A scale as it was meant: 3/5 for the f32 that is nearest to 0.6, so that the
    places of elements are whole where they were meant to be."""
    for digits in range(F32_DIGITS):
        found = Fraction(scale).limit_denominator(2**digits)
        if found and as_f32(float(found)) == as_f32(scale):
            return found
    return Fraction(scale)


def as_f32(number: float) -> float:
    return struct.unpack("f", struct.pack("f", number))[0]
