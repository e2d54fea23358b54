"""What a network takes and gives, and whether given arrays are that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt.base import (
    UNKNOWN,
    element_type_of,
    shape_of,
    shapes_agree,
    show_shape,
)
from fusemlir.dialects.trt.module_attributes import TENSOR_NAME
from fusemlir.network import block_of, unique
from fusemlir.weights import Array, dtype_of
from fusemlir.weights.element_types import BFLOAT16

_RAW_BFLOAT16 = np.dtype("V2")
"""What numpy's own files make of bfloat16, which they do not know."""


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a network."""

    name: str
    shape: tuple[int | None, ...]
    """None where a dimension is known only at run time."""
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        """`input 1x3x224x224 float32`."""
        return f"{self.name} {show_shape(self._dims)} {self.dtype}"

    @property
    def _dims(self) -> tuple[int, ...]:
        return tuple(UNKNOWN if dim is None else dim for dim in self.shape)

    def check(self, given: npt.ArrayLike) -> Array:
        """`given` as an array of this type; raises `ValueError` saying what it is."""
        array = np.asarray(given)
        # After a network has run, code that is not short comes from memory.
        if array.shape == self.shape and array.dtype == self.dtype:
            return array
        if array.dtype == _RAW_BFLOAT16 and self.dtype == BFLOAT16:
            array = array.view(BFLOAT16)
        self.check_type(array.shape, array.dtype)
        return array

    def check_type(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Raises `ValueError` where an array of that type is not what is wanted."""
        if dtype != self.dtype:
            raise ValueError(
                f"input '{self.name}' must be {self.dtype}, found {dtype}; "
                f"convert it with .astype('{self.dtype}')"
            )
        if not shapes_agree(self._dims, shape):
            raise ValueError(
                f"input '{self.name}' must have shape {show_shape(self._dims)}, "
                f"found {show_shape(shape)}"
            )


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a network, in order; names are unique."""

    network: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    @staticmethod
    def of_function(function: FuncOp, network: str) -> Signature:
        """Names are those in the source, else of the values, else `input0`, …"""
        block = block_of(function)
        returned = block.last_op
        results = returned.operands if isinstance(returned, ReturnOp) else ()
        return Signature(
            network,
            _tensors(block.args, function.arg_attrs, "input"),
            _tensors(results, function.res_attrs, "output"),
        )

    def bind(
        self, given: Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike]
    ) -> list[Array]:
        """The inputs in order, from a list in order or by name.

        Raises `DiagnosticError` with all that is wrong with them.
        """
        if isinstance(given, Mapping):
            self._check_names(list(given))
            given = [given[tensor.name] for tensor in self.inputs]
        self._check_count(len(given))
        arrays: list[Array] = []
        faults: list[str] = []
        for tensor, array in zip(self.inputs, given, strict=True):
            try:
                arrays.append(tensor.check(array))
            except ValueError as error:
                faults.append(str(error))
        if faults:
            raise self.error("; ".join(faults))
        return arrays

    def check_types(self, types: Sequence[tuple[tuple[int, ...], Any]]) -> None:
        """Raises `DiagnosticError` for another number of inputs than there are, and
        `ValueError` for one that cannot have its shape and dtype."""
        self._check_count(len(types))
        for tensor, type in zip(self.inputs, types, strict=True):
            tensor.check_type(*type)

    def _check_count(self, given: int) -> None:
        if given != len(self.inputs):
            raise self.error(
                f"takes {len(self.inputs)} inputs ({self._listed}), found {given}"
            )

    def error(self, message: str) -> DiagnosticError:
        return DiagnosticError.at(SourceLocation(self.network), message)

    def _check_names(self, given: list[str]) -> None:
        wanted = [tensor.name for tensor in self.inputs]
        missing = [f"'{name}'" for name in wanted if name not in given]
        unknown = [f"'{name}'" for name in given if name not in wanted]
        if missing or unknown:
            faults = [f"there is no input {', '.join(unknown)}"] if unknown else []
            faults += [f"input {', '.join(missing)} is missing"] if missing else []
            raise self.error(f"{'; '.join(faults)}; the inputs are {self._listed}")

    @property
    def _listed(self) -> str:
        return ", ".join(map(str, self.inputs)) or "none"


def _tensors(
    values: Sequence[SSAValue],
    attributes: ArrayAttr[DictionaryAttr] | None,
    prefix: str,
) -> tuple[TensorInfo, ...]:
    taken: set[str] = set()
    return tuple(
        TensorInfo(
            unique(_name(value, attributes, at) or f"{prefix}{at}", taken),
            tuple(None if dim == UNKNOWN else dim for dim in shape_of(value)),
            dtype_of(element_type_of(value)),
        )
        for at, value in enumerate(values)
    )


def _name(
    value: SSAValue, attributes: ArrayAttr[DictionaryAttr] | None, at: int
) -> str | None:
    name = None if attributes is None else attributes.data[at].data.get(TENSOR_NAME)
    return name.data if isinstance(name, StringAttr) else value.name_hint
