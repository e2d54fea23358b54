"""An ONNX file whose arrays are mapped, not loaded."""

from __future__ import annotations

import hashlib
import math
import mmap
from contextlib import closing
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt.base import Tensor, show_shape
from fusemlir.weights.element_types import Array, dtype_of, element_of
from fusemlir.weights.file_bytes import FileBytes
from fusemlir.weights.protobuf import WireError
from fusemlir.weights.skeleton import OWN_FILE, skeleton

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

_State: TypeAlias = tuple[int, int]

_READ_BYTES = 1 << 20
_EXTERNAL = 1
_GIT_LFS = b"version https://git-lfs"


class OnnxFile:
    """The model in `path`: its structure, and its arrays as views of mapped files.

    All that is wrong with the files is a `DiagnosticError` that says which and what.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._files: dict[str, mmap.mmap] = {}
        self._states: dict[Path, _State | None] = {}
        """Of the files that are mapped, when they were."""

    @property
    def _is_outdated(self) -> bool:
        return any(_state(path) != state for path, state in self._states.items())

    @staticmethod
    def at(path: str | Path) -> OnnxFile:
        """The same one however often it is asked for, until a file changes."""
        path = Path(path)
        state = _state(path)
        if state is None:
            # What is wrong is said by who reads it.
            return OnnxFile(path)
        if _opened(path, state)._is_outdated:
            _opened.cache_clear()
        return _opened(path, state)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        hasher = hashlib.sha256()
        try:
            # Not over the mapping: that would make the whole file resident.
            with self.path.open("rb", buffering=0) as file:
                while chunk := file.read(_READ_BYTES):
                    hasher.update(chunk)
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror}")
        return hasher.hexdigest()

    @cached_property
    def model(self) -> ModelProto:
        """The model; large tensors in it refer to external data, `OWN_FILE` or another.

        Use `array` or `tensor_array` for their data, not `onnx.numpy_helper`.
        """
        from google.protobuf.message import DecodeError
        from onnx import ModelProto

        try:
            return ModelProto.FromString(self._skeleton())
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror}")
        except (WireError, DecodeError) as error:
            self._fail(f"is no ONNX model, or damaged: {error}")

    @cached_property
    def tensors(self) -> dict[str, TensorProto]:
        """Initializers and the tensors of Constant nodes, by tensor name."""
        tensors = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for node in self.model.graph.node:
            if node.op_type != "Constant" or not node.output:
                continue
            for attribute in node.attribute:
                if attribute.name == "value":
                    tensors[node.output[0]] = attribute.t
        return tensors

    def array(self, name: str, type: Tensor) -> Array:
        """The array `name`, read-only; its shape and type must be those of `type`."""
        if name not in self.tensors:
            self._fail(f"has no weight '{name}'")
        array = self.tensor_array(self.tensors[name])
        wanted = type.get_shape(), dtype_of(type.element_type)
        if (array.shape, array.dtype) != wanted:
            self._fail(
                f"weight '{name}' is {show_shape(array.shape)} of {array.dtype}, the "
                f"network wants {show_shape(wanted[0])} of {wanted[1]}"
            )
        return array

    def release(self) -> None:
        """Drop the pages that were read of mapped files; views of them stay valid."""
        for file in self._files.values():
            if hasattr(mmap, "MADV_DONTNEED"):
                file.madvise(mmap.MADV_DONTNEED)

    def tensor_array(self, tensor: TensorProto) -> Array:
        """The data of a tensor of this model, read-only; a view where they are mapped.

        A view may be unaligned: the format does not align its arrays.
        """
        from onnx import numpy_helper

        if tensor.data_location == _EXTERNAL:
            return self._external(tensor)
        try:
            array = np.asarray(numpy_helper.to_array(tensor))
        except (KeyError, TypeError, ValueError) as error:
            self._fail(f"tensor '{tensor.name}' cannot be read: {error}")
        array.flags.writeable = False
        return array

    def _skeleton(self) -> bytes:
        with closing(FileBytes(self.path)) as content:
            if not len(content):
                self._fail("is empty")
            if content[: len(_GIT_LFS)] == _GIT_LFS:
                self._fail("is a Git LFS pointer, not the model; run 'git lfs pull'")
            return skeleton(content)

    def _external(self, tensor: TensorProto) -> Array:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", OWN_FILE)
        buffer = self._mapped(location)
        shape, dtype = tuple(tensor.dims), self._dtype(tensor)
        count = math.prod(shape)
        offset = self._number(tensor, entries, "offset", 0)
        length = self._number(tensor, entries, "length", count * dtype.itemsize)
        if min(shape, default=0) < 0 or length != count * dtype.itemsize:
            self._fail(
                f"tensor '{tensor.name}' of {show_shape(shape)} {dtype} needs "
                f"{count * dtype.itemsize} bytes, its data have {length}"
            )
        if offset + length > len(buffer):
            self._fail(
                f"tensor '{tensor.name}' ends at byte {offset + length} of "
                f"'{location or self.path.name}', which has only {len(buffer)}"
            )
        if not count:
            return np.empty(shape, dtype)
        return np.frombuffer(buffer, dtype, count, offset).reshape(shape)

    def _dtype(self, tensor: TensorProto) -> np.dtype[Any]:
        """numpy's type, where an element is whole bytes that can be mapped."""
        from onnx import helper

        try:
            dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
        except KeyError:
            self._fail(f"tensor '{tensor.name}' has no type: {tensor.data_type}")
        if dtype.kind not in "fiub" and element_of(dtype) is None:
            self._fail(f"tensor '{tensor.name}' has elements of type {dtype}")
        return dtype

    def _number(
        self, tensor: TensorProto, entries: dict[str, str], key: str, default: int
    ) -> int:
        text = entries.get(key)
        if text is None:
            return default
        if not text.isdecimal():
            self._fail(f"tensor '{tensor.name}' has {key} '{text}', not a number")
        return int(text)

    def _mapped(self, location: str) -> mmap.mmap:
        """The bytes of the model's file or of a data file beside it."""
        if location not in self._files:
            self._files[location] = self._map(self._resolve(location))
        return self._files[location]

    def _resolve(self, location: str) -> Path:
        if location == OWN_FILE:
            return self.path
        folder = self.path.parent.resolve()
        path = (folder / location).resolve()
        if not path.is_relative_to(folder):
            self._fail(f"external data file '{location}' is outside the model's folder")
        return path

    def _map(self, path: Path) -> mmap.mmap:
        self._states[path] = _state(path)
        what = "" if path == self.path else f"external data file '{path}' "
        try:
            with path.open("rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            self._fail(f"{what}cannot be read: {error.strerror}")
        except ValueError:
            self._fail(f"{what}is empty")

    def _fail(self, message: str) -> NoReturn:
        raise DiagnosticError.at(SourceLocation(str(self.path)), message)


def _state(path: Path) -> _State | None:
    """When it was changed, and its size; None where it cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _opened(path: Path, _: _State) -> OnnxFile:
    return OnnxFile(path)
