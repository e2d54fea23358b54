"""Arrays that go into a run and come out of it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt.base import show_shape
from fusemlir.reference.random_array import random_array
from fusemlir.runtime.signature import TensorInfo
from fusemlir.tools.atomic_file import write_atomically
from fusemlir.weights import Array
from fusemlir.weights.element_types import widen

_SHOWN = 6
"""Elements of an output that are printed."""

_NOT_AN_ARCHIVE = (ValueError, EOFError, zipfile.BadZipFile, zlib.error)


def random_inputs(inputs: Sequence[TensorInfo], seed: int) -> dict[str, Array]:
    """Standard normal floats, small integers, by name; the same for a seed.

    Raises `DiagnosticError` for an input whose shape is not known.
    """
    rng = np.random.default_rng(seed)
    return {tensor.name: _random(tensor, rng) for tensor in inputs}


def _random(tensor: TensorInfo, rng: np.random.Generator) -> Array:
    shape = [dim for dim in tensor.shape if dim is not None]
    if len(shape) != len(tensor.shape):
        raise DiagnosticError.at(
            SourceLocation("fuse-run"),
            f"input '{tensor}' has unknown dimensions; fix them with "
            f"--shape {tensor.name}=<dims> or give --inputs",
        )
    return random_array(shape, tensor.dtype, rng)


def read_arrays(path: str) -> dict[str, Array]:
    """The arrays of an .npz file by name.

    Raises `OSError` where it cannot be opened, `DiagnosticError` where it is damaged
    or is something else.
    """
    with open(path, "rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):
                return {name: archive[name] for name in archive.files}
        except _NOT_AN_ARCHIVE as error:
            raise _damaged(path, "is no .npz file of arrays, or damaged") from error
    raise _damaged(path, "holds one array without a name; save it with numpy.savez")


def _damaged(path: str, message: str) -> DiagnosticError:
    return DiagnosticError.at(SourceLocation(path), message)


def write_arrays(path: str, arrays: Mapping[str, Array]) -> None:
    """Write an .npz file, whole or not at all; raises `OSError`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            # Not numpy.savez: it has a parameter that an array might be named like.
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    write_atomically(path, buffer.getvalue())


def describe_array(name: str, array: Array) -> Iterator[str]:
    """Its name and type, its first elements, its range and mean."""
    yield f"{name} {show_shape(array.shape)} {array.dtype}"
    if not array.size:
        return
    first = [f"{value:.6g}" for value in widen(array).flat[:_SHOWN]]
    more = [] if array.size <= _SHOWN else ["…"]
    yield " ".join([*first, *more])
    numbers = widen(array).astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if finite.size:
        low, high, mean = finite.min(), finite.max(), finite.mean()
        yield f"min {low:.6g}, max {high:.6g}, mean {mean:.6g}"
    if finite.size < array.size:
        yield f"{array.size - finite.size} elements are infinite or NaN"
