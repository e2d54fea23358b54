"""Printing of floats so that reading the text back gives the same bits.

xDSL writes infinities, NaNs and floats whose decimal has no point as hexadecimal
numbers. Inside `dense` its parser takes those for integers, and where no type follows
it refuses them. It also writes zeros of both signs as one zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from io import StringIO
from typing import Any, TypeAlias, cast

from xdsl.dialects.builtin import AnyFloat, DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import Attribute
from xdsl.printer import Printer

Dense: TypeAlias = DenseIntOrFPElementsAttr[Any]


class ExactPrinter(Printer):
    """xDSL's printer, with every float in a form that reads back."""

    def print_attribute(self, attribute: Attribute) -> None:
        match attribute:
            case DenseIntOrFPElementsAttr():
                print_dense(self, cast(Dense, attribute))
            case TensorType():
                self.print_string(_text_of(attribute))
            case _:
                super().print_attribute(attribute)

    def print_float(self, value: float, type: AnyFloat) -> None:
        if math.isfinite(value) and _is_written_as_bits(value, type):
            self.print_string(repr(value))
        else:
            super().print_float(value, type)


class BitsPrinter(ExactPrinter):
    """Prints dense constants as their bits, in a fifth of the time that decimals take:
    for text that nobody reads."""


@lru_cache(maxsize=1024)
def _text_of(type: Attribute) -> str:
    """A type's text: networks have few tensor types, and name them often."""
    text = StringIO()
    Printer(text).print_attribute(type)
    return text.getvalue()


def print_dense(printer: Printer, value: Dense) -> None:
    """Print a dense constant; as one hexadecimal string where decimals would not do."""
    if not isinstance(printer, BitsPrinter) and _has_decimals(value):
        value.print_builtin(printer)
        return
    printer.print_string(f'dense<"0x{value.data.data.hex().upper()}"> : ')
    printer.print_attribute(value.type)


def is_uniform(value: Dense) -> bool:
    """Whether all elements have the same bits, of which 0.0 and -0.0 are not a case."""
    size = value.get_element_type().compile_time_size
    return value.data.data == value.data.data[:size] * len(value)


def _has_decimals(value: Dense) -> bool:
    element = value.get_element_type()
    if not isinstance(element, AnyFloat) or len(value) == 0:
        return True
    if value.is_splat() and not is_uniform(value):
        return False
    numbers = set(cast("Sequence[float]", value.get_values()))
    return not any(_is_written_as_bits(number, element) for number in numbers)


def _is_written_as_bits(value: float, type: AnyFloat) -> bool:
    text = StringIO()
    Printer(text).print_float(value, type)
    return text.getvalue().startswith("0x")
