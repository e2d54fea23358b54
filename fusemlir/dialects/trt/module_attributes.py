"""What a module says of its network: target, source of weights, ledger."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from fusemlir.dialects.trt.base import LayersAttr

TARGET = "trt.target"
TF32 = "trt.tf32"
"""Unit attribute of a module: products of f32 may be of what tf32 is of it."""
WINOGRAD = "trt.winograd"
"""Unit attribute of a module: convolutions may be computed by Winograd's
transformation."""
WEIGHTS = "trt.weights"
LEDGER = "trt.ledger"
NO_FUSE = "trt.no_fuse"
OUTPUT = "trt.output"
"""Unit attribute of the argument of a lowered network that it writes."""
CONSTANT = "trt.constant"
"""Attribute of an argument that is always the same: the data that it is."""
HOST = "trt.host"
"""Unit attribute of a function: it is for the CPU, and converted as kernels are."""
BARRIER = "wait_for_all"
"""The function that all threads of the CPU leave together; who runs a lowered network
has it."""
LAYERS = "layers"
"""Attribute of what starts a kernel: ids of the layers that it is for."""
TENSOR_NAME = "trt.name"
"""Attribute of a function's argument or result: the tensor's name in the source."""


@irdl_attr_definition
class TargetAttr(ParametrizedAttribute):
    """The device that rules and lowerings may assume: `#trt.target<sm_80>`."""

    name = "trt.target"

    device: StringAttr

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.device.data)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return [StringAttr(parser.parse_identifier(" for the target"))]


@irdl_attr_definition
class WeightSourceAttr(ParametrizedAttribute):
    """The file that named weights are arrays of, and the SHA-256 of its bytes."""

    name = "trt.weight_source"

    path: StringAttr
    sha256: StringAttr

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.path.data)
            printer.print_string(", sha256 = ")
            printer.print_string_literal(self.sha256.data)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            path = parser.parse_str_literal()
            parser.parse_punctuation(",")
            parser.parse_keyword("sha256")
            parser.parse_punctuation("=")
            return [StringAttr(path), StringAttr(parser.parse_str_literal())]


@irdl_attr_definition
class LedgerEntryAttr(ParametrizedAttribute):
    """Source layers that are in no op any more: which rule removed them, and the
    layers that compute what they did: `#trt.ledger_entry<["relu2"] by
    "fuse-relu-relu" heir ["relu1"]>`."""

    name = "trt.ledger_entry"

    layers: LayersAttr
    rule: StringAttr
    heir: LayersAttr

    @staticmethod
    def of(layers: Sequence[str], rule: str, heir: Sequence[str]) -> LedgerEntryAttr:
        return LedgerEntryAttr(_strings(layers), StringAttr(rule), _strings(heir))

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.layers)
            printer.print_string(" by ")
            printer.print_string_literal(self.rule.data)
            printer.print_string(" heir ")
            printer.print_attribute(self.heir)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            layers = _parse_strings(parser)
            parser.parse_keyword("by")
            rule = parser.parse_str_literal()
            parser.parse_keyword("heir")
            return [layers, StringAttr(rule), _parse_strings(parser)]


def _strings(values: Sequence[str]) -> LayersAttr:
    return ArrayAttr([StringAttr(value) for value in values])


def _parse_strings(parser: AttrParser) -> LayersAttr:
    return _strings(
        parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, parser.parse_str_literal
        )
    )
