"""How LLVM IR spells types, constants, flags and attributes of the llvm dialect."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from math import isnan

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    I32,
    BFloat16Type,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    IntegerType,
    UnitAttr,
    VectorType,
)
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.hints import isa


@cache
def type_text(ty: Attribute) -> str:
    """LLVM's spelling of a type; raises for one it does not have."""
    match ty:
        case IntegerType():
            return f"i{ty.width.data}"
        case Float16Type():
            return "half"
        case BFloat16Type():
            return "bfloat"
        case Float32Type():
            return "float"
        case Float64Type():
            return "double"
        case llvm.LLVMPointerType(addr_space=IntAttr(data=space)) if space:
            return f"ptr addrspace({space})"
        case llvm.LLVMPointerType():
            return "ptr"
        case llvm.LLVMVoidType():
            return "void"
        case llvm.LLVMStructType():
            return "{ " + ", ".join(map(type_text, ty.types)) + " }"
        case llvm.LLVMArrayType():
            return f"[{ty.size.data} x {type_text(ty.type)}]"
        case _:
            pass
    if isa(ty, VectorType) and ty.get_num_dims() == 1:
        return f"<{ty.get_shape()[0]} x {type_text(ty.element_type)}>"
    raise DiagnosticException(f"LLVM IR has no type for {ty}")


@cache
def mangled(ty: Attribute) -> str:
    """A type as it occurs in the name of an overloaded intrinsic: `f32`, `v4i32`."""
    if isa(ty, VectorType):
        return f"v{ty.get_shape()[0]}{mangled(ty.element_type)}"
    return str(ty)


def number_text(value: int | float, ty: Attribute) -> str:
    """A constant, rounded to its type; floats as bits.

    LLVM writes half and float in the bits of the double of the same value.
    """
    match ty:
        case Float16Type():
            value = struct.unpack("<e", struct.pack("<e", value))[0]
        case Float32Type():
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        case Float64Type():
            pass
        case BFloat16Type():
            bits = struct.unpack("<I", struct.pack("<f", value))[0]
            to_nearest_even = 0 if isnan(value) else 0x7FFF + (bits >> 16 & 1)
            return f"0xR{(bits + to_nearest_even) >> 16:04X}"
        case _:
            return str(int(value))
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def constant_text(value: Attribute, ty: Attribute) -> str:
    if isa(value, IntegerAttr) or isa(value, FloatAttr):
        return number_text(value.value.data, ty)
    if not isa(value, DenseIntOrFPElementsAttr):
        raise DiagnosticException(f"llvm.mlir.constant: cannot print {value}")
    element = value.get_element_type()
    text = type_text(element)
    numbers = (
        f"{text} {number_text(number, element)}"
        for number in value.get_values()
        if not isinstance(number, tuple)  # complex numbers, which have no type here
    )
    left, right = "<>" if isa(ty, VectorType) else "[]"
    return left + ", ".join(numbers) + right


def quoted(text: str) -> str:
    """An LLVM string literal; what is not printable is written in hexadecimal."""
    return (
        '"'
        + "".join(
            c if " " <= c <= "~" and c not in '"\\' else f"\\{ord(c):02X}" for c in text
        )
        + '"'
    )


def mnemonic_of(op: Operation) -> str:
    return op.name.removeprefix("llvm.intr.").removeprefix("llvm.")


def inlined_text(op: Operation) -> str:
    match op:
        case llvm.ConstantOp():
            return constant_text(op.value, op.result.type)
        case llvm.AddressOfOp():
            return f"@{op.global_name.root_reference.data}"
        case llvm.ZeroOp() if isinstance(op.res.type, llvm.LLVMPointerType):
            return "null"
        case llvm.ZeroOp():
            return "zeroinitializer"
        case _:
            return "undef"


def flags_text(op: Operation) -> str:
    """Fast-math or overflow flags, each followed by a space."""
    fast = op.properties.get("fastmathFlags")
    if isinstance(fast, llvm.FastMathAttr):
        return "".join(f"{flag} " for flag in sorted(map(str, fast.data)))
    match op.properties.get("overflowFlags"):
        case IntegerAttr(value=IntAttr(data=bits)):
            return ("nuw " if bits & 2 else "") + ("nsw " if bits & 1 else "")
        case llvm.OverflowAttr(data=flags):
            return "".join(f"{flag} " for flag in sorted(map(str, flags)))
        case _:
            return ""


def mask_text(mask: DenseArrayBase[I32]) -> str:
    """The lanes that a shuffle takes, as a constant vector."""
    lanes = mask.get_values()
    text = ", ".join(f"i32 {lane}" for lane in lanes)
    numbers = f"<{text}>" if any(lanes) else "zeroinitializer"
    return f"<{len(lanes)} x i32> {numbers}"


def alignment_text(alignment: IntegerAttr | None) -> str:
    return "" if alignment is None else f", align {alignment.value.data}"


NO_INLINE = "no_inline"
"""The attribute of a function that LLVM is not to inline, upstream's name."""


def function_attributes(func: llvm.FuncOp) -> Iterable[str]:
    """`noinline`, and `nvvm.maxntid` and its kin as LLVM's string attributes."""
    if NO_INLINE in func.attributes:
        yield "noinline"
    for name, value in sorted(func.attributes.items()):
        if not name.startswith("nvvm.") or name == "nvvm.kernel":
            continue
        if isa(value, DenseArrayBase[I32]):
            yield f'"{name}"="{",".join(map(str, value.iter_values()))}"'
        elif isa(value, IntegerAttr):
            yield f'"{name}"="{value.value.data}"'
        else:
            raise DiagnosticException(f"cannot print attribute {name} = {value}")


def argument_attributes(func: llvm.FuncOp, index: int) -> str:
    """`llvm.noalias`, `llvm.align` and their kin, each with a space before it."""
    if func.arg_attrs is None:
        return ""
    text = ""
    for name, value in sorted(func.arg_attrs.data[index].data.items()):
        if not name.startswith("llvm."):
            continue
        short = name.removeprefix("llvm.")
        if isinstance(value, UnitAttr):
            text += f" {short}"
        elif isa(value, IntegerAttr) and short == "align":
            text += f" align {value.value.data}"
        else:
            raise DiagnosticException(
                f"cannot print argument attribute {name} = {value}"
            )
    return text
