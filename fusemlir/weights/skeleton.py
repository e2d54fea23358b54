"""A model without its large arrays, made from the file's bytes without reading those.

A large `raw_data` (or packed `float_data`, whose bytes are the same) is replaced by
ONNX's own reference to external data, with the model's file as the place: what is left
is a small, valid model whose tensors say where their bytes are. Field numbers are those
of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusemlir.weights.protobuf import (
    Bytes,
    Field,
    WireError,
    WireType,
    fields,
    length_field,
    varint_field,
)

INLINE_BYTES = 1024
"""Tensor data of up to this many bytes stay in the skeleton."""

OWN_FILE = ""
"""The location of data that are in the model's file itself."""

_RAW_DATA, _FLOAT_DATA, _DATA_LOCATION, _EXTERNAL_DATA = 9, 4, 14, 13
_KEY, _VALUE = 1, 2
_EXTERNAL = 1


@dataclass(frozen=True)
class _Message:
    """Fields of a message type that may hold tensors, by number."""

    inner: Mapping[int, _Message] = field(default_factory=dict[int, "_Message"])


_TENSOR = _Message()
_ATTRIBUTE = _Message({5: _TENSOR, 10: _TENSOR})
_NODE = _Message({5: _ATTRIBUTE})
_GRAPH = _Message({1: _NODE, 5: _TENSOR})
_MODEL = _Message({7: _GRAPH})


def skeleton(buffer: Bytes) -> bytes:
    """The serialised model without its large arrays.

    Raises `WireError` where the bytes are no ONNX model.
    """
    if not any(part.number == 7 for part in fields(buffer, 0, len(buffer))):
        raise WireError("there is no graph in it")
    return _strip(buffer, 0, len(buffer), _MODEL)


def _strip(buffer: Bytes, start: int, end: int, message: _Message) -> bytes:
    if message is _TENSOR:
        return _strip_tensor(buffer, start, end)
    parts: list[bytes] = []
    for part in fields(buffer, start, end):
        inner = message.inner.get(part.number)
        if inner is None or not _is_large(part):
            parts.append(buffer[part.tag_start : part.end])
        else:
            stripped = _strip(buffer, part.start, part.end, inner)
            parts.append(length_field(part.number, stripped))
    return b"".join(parts)


def _strip_tensor(buffer: Bytes, start: int, end: int) -> bytes:
    parts = list(fields(buffer, start, end))
    data = [part for part in parts if part.number in (_RAW_DATA, _FLOAT_DATA)]
    # Data in several pieces are not one range of the file: they stay.
    large = data[0] if len(data) == 1 and _is_large(data[0]) else None
    return b"".join(
        _reference(part) if part is large else buffer[part.tag_start : part.end]
        for part in parts
    )


def _is_large(part: Field) -> bool:
    return part.wire_type == WireType.LENGTH and part.end - part.start > INLINE_BYTES


def _reference(part: Field) -> bytes:
    """The fields of a tensor that say its data are at those of `part`."""
    entries = {
        "location": OWN_FILE,
        "offset": str(part.start),
        "length": str(part.end - part.start),
    }
    encoded = [
        length_field(
            _EXTERNAL_DATA,
            length_field(_KEY, key.encode()) + length_field(_VALUE, value.encode()),
        )
        for key, value in entries.items()
    ]
    return b"".join(encoded) + varint_field(_DATA_LOCATION, _EXTERNAL)
