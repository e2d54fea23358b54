"""The constant layer and the small constants that rules look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, result_def
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    TypeDirective,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

from fusemlir.dialects.exact_printer import Dense, is_uniform, print_dense
from fusemlir.dialects.trt.base import LayerOp, Tensor
from fusemlir.dialects.trt.weight import (
    DENSE_LIMIT,
    ConstantValue,
    WeightAttr,
    is_constant_value,
)


@irdl_custom_directive
class TypedConstant(CustomDirective):
    """A constant and, taken from it, the type of the result."""

    value: AttributeVariable
    type: TypeDirective

    def parse(self, parser: Parser, state: ParsingState) -> None:
        start = parser.pos
        value = parser.parse_attribute()
        if not is_constant_value(value):
            parser.raise_error(
                "a constant is dense<...> or #trt.weight<...>", start, parser.pos
            )
        self.value.set(state, value)
        self.type.set(state, (value.type,))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        assert isinstance(op, ConstantOp)
        if isinstance(op.value, WeightAttr):
            printer.print_attribute(op.value)
        else:
            print_dense(printer, op.value)


@irdl_op_definition
class ConstantOp(LayerOp):
    """Mirrors `IConstantLayer`: an array known when the network is built.

    The value is dense, for up to `DENSE_LIMIT` elements, or a `#trt.weight`.
    """

    name = "trt.constant"

    value = prop_def(WeightAttr | DenseIntOrFPElementsAttr)
    output = result_def(TensorType)

    assembly_format = (
        "custom<TypedConstant>($value, type($output)) (`layers` $layers^)? attr-dict"
    )
    custom_directives = (TypedConstant,)

    def __init__(self, value: ConstantValue, *, layers: Sequence[str] = ()):
        super().__init__([], {"value": value}, layers=layers)

    def infer(self) -> tuple[Tensor, ...]:
        return (type_of(self.value),)


def constant_value(value: SSAValue) -> ConstantValue | None:
    """What the constant that makes `value` holds; None where it is no constant."""
    owner = value.owner
    return owner.value if isinstance(owner, ConstantOp) else None


def type_of(value: ConstantValue) -> Tensor:
    return cast(Tensor, value.type)


def scalar_of(value: ConstantValue) -> float | int | None:
    """The number that every element of a constant is; None where they may differ."""
    if isinstance(value, WeightAttr):
        if value.recipe.data != "fill":
            return None
        (value,) = value.weights
        return scalar_of(value)
    if len(value) == 0 or not is_uniform(value):
        return None
    return cast("float | int", next(iter(value.get_values())))


def dense(type: Tensor, values: Sequence[float]) -> Dense:
    """A dense constant of `type`; `values` in row-major order."""
    return DenseIntOrFPElementsAttr.from_list(cast(Any, type), values)


def fill(value: float, type: Tensor) -> ConstantValue:
    """A constant of `type` whose every element is `value`; dense where it is small."""
    count = math.prod(type.get_shape())
    if count <= DENSE_LIMIT:
        return dense(type, [value] * count)
    one = dense(TensorType(type.element_type, (1,)), [value])
    return WeightAttr.derived("fill", [one], type)
