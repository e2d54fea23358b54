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
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Option:
    """What a recipe takes beside its weights: a whole number, a number or a list."""

    name: str
    types: tuple[type[float] | type[int] | type[tuple[int, ...]], ...]

    def takes(self, value: float | tuple[int, ...]) -> bool:
        return isinstance(value, self.types)


def _integer(name: str) -> Option:
    return Option(f"{name}, an integer", (int,))


def _number(name: str) -> Option:
    return Option(f"{name}, a number", (int, float))


def _list(name: str) -> Option:
    return Option(f"{name}, a list", (tuple,))


@dataclass(frozen=True)
class Recipe:
    """A way to derive a weight from others."""

    weights: int
    """How many it is over; `ANY_NUMBER` of them, but one at least."""
    meaning: str
    options: tuple[Option, ...] = ()

    def verify(
        self, name: str, weights: int, options: Sequence[float | tuple[int, ...]]
    ) -> None:
        """Raises `VerifyException` where it takes other weights or options."""
        if weights != self.weights and (self.weights != ANY_NUMBER or not weights):
            wanted = "1 or more" if self.weights == ANY_NUMBER else self.weights
            raise VerifyException(f"{name} takes {wanted} weights, found {weights}")
        fit = len(options) == len(self.options) and all(
            option.takes(value)
            for option, value in zip(self.options, options, strict=True)
        )
        if not fit:
            wanted = "; ".join(option.name for option in self.options) or "none"
            found = ", ".join(map(show_option, options)) or "none"
            raise VerifyException(f"options of {name} are {wanted}; found {found}")


ANY_NUMBER = -1

RECIPES: dict[str, Recipe] = {
    "fill": Recipe(1, "every element is that of a one-element constant"),
    "cast": Recipe(1, "the elements in another type"),
    "reshape": Recipe(1, "the elements in order, in another shape"),
    "transpose": Recipe(1, "axes permuted in numpy's sense", (_list("order"),)),
    "slice": Recipe(
        1,
        "every stride-th element from start on",
        (_list("start"), _list("size"), _list("stride")),
    ),
    "concatenation": Recipe(ANY_NUMBER, "joined along an axis", (_integer("axis"),)),
    "sum": Recipe(2, "a + b, broadcast"),
    "prod": Recipe(2, "a * b, broadcast"),
    "sub": Recipe(2, "a - b, broadcast"),
    "div": Recipe(2, "a / b, broadcast"),
    "max": Recipe(2, "the greater, broadcast"),
    "min": Recipe(2, "the lesser, broadcast"),
    "pow": Recipe(2, "a ^ b, broadcast"),
    "neg": Recipe(1, "-a"),
    "abs": Recipe(1, "|a|"),
    "sqrt": Recipe(1, "the square root"),
    "recip": Recipe(1, "1 / a"),
    "exp": Recipe(1, "e ^ a"),
    "log": Recipe(1, "the natural logarithm"),
    "scale_outputs": Recipe(2, "kernel [K, ...] times scale [K] or [1]"),
    "scale_deconvolution_outputs": Recipe(
        2, "kernel [C, K/G, ...] times scale [K] or [1]", (_integer("groups"),)
    ),
    "scale_bias": Recipe(3, "bias * scale + shift, each of [K] or [1]"),
    "batch_norm_scale": Recipe(
        2, "gamma / sqrt(variance + epsilon)", (_number("epsilon"),)
    ),
    "batch_norm_shift": Recipe(
        4,
        "beta - mean * gamma / sqrt(variance + epsilon), of gamma, beta, mean and "
        "variance",
        (_number("epsilon"),),
    ),
    "quantize": Recipe(
        2,
        "clamp(round_half_even(a / scale)), the quotient in f32, NaN gives 0; the "
        "axis is the scale's, -1 where it has none",
        (_integer("axis"),),
    ),
    "rescale": Recipe(3, "a * b / c, broadcast"),
    "nearest_quotient": Recipe(2, "round_half_even(a / b), broadcast"),
    "winograd_kernel": Recipe(
        1, "G g GT of each filter g of a kernel [K, C, 3, 3], as [K, C, 36]"
    ),
    "reduce_sum": Recipe(1, "the sums over axes, which are left out", (_list("axes"),)),
}
"""The closed set of derivations. Recipes compute in f64 and round to their own type."""


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
        RECIPES[recipe].verify(recipe, len(self.weights), self.options)

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
        case _:
            printer.print_string(show_option(_option(argument)))


def show_option(option: float | tuple[int, ...]) -> str:
    """An option as it is printed: `1`, `1.0e-05`, `[0, 1]`."""
    match option:
        case tuple():
            return str(list(option))
        case float():
            digits = repr(option)
            return digits if "." in digits else digits.replace("e", ".0e")
        case _:
            return str(option)


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
