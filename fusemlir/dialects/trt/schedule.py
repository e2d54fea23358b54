"""How a kernel is to be cut into work, where somebody says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, i64
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

SCHEDULE = "trt.schedule"
"""Attribute of a kernel: the schedule that its lowering takes, or refuses."""


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """Sizes by name, `#trt.schedule<pixels = 14, vectors = 2>`: which there are, and
    what they may be, is for the lowering to say."""

    name = "trt.schedule"

    sizes: DictionaryAttr

    @staticmethod
    def of(sizes: Mapping[str, int]) -> ScheduleAttr:
        numbers = {name: IntegerAttr(size, i64) for name, size in sizes.items()}
        return ScheduleAttr(DictionaryAttr(numbers))

    def items(self) -> Iterator[tuple[str, int]]:
        for name, size in self.sizes.data.items():
            assert isa(size, IntegerAttr)
            yield name, size.value.data

    def verify(self) -> None:
        if not self.sizes.data:
            raise VerifyException("a schedule names at least one size")
        for name, size in self.sizes.data.items():
            if not isa(size, IntegerAttr) or size.type != i64:
                raise VerifyException(f"{name} must be an i64, found {size}")
            if size.value.data < 1:
                raise VerifyException(
                    f"{name} must be 1 or more, found {size.value.data}"
                )

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            text = (f"{name} = {size}" for name, size in self.items())
            printer.print_string(", ".join(text))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        sizes = dict[str, Attribute]()

        def size() -> None:
            start = parser.pos
            name = parser.parse_identifier(" for a size")
            if name in sizes:
                parser.raise_error(f"{name} is there twice", start, parser.pos)
            parser.parse_punctuation("=")
            sizes[name] = IntegerAttr(parser.parse_integer(allow_boolean=False), i64)

        parser.parse_comma_separated_list(parser.Delimiter.ANGLE, size)
        return [DictionaryAttr(sizes)]


def schedule_of(attributes: Mapping[str, Attribute]) -> ScheduleAttr | None:
    """Of a kernel's attributes; None where nobody said one. Raises `VerifyException`
    where something else stands there."""
    said = attributes.get(SCHEDULE)
    if said is not None and not isinstance(said, ScheduleAttr):
        raise VerifyException(f"{SCHEDULE} must be a #trt.schedule, found {said}")
    return said
