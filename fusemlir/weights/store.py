"""The arrays behind a network's constants, made when they are wanted."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from typing_extensions import TypeIs
from xdsl.dialects.builtin import ModuleOp

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt.base import Tensor, show_shape
from fusemlir.dialects.trt.module_attributes import WEIGHTS, WeightSourceAttr
from fusemlir.dialects.trt.weight import ConstantValue, Dense, WeightAttr
from fusemlir.weights.element_types import Array, dtype_of
from fusemlir.weights.onnx_file import OnnxFile
from fusemlir.weights.recipes import evaluate
from fusemlir.weights.seeded import SeededSource

CACHE_BYTES = 512 << 20
"""How much of derived arrays is kept; larger ones are evaluated anew each time."""

_SMALL_BYTES = 64 << 10
"""What many larger arrays may be derived from, such as the factors of channels."""

_HASHED_ELEMENTS = 1 << 20


class WeightSource(Protocol):
    """Where named weights come from."""

    def array(self, name: str, type: Tensor) -> Array:
        """The array `name`, of the shape and element type of `type`."""
        ...

    def release(self) -> None:
        """Let go of memory that can be had again: arrays were read for the present."""
        ...


class Weights:
    """Arrays of weight attributes and dense constants.

    Arrays are read-only; those of the source are views of the file and may be
    unaligned. Without a source, names get seeded data.
    """

    def __init__(
        self, source: WeightSource | None = None, *, cache_bytes: int = CACHE_BYTES
    ):
        self._source = SeededSource() if source is None else source
        self._is_cheap = source is not None
        self._cache: OrderedDict[WeightAttr, Array] = OrderedDict()
        self._magnitudes: dict[ConstantValue, float] = {}
        self._cache_bytes = cache_bytes
        self._held_bytes = 0

    @staticmethod
    def of_module(module: ModuleOp, directory: Path | None = None) -> Weights:
        """The weights of a module, from the file that its `trt.weights` names.

        The path is looked up from `directory`, by default that of the file the module
        was read from, then from the current one. Raises `DiagnosticError` where the
        file is missing or has changed since the module was made (the hash is of the
        file itself, not of external data files it names).
        """
        source = module.attributes.get(WEIGHTS)
        if source is None:
            return Weights()
        place = SourceLocation.of(module.location)
        if not isinstance(source, WeightSourceAttr):
            raise DiagnosticError.at(
                place, f"{WEIGHTS} must be a #trt.weight_source, found {source}"
            )
        name, wanted = source.path.data, source.sha256.data
        if directory is None and place.file:
            directory = Path(place.file).parent
        file = OnnxFile.at(_find(name, directory, place))
        if file.sha256 != wanted:
            raise DiagnosticError.at(
                place,
                f"{file.path} is not the file that this network was made from: its "
                f"SHA-256 is {file.sha256}, wanted {wanted}; import the model again",
            )
        return Weights(file)

    def array(self, value: ConstantValue) -> Array:
        """The array of a constant, read-only, in its own shape and element type."""
        return self._array(value, self._cache_bytes)

    def elements(self, value: ConstantValue) -> Array:
        """The elements of a constant in row-major order, in whatever shape they are at
        hand; for who looks at them once: only what is small is kept."""
        while _is_reshaped(value):
            (value,) = value.weights
        return self._array(value, _SMALL_BYTES)

    @staticmethod
    def size(value: ConstantValue) -> int:
        """Of the array of a constant, in bytes."""
        shape, dtype = value.type.get_shape(), dtype_of(value.type.element_type)
        return math.prod(shape) * dtype.itemsize

    def _array(self, value: ConstantValue, kept: int) -> Array:
        """Of arrays that are derived those of `kept` bytes or less are not evaluated
        again."""
        if not isinstance(value, WeightAttr):
            return dense_array(value)
        if value in self._cache:
            self._cache.move_to_end(value)
            return self._cache[value]
        array = self._make(value, kept)
        array.flags.writeable = False
        cheap = self._is_cheap if value.is_named else value.recipe.data == "fill"
        if not cheap and array.nbytes <= kept:
            self._keep(value, array)
        return array

    def magnitude(self, value: ConstantValue) -> float:
        """The largest absolute value of a constant's elements, NaN if one is; 0 if it
        has none. Reads a mapped array without keeping it in memory."""
        if value not in self._magnitudes:
            array = self.array(value)
            with np.errstate(invalid="ignore"):
                extremes = np.stack([array.max(initial=0), array.min(initial=0)])
            self._magnitudes[value] = float(np.abs(extremes.astype(np.float64)).max())
            self._source.release()
        return self._magnitudes[value]

    def digest(self, value: ConstantValue) -> str:
        """A hash of type, shape and data: equal for equal arrays, however made."""
        hasher = hashlib.sha256(str(value.type).encode())
        for chunk in _chunks(self.array(value)):
            hasher.update(chunk)
        return hasher.hexdigest()

    def _make(self, weight: WeightAttr, kept: int) -> Array:
        if not weight.is_named:
            parts = [self._array(part, kept) for part in weight.weights]
            return evaluate(weight, parts)
        array = self._source.array(weight.weight_name, weight.type)
        _check(weight, array)
        return array.view()

    def _keep(self, weight: WeightAttr, array: Array) -> None:
        self._cache[weight] = array
        self._held_bytes += array.nbytes
        while self._held_bytes > self._cache_bytes:
            _, oldest = self._cache.popitem(last=False)
            self._held_bytes -= oldest.nbytes


def _is_reshaped(value: ConstantValue) -> TypeIs[WeightAttr]:
    """Whether it has the elements of another constant as they are, in that order."""
    if not isinstance(value, WeightAttr) or value.recipe.data != "reshape":
        return False
    (source,) = value.weights
    return source.type.element_type == value.type.element_type


def dense_array(value: Dense) -> Array:
    """The array of a dense constant, read-only."""
    shape, dtype = value.get_shape(), dtype_of(value.get_element_type())
    if dtype == np.bool_:
        # Of an array of no dimensions a comparison makes a number.
        flags = np.asarray(np.frombuffer(value.data.data, np.uint8).reshape(shape) != 0)
        flags.flags.writeable = False
        return flags
    return np.frombuffer(value.data.data, dtype).reshape(shape)


def _check(weight: WeightAttr, array: Array) -> None:
    shape, dtype = weight.type.get_shape(), dtype_of(weight.type.element_type)
    if (array.shape, array.dtype) != (shape, dtype):
        raise DiagnosticError.at(
            SourceLocation(),
            f"weight '{weight.weight_name}' is {show_shape(shape)} of {dtype} in the "
            f"network, {show_shape(array.shape)} of {array.dtype} in its source",
        )


def _find(name: str, directory: Path | None, place: SourceLocation) -> Path:
    folders = [Path.cwd()] if directory is None else [directory, Path.cwd()]
    tried = [folder / name for folder in folders]
    for path in tried:
        if path.is_file():
            return path
    places = " nor ".join(dict.fromkeys(str(path) for path in tried))
    raise DiagnosticError.at(
        place,
        f"the file of the weights, '{name}', is not at {places}; run where it is, or "
        "say fuse-run --weights=FILE",
    )


def _chunks(array: Array) -> Iterator[bytes]:
    """The elements' bytes in row-major order, without a copy of the whole."""
    for start in range(0, array.size, _HASHED_ELEMENTS):
        yield array.flat[start : start + _HASHED_ELEMENTS].tobytes()
