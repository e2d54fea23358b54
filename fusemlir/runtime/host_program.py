"""A network lowered for the CPU, as the runtime sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.utils.hints import isa

from fusemlir.dialects.trt.base import LayersAttr
from fusemlir.dialects.trt.module_attributes import BARRIER, CONSTANT, LAYERS, OUTPUT
from fusemlir.dialects.trt.weight import ConstantValue, is_constant_value
from fusemlir.runtime.timing import Step

LAST = 4
"""Arguments that are no tensors: memory, thread, number of threads, barrier."""


@dataclass(frozen=True)
class HostProgram:
    """Machine code, and what each tensor among its function's arguments is."""

    images: tuple[bytes, ...]
    """Object files that call each other."""
    name: str
    arguments: int
    """Tensors: inputs, outputs and constants."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: dict[int, ConstantValue]
    arena_bytes: int
    steps: tuple[Step, ...]
    """What is called, in order; all threads wait for each other after a step."""

    @staticmethod
    def of_function(function: FuncOp) -> HostProgram:
        """Of a function that `convert-trt-to-host` made; without code."""
        types = function.function_type.inputs.data
        arena = types[-LAST]
        assert isa(arena, MemRefType)
        assert function.arg_attrs is not None
        attributes = [entry.data for entry in function.arg_attrs.data[:-LAST]]
        constants = dict[int, ConstantValue]()
        for number, entry in enumerate(attributes):
            value = entry.get(CONSTANT)
            if value is not None:
                assert is_constant_value(value)
                constants[number] = value
        return HostProgram(
            (),
            function.sym_name.data,
            len(attributes),
            tuple(n for n, entry in enumerate(attributes) if not entry),
            tuple(n for n, entry in enumerate(attributes) if OUTPUT in entry),
            constants,
            arena.get_shape()[0],
            tuple(_steps(function)),
        )


def _steps(function: FuncOp) -> Iterator[Step]:
    calls = list[CallOp]()
    for op in function.body.block.ops:
        if not isinstance(op, CallOp):
            continue
        if op.callee.root_reference.data != BARRIER:
            calls.append(op)
            continue
        kernels = tuple(call.callee.root_reference.data for call in calls)
        yield Step(kernels, _layers(calls[0]))
        calls = []


def _layers(call: CallOp) -> tuple[str, ...]:
    layers = call.attributes.get(LAYERS)
    if layers is None:
        return ()
    return tuple(id.data for id in cast(LayersAttr, layers))
