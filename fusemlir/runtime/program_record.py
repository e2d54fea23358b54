"""What a program takes, as JSON: read in a tenth of the time that MLIR text takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)

from fusemlir.dialects.trt.base import Tensor
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.timing import Step

NAMED, DENSE = "", "="
"""In place of a recipe: of an array of the source, and of one that is here."""

ELEMENTS = {
    str(element): element
    for element in (
        *(f32, f16, bf16, i1, i8, i32, i64),
        IntegerType(8, Signedness.UNSIGNED),
    )
}


def write_program(program: HostProgram) -> bytes:
    """All of a program but its code."""
    writer = _Writer()
    constants = {
        number: writer.number(value) for number, value in program.constants.items()
    }
    record = {
        "name": program.name,
        "arguments": program.arguments,
        "inputs": program.inputs,
        "outputs": program.outputs,
        "values": writer.values,
        "constants": list(constants.items()),
        "arena": program.arena_bytes,
        "steps": [[step.code, step.layers] for step in program.steps],
    }
    return json.dumps(record).encode()


def read_program(record: bytes, images: Sequence[bytes]) -> HostProgram:
    """The program of a record that `write_program` made, with its code."""
    entry = json.loads(record)
    values = list[ConstantValue]()
    for value in entry["values"]:
        values.append(_value(value, values))
    return HostProgram(
        tuple(images),
        entry["name"],
        entry["arguments"],
        tuple(entry["inputs"]),
        tuple(entry["outputs"]),
        {number: values[value] for number, value in entry["constants"]},
        entry["arena"],
        tuple(Step(tuple(code), tuple(ids)) for code, ids in entry["steps"]),
    )


@dataclass
class _Writer:
    """Numbers constants; what one is over comes before it."""

    values: list[list[Any]] = field(default_factory=list[list[Any]])
    """Of each the recipe, what it is over, its options, and its type."""
    numbers: dict[ConstantValue, int] = field(default_factory=dict[ConstantValue, int])

    def number(self, value: ConstantValue) -> int:
        if value not in self.numbers:
            entry = self._entry(value)
            self.numbers[value] = len(self.values)
            self.values.append(entry)
        return self.numbers[value]

    def _entry(self, value: ConstantValue) -> list[Any]:
        type = [str(value.type.element_type), value.type.get_shape()]
        if not isinstance(value, WeightAttr):
            return [DENSE, value.data.data.hex(), *type]
        if value.is_named:
            return [NAMED, value.weight_name, *type]
        over = [self.number(part) for part in value.weights]
        return [value.recipe.data, [over, value.options], *type]


def _value(entry: Sequence[Any], values: Sequence[ConstantValue]) -> ConstantValue:
    recipe, content, element, shape = entry
    type = cast(Tensor, TensorType(ELEMENTS[element], shape))
    if recipe == DENSE:
        data = BytesAttr(bytes.fromhex(content))
        return DenseIntOrFPElementsAttr(cast(Any, type), data)
    if recipe == NAMED:
        return WeightAttr.named(content, type)
    over, options = content
    arguments = [values[number] for number in cast("list[int]", over)]
    return WeightAttr.derived(recipe, [*arguments, *cast("list[float]", options)], type)
