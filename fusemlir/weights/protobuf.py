"""The protobuf wire format, read without decoding what is not asked for.

Encoding after https://protobuf.dev/programming-guides/encoding: a message is a run of
fields, each a tag (number << 3 | wire type) and a payload.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from fusemlir.weights.file_bytes import FileBytes

Bytes: TypeAlias = bytes | FileBytes

_VARINT_BITS = 64
_MAX_FIELD = (1 << 29) - 1


class WireType(IntEnum):
    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


class WireError(ValueError):
    """The bytes are not a protobuf message."""


@dataclass(frozen=True)
class Field:
    """One field of a message: where it stands in the buffer."""

    number: int
    wire_type: WireType
    tag_start: int
    start: int
    """First byte of the payload, after the length where there is one."""
    end: int


def fields(buffer: Bytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in `buffer[start:end]`; payloads are not touched.

    Raises `WireError` where the bytes are no message or end too early.
    """
    at = start
    while at < end:
        tag_start = at
        tag, at = read_varint(buffer, at, end)
        number = tag >> 3
        if not 0 < number <= _MAX_FIELD:
            raise WireError(f"field number {number} at byte {tag_start}")
        match tag & 7:
            case WireType.VARINT:
                payload = at
                _, at = read_varint(buffer, at, end)
            case WireType.FIXED64:
                payload, at = at, at + 8
            case WireType.FIXED32:
                payload, at = at, at + 4
            case WireType.LENGTH:
                length, payload = read_varint(buffer, at, end)
                at = payload + length
            case other:
                raise WireError(f"wire type {other} at byte {tag_start}")
        if at > end:
            raise WireError(
                f"field {number} at byte {tag_start} ends at byte {at}, after the "
                f"end of its message at byte {end}"
            )
        yield Field(number, WireType(tag & 7), tag_start, payload, at)


def read_varint(buffer: Bytes, at: int, end: int) -> tuple[int, int]:
    """The number at `at` and the position after it."""
    value = 0
    for shift in range(0, _VARINT_BITS + 6, 7):
        if at >= end:
            raise WireError(f"the message ends within a number at byte {at}")
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise WireError(f"a number of more than {_VARINT_BITS} bits at byte {at}")


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def length_field(number: int, payload: bytes) -> bytes:
    """A field of bytes, text or a message, encoded."""
    tag = varint(number << 3 | WireType.LENGTH)
    return tag + varint(len(payload)) + payload


def varint_field(number: int, value: int) -> bytes:
    return varint(number << 3 | WireType.VARINT) + varint(value)
