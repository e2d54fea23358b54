"""Runs networks: one layer, a group of layers, a whole function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Operation, SSAValue

from fusemlir.dialects.trt.base import (
    LayerOp,
    element_type_of,
    shape_of,
    shapes_agree,
    show_shape,
)
from fusemlir.dialects.trt.fused import FusedOp, YieldOp
from fusemlir.dialects.trt.module_attributes import TENSOR_NAME
from fusemlir.reference.rules import RULES, Context, Mode
from fusemlir.weights import Array, Weights, dtype_of, round_to
from fusemlir.weights.element_types import is_floating

Arrays: TypeAlias = tuple[Array, ...]
Step: TypeAlias = Callable[[Operation, Arrays, Context], Arrays]


def run(
    function: func.FuncOp,
    inputs: Sequence[Array],
    weights: Weights,
    mode: Mode = Mode.TYPED,
) -> list[Array]:
    """The results of `function` for `inputs`, one array an argument, of its type.

    An unknown dimension accepts any size. Values are freed after their last use; the
    results share no memory with inputs or weights. Raises `ValueError` where an input
    has not its argument's shape and type, or where the function is not a network.
    """
    name = function.sym_name.data
    if len(function.body.blocks) != 1:
        raise ValueError(f"function '{name}' must have a body of one block")
    _check_inputs(function, inputs)
    block, context = function.body.block, Context(weights, mode)
    with np.errstate(all="ignore"):
        outputs = _run_block(block, inputs, context, _typed_results)
    return [np.array(output, order="C") for output in outputs]


def evaluate(
    op: LayerOp | FusedOp,
    operands: Sequence[Array],
    weights: Weights,
    mode: Mode = Mode.TYPED,
) -> Arrays:
    """The results of one layer or group for its operands, in their tensors' types."""
    with np.errstate(all="ignore"):
        return _typed_results(op, tuple(operands), Context(weights, mode))


def _run_block(
    block: Block, arguments: Sequence[Array], context: Context, step: Step
) -> Arrays:
    """Run the operations of `block` by `step`; what its terminator is given."""
    values: dict[SSAValue, Array] = dict(zip(block.args, arguments, strict=True))
    uses_left = Counter(operand for op in block.ops for operand in op.operands)
    for op in block.ops:
        operands = tuple(values[operand] for operand in op.operands)
        if isinstance(op, func.ReturnOp | YieldOp):
            return operands
        results = step(op, operands, context)
        values.update(zip(op.results, results, strict=True))
        uses_left.subtract(op.operands)
        for value in {*op.operands, *op.results}:
            if uses_left[value] == 0:
                del values[value]
    raise ValueError("a block must end in func.return or trt.yield")


def _typed_results(op: Operation, operands: Arrays, context: Context) -> Arrays:
    """The results of a layer or group, each rounded to its tensor's type."""
    if isinstance(op, FusedOp):
        wide = context.mode == Mode.WIDE
        step = _wide_results if wide else _typed_results
        results = _run_block(op.block, operands, context, step)
    else:
        results = _layer_results(op, operands, context)
    pairs = zip(results, op.results, strict=True)
    return tuple(round_to(x, _dtype(value)) for x, value in pairs)


def _wide_results(op: Operation, operands: Arrays, context: Context) -> Arrays:
    """The results of a layer inside a group in wide mode: floats as the rule gives
    them, in f64 where it computed them, and integers in their type."""
    results = _layer_results(op, operands, context)
    return tuple(
        x if is_floating(x.dtype) else round_to(x, _dtype(value))
        for x, value in zip(results, op.results, strict=True)
    )


def _layer_results(op: Operation, operands: Arrays, context: Context) -> Arrays:
    """What the rule of a layer gives, of the shapes that its types promise."""
    rule = RULES.get(type(op)) if isinstance(op, LayerOp) else None
    if rule is None:
        raise ValueError(f"{_describe(op)} has no meaning in the reference")
    try:
        results = rule(op, operands, context)
    except ValueError as error:
        raise ValueError(f"{_describe(op)}: {error}") from error
    arrays = results if isinstance(results, tuple) else (results,)
    for value, array in zip(op.results, arrays, strict=True):
        if not shapes_agree(shape_of(value), np.shape(array)):
            raise ValueError(
                f"{_describe(op)} gives {show_shape(np.shape(array))} where its type "
                f"says {show_shape(shape_of(value))}"
            )
    return tuple(map(np.asarray, arrays))


def _dtype(value: SSAValue) -> np.dtype[Any]:
    return dtype_of(element_type_of(value))


def _describe(op: Operation) -> str:
    names = op.layer_ids if isinstance(op, LayerOp) else ()
    return f"{op.name} '{' + '.join(names)}'" if names else op.name


def _check_inputs(function: func.FuncOp, inputs: Sequence[Array]) -> None:
    arguments = function.body.block.args
    if len(inputs) != len(arguments):
        raise ValueError(
            f"function '{function.sym_name.data}' takes {len(arguments)} inputs, "
            f"found {len(inputs)}"
        )
    for at, (value, array) in enumerate(zip(arguments, inputs, strict=True)):
        what = f"input {_argument_name(function, at)}"
        dtype = _dtype(value)
        if array.dtype != dtype:
            raise ValueError(f"{what} must be {dtype}, found {array.dtype}")
        if not shapes_agree(shape_of(value), array.shape):
            raise ValueError(
                f"{what} must have shape {show_shape(shape_of(value))}, "
                f"found {show_shape(array.shape)}"
            )


def _argument_name(function: func.FuncOp, at: int) -> str:
    """The tensor's name in the source, or its position."""
    if function.arg_attrs is None:
        return str(at)
    name = function.arg_attrs.data[at].data.get(TENSOR_NAME)
    return f"'{name.data}'" if isinstance(name, StringAttr) else str(at)
