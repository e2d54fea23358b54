"""Lowerings of operations that differ from their llvm twin only by name and flags."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.arith import FastMathFlagsAttr
from xdsl.dialects.llvm import FastMathAttr
from xdsl.ir import Attribute, Operation, SSAValue

from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering

NO_FAST_MATH = FastMathAttr("none")


def fast_math(op: Operation) -> FastMathAttr:
    """The fast-math flags of an arith or math operation, in the llvm dialect's form."""
    match op.properties.get("fastmath", op.attributes.get("fastmath")):
        case FastMathFlagsAttr(data=flags) if flags:
            return FastMathAttr(flags)
        case _:
            return NO_FAST_MATH


def to_twin(twin: type[Operation]) -> Lowering:
    """The lowering to `twin`, an operation that has no properties."""

    def lower(conversion: Conversion, op: Operation) -> Sequence[SSAValue]:
        return insert_twin(conversion, op, twin, {})

    return lower


def to_float_twin(twin: type[Operation]) -> Lowering:
    """The lowering to `twin`, an operation that has fast-math flags."""

    def lower(conversion: Conversion, op: Operation) -> Sequence[SSAValue]:
        properties: dict[str, Attribute] = {"fastmathFlags": fast_math(op)}
        return insert_twin(conversion, op, twin, properties)

    return lower


def insert_twin(
    conversion: Conversion,
    op: Operation,
    twin: type[Operation],
    properties: dict[str, Attribute],
) -> Sequence[SSAValue]:
    """A `twin` on the converted operands of `op`; its results."""
    new = twin.create(
        operands=conversion.operands(op),
        result_types=[conversion.type(ty) for ty in op.result_types],
        properties=properties,
    )
    return conversion.insert(new).results
