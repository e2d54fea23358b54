"""Constants and the attributes that stand for their data.

A weight is named, not stored: `#trt.weight<"conv1.w" : tensor<64x3x7x7xf32>>` is an
array of the module's `trt.weights` source. A derived weight is a recipe over others,
`#trt.weight<transpose("fc.w" : tensor<10x5xf32>, [1, 0]) : tensor<5x10xf32>>`, which is
evaluated when its data are wanted (`fusemlir.weights`). Equal attributes are equal
arrays, so that sharing is safe and text between two runs loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias, cast

from typing_extensions import TypeIs
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    TensorType,
    f64,
    i64,
)
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.exact_printer import Dense, print_dense
from fusemlir.dialects.trt.base import Ints, Tensor, ints, is_static

DENSE_LIMIT = 64
"""Constants of up to this many elements are stored in the IR, larger ones by name."""

NAMED = ""
"""The recipe of a weight that is an array of the source: its one argument is a name."""

RECIPES: dict[str, tuple[int, str]] = {
    "fill": (1, "every element is that of a one-element constant"),
    "cast": (1, "the elements in another type"),
    "reshape": (1, "the elements in order, in another shape"),
    "transpose": (1, "axes permuted in numpy's sense, by a list"),
    "slice": (1, "start, size and stride, three lists"),
    "concatenation": (-1, "joined along an axis, an integer"),
    "sum": (2, "a + b, broadcast"),
    "prod": (2, "a * b, broadcast"),
    "sub": (2, "a - b, broadcast"),
    "div": (2, "a / b, broadcast"),
    "max": (2, "the greater, broadcast"),
    "min": (2, "the lesser, broadcast"),
    "pow": (2, "a ^ b, broadcast"),
    "neg": (1, "-a"),
    "abs": (1, "|a|"),
    "sqrt": (1, "the square root"),
    "recip": (1, "1 / a"),
    "exp": (1, "e ^ a"),
    "log": (1, "the natural logarithm"),
    "scale_outputs": (2, "kernel [K, ...] times scale [K] or [1]"),
    "scale_deconvolution_outputs": (
        2,
        "kernel [C, K/G, ...] times scale [K] or [1]; the number of groups",
    ),
    "scale_bias": (3, "bias * scale + shift, each of [K] or [1]"),
    "batch_norm_scale": (2, "gamma / sqrt(variance + epsilon), a number"),
    "batch_norm_shift": (
        4,
        "beta - mean * gamma / sqrt(variance + epsilon), of gamma, beta, mean, "
        "variance and a number",
    ),
    "quantize": (2, "clamp(round_half_even(a / scale)); the scale's axis or -1"),
}
"""The closed set of derivations: how many weights each takes (-1: any number), and
what it computes. Every recipe computes in f64 and rounds to its own type."""


@irdl_attr_definition
class WeightAttr(ParametrizedAttribute):
    """An array by name, or by a recipe over weights, dense constants and numbers."""

    name = "trt.weight"

    recipe: StringAttr
    arguments: ArrayAttr[Attribute]
    type: TensorType[Attribute]

    @staticmethod
    def named(name: str, type: Tensor) -> WeightAttr:
        """The array `name` of the source, of static shape."""
        return WeightAttr(StringAttr(NAMED), ArrayAttr([StringAttr(name)]), type)

    @staticmethod
    def derived(
        recipe: str,
        arguments: Sequence[ConstantValue | float | Sequence[int]],
        type: Tensor,
    ) -> WeightAttr:
        """A recipe over `arguments`: weights, then numbers and lists."""
        attributes = [_argument(argument) for argument in arguments]
        return WeightAttr(StringAttr(recipe), ArrayAttr(attributes), type)

    @property
    def is_named(self) -> bool:
        return self.recipe.data == NAMED

    @property
    def weight_name(self) -> str:
        """The name in the source of a weight that has one."""
        (name,) = self.arguments.data
        return cast(StringAttr, name).data

    @property
    def weights(self) -> tuple[ConstantValue, ...]:
        """The weights and dense constants that the recipe is over."""
        return tuple(a for a in self.arguments if is_constant_value(a))

    @property
    def options(self) -> tuple[float | tuple[int, ...], ...]:
        """The numbers and lists that follow the weights."""
        if self.is_named:
            return ()
        return tuple(_option(a) for a in self.arguments if not is_constant_value(a))

    def verify(self) -> None:
        if not is_static(self.type.get_shape()):
            raise VerifyException(f"weight must have a static shape: {self.type}")
        if self.is_named:
            return
        recipe = self.recipe.data
        if recipe not in RECIPES:
            raise VerifyException(f"unknown recipe '{recipe}'")
        are_weights = [is_constant_value(argument) for argument in self.arguments]
        if are_weights != sorted(are_weights, reverse=True):
            raise VerifyException("weights come before numbers and lists")
        for option in self.options:
            if isinstance(option, float) and not math.isfinite(option):
                raise VerifyException(f"a number of a recipe is finite, found {option}")
        wanted, _ = RECIPES[recipe]
        if wanted not in (-1, len(self.weights)):
            raise VerifyException(
                f"{recipe} takes {wanted} weights, found {len(self.weights)}"
            )

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            _print_weight(printer, self)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            weight = _parse_weight(parser)
        return [weight.recipe, weight.arguments, weight.type]


ConstantValue: TypeAlias = WeightAttr | Dense
"""What a constant holds: data in the IR, or a name or recipe for them."""


def is_constant_value(attribute: Attribute) -> TypeIs[ConstantValue]:
    return isinstance(attribute, WeightAttr | DenseIntOrFPElementsAttr)


def _argument(value: ConstantValue | float | Sequence[int]) -> Attribute:
    match value:
        case WeightAttr() | DenseIntOrFPElementsAttr():
            return value
        case int():
            return IntegerAttr(value, i64)
        case float():
            return FloatAttr(value, f64)
        case _:
            return ints(value)


def _option(attribute: Attribute) -> float | tuple[int, ...]:
    match attribute:
        case IntegerAttr() | FloatAttr():
            return attribute.value.data
        case DenseArrayBase():
            return cast(Ints, attribute).get_values()
        case _:
            raise VerifyException(f"a recipe does not take {attribute}")


def _print_weight(printer: Printer, weight: WeightAttr) -> None:
    if weight.is_named:
        printer.print_string_literal(weight.weight_name)
    else:
        printer.print_string(weight.recipe.data)
        with printer.in_parens():
            printer.print_list(
                weight.arguments, lambda argument: _print_argument(printer, argument)
            )
    printer.print_string(" : ")
    printer.print_attribute(weight.type)


def _print_argument(printer: Printer, argument: Attribute) -> None:
    match argument:
        case WeightAttr():
            _print_weight(printer, argument)
        case DenseIntOrFPElementsAttr():
            print_dense(printer, argument)
        case FloatAttr():
            digits = repr(argument.value.data)
            printer.print_string(
                digits if "." in digits else digits.replace("e", ".0e")
            )
        case _:
            printer.print_string(
                str(_option(argument))
                .replace("(", "[")
                .replace(",)", "]")
                .replace(")", "]")
            )


def _parse_weight(parser: AttrParser) -> WeightAttr:
    name = parser.parse_optional_str_literal()
    if name is not None:
        recipe, arguments = NAMED, [StringAttr(name)]
    else:
        recipe = parser.parse_identifier(" for the recipe of a weight")
        arguments = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: _parse_argument(parser)
        )
    parser.parse_punctuation(":")
    start = parser.pos
    type = parser.parse_type()
    if not isinstance(type, TensorType):
        parser.raise_error("a weight has a tensor type", start, parser.pos)
    return WeightAttr(
        StringAttr(recipe), ArrayAttr[Attribute](arguments), cast(Tensor, type)
    )


def _parse_argument(parser: AttrParser) -> Attribute:
    number = parser.parse_optional_number()
    if number is not None:
        return _argument(number)
    values = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, parser.parse_integer
    )
    if values is not None:
        return ints(values)
    if parser.parse_optional_keyword("dense"):
        return parser.parse_dense_int_or_fp_elements_attr(None)
    return _parse_weight(parser)
