"""Runs what each change touches in the reference, before it and after it.

The judge of rules that compute something else than before, as `verify_network` is of
those that only move: it knows of a rule the contract that it states, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import (
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    MatrixMultiplyOp,
    PoolingOp,
    ReduceOp,
)
from fusemlir.dialects.trt.base import (
    LayerOp,
    element_type_of,
    is_static,
    shape_of,
    show_shape,
    volume,
)
from fusemlir.network import block_of, label, nodes, source_ids
from fusemlir.reference import Mode, evaluate
from fusemlir.reference.difference import Difference
from fusemlir.reference.random_array import random_array, with_special_values
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.transforms.excerpt import Excerpt
from fusemlir.transforms.fusion import Contract, Rewrite
from fusemlir.transforms.replacement import Replacement
from fusemlir.transforms.verify_network import verify_network
from fusemlir.weights import Array, Weights, dtype_of
from fusemlir.weights.element_types import is_floating

ROUNDINGS = 4
"""How many roundings a rewrite may cost, each of one eps of the largest value."""

Values: TypeAlias = dict[SSAValue, Array]


class NotRunnableError(Exception):
    """Why layers cannot be run."""


@dataclass
class CheckEachFusion:
    """Stops at the first change that breaks the network or its rule's contract.

    Inputs are made from `seed`. `save` writes a module under a name and says where it
    is, for the person who looks into a fault.
    """

    seed: int
    save: Callable[[str, ModuleOp], str]
    checked: int = field(default=0, init=False)
    """Changes whose values were compared."""

    @contextmanager
    def __call__(self, change: Replacement) -> Generator[None]:
        """Run the layers before and after, let the change be made, look at the result.

        Raises `DiagnosticError` where values differ or the network is broken. Layers
        that cannot be run are named in a remark.
        """
        function, place = change.network.function, change.nodes[-1].location
        expected, excerpt = set(source_ids(function)), Excerpt(change)
        if all(isinstance(op, ConstantOp) for op in change.made):
            # The ledger is told of these when the pass is done.
            expected -= set(change.layers)
        what = f"{change.rule} at {', '.join(map(label, change.nodes))}"
        wrong = self._compare(excerpt, place)
        if wrong is not None:
            message = f"{what} does not keep the values: {wrong}"
            raise self._error(excerpt, place, message)
        yield
        try:
            for op in change.made:
                op.verify()
            verify_network(function, expected, after=what)
        except VerifyException as error:
            raise self._error(excerpt, place, str(error)) from error

    def _compare(self, excerpt: Excerpt, place: Attribute) -> str | None:
        """What is wrong with the values after a change, if anything is and it can be
        known."""
        change = excerpt.replacement
        exact = change.contract == Contract.EXACT and isinstance(change.change, Rewrite)
        kinds = (False, True) if exact and excerpt.before.body.block.args else (False,)
        try:
            for special in kinds:
                wrong = self._difference(excerpt, special)
                if wrong is not None:
                    return wrong
        except NotRunnableError as error:
            reason, kind = f"not checked: {error}", RemarkKind.ANALYSIS
            remark = Remark(kind, change.rule, change.layers, reason, location=place)
            emit(remark)
            return None
        self.checked += 1
        return None

    def _difference(self, excerpt: Excerpt, special: bool) -> str | None:
        before, after = excerpt.before, excerpt.after
        change, weights = excerpt.replacement, excerpt.replacement.network.weights
        inputs = self._inputs(before, special)
        try:
            wanted = values_of(before, inputs, weights)
        except ValueError as error:
            raise NotRunnableError(str(error)) from error
        try:
            found = values_of(after, inputs, weights)
        except ValueError as error:
            return f"afterwards, {error}"
        allowed = 0.0
        if change.contract == Contract.REAL_ALGEBRA:
            allowed = rounding(wanted, terms_of((before, after)))
        for one, other in zip(results(after), results(before), strict=True):
            array, right = found[one], wanted[other]
            error = (
                0.0 if same(array, right) else Difference.of("", array, right).absolute
            )
            if error > allowed:
                return f"largest error {error:.3g}, allowed {allowed:.3g}"
        return None

    def _inputs(self, function: FuncOp, special: bool) -> list[Array]:
        """Arrays for the arguments of `function`, as `fuse-run --seed` makes them; with
        `special`, a few floats that are no ordinary numbers."""
        arguments = block_of(function).args
        for value in arguments:
            if not is_static(shape_of(value)):
                shape = show_shape(shape_of(value))
                raise NotRunnableError(f"an input of shape {shape}")
        rng = np.random.default_rng(self.seed)
        arrays = [
            random_array(shape_of(value), dtype_of(element_type_of(value)), rng)
            for value in arguments
        ]
        return [with_special_values(a, rng) for a in arrays] if special else arrays

    def _error(
        self, excerpt: Excerpt, place: Attribute, message: str
    ) -> DiagnosticError:
        change = excerpt.replacement
        first = next(iter(change.layers), "constant")
        path = self.save(f"{change.rule}-{first}", excerpt.module)
        return DiagnosticError.at(
            place, f"{message}; its layers before and after: {path}"
        )


def values_of(function: FuncOp, inputs: Iterable[Array], weights: Weights) -> Values:
    """Every value of a network, rounded to its type after each layer.

    Raises `ValueError` where a layer has no meaning for its operands.
    """
    values: Values = dict(zip(block_of(function).args, inputs, strict=True))
    for node in nodes(function):
        operands = [values[operand] for operand in node.operands]
        made = evaluate(node, operands, weights, Mode.TYPED)
        values.update(zip(node.results, made, strict=True))
    return values


def results(function: FuncOp) -> Sequence[SSAValue]:
    """The values that a network returns."""
    returned = block_of(function).last_op
    return returned.operands if isinstance(returned, ReturnOp) else ()


def same(found: Array, wanted: Array) -> bool:
    """Whether two arrays have the same elements; a NaN is a NaN, zeros are equal."""
    if found.shape != wanted.shape:
        return False
    # Not numpy.array_equal, which does not know the NaNs of bfloat16.
    nans = (found != found) & (wanted != wanted)
    return bool(((found == wanted) | nans).all())


def rounding(values: Values, terms: int) -> float:
    """How far two ways to compute the same over the reals may be apart: `ROUNDINGS`
    of the widest eps among `values`, times the largest of those that layers computed,
    times sqrt(`terms`), as the errors of a sum grow (Higham, Accuracy and Stability of
    Numerical Algorithms, 2.8)."""
    types = {array.dtype for array in values.values() if is_floating(array.dtype)}
    eps = max(map(_eps, types), default=0.0)
    computed = (
        array
        for value, array in values.items()
        if is_floating(array.dtype) and _is_computed(value)
    )
    size = max(map(_magnitude, computed), default=0.0)
    return ROUNDINGS * eps * size * math.sqrt(terms)


def _eps(dtype: np.dtype[Any]) -> float:
    """From 1 to the next number of a float type."""
    return float(np.nextafter(dtype.type(1), dtype.type(2))) - 1


def _is_computed(value: SSAValue) -> bool:
    return isinstance(value.owner, Operation) and not isinstance(
        value.owner, ConstantOp
    )


def _magnitude(array: Array) -> float:
    """The largest finite absolute value."""
    wide = np.abs(array.astype(np.float64))
    return float(np.max(wide, initial=0.0, where=np.isfinite(wide)))


def terms_of(functions: Iterable[FuncOp]) -> int:
    """How many terms the longest sum in `functions` has, at most."""
    ops = (op for function in functions for op in function.walk())
    return max((1, *(_terms(op) for op in ops if isinstance(op, LayerOp))))


def _terms(layer: LayerOp) -> int:
    match layer:
        case ConvolutionOp():
            kernel = shape_of(layer.kernel)
            return volume(kernel) // max(1, kernel[0])
        case DeconvolutionOp():
            kernel = shape_of(layer.kernel)
            return volume(kernel) // max(1, kernel[1])
        case MatrixMultiplyOp():
            return max(shape_of(layer.lhs)[-2:])
        case PoolingOp():
            return volume(layer.window)
        case ReduceOp():
            made = max(1, volume(shape_of(layer.output)))
            return volume(shape_of(layer.input)) // made
        case _:
            return 1
