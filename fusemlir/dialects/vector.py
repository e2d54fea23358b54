"""The vector dialect: xDSL's, and what it lacks of upstream's, by upstream's names."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType
from xdsl.ir import Attribute, Dialect, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa


@irdl_op_definition
class FromElementsOp(IRDLOperation):
    """A vector of scalars, in row-major order."""

    name = "vector.from_elements"

    T: ClassVar = VarConstraint("T", AnyAttr())

    elements = var_operand_def(T)
    dest = result_def(VectorType.constr(T))

    traits = traits_def(Pure())
    assembly_format = "$elements attr-dict `:` type($dest)"

    def __init__(self, elements: Sequence[SSAValue], type: VectorType):
        super().__init__(operands=[elements], result_types=[type])

    def verify_(self) -> None:
        _check(self.dest.type, self.elements.types)


@irdl_op_definition
class ToElementsOp(IRDLOperation):
    """The elements of a vector as scalars, in row-major order."""

    name = "vector.to_elements"

    source = operand_def(VectorType)
    elements = var_result_def(Attribute)

    traits = traits_def(Pure())

    def __init__(self, source: SSAValue):
        type = source.type
        assert isa(type, VectorType)
        count = _count(type)
        super().__init__(operands=[source], result_types=[[type.element_type] * count])

    def verify_(self) -> None:
        _check(self.source.type, self.elements.types)


def _count(type: VectorType) -> int:
    return prod(type.get_shape())


def _check(type: Attribute, elements: Sequence[Attribute]) -> None:
    assert isa(type, VectorType)
    if tuple(elements) != (type.element_type,) * _count(type):
        found = ", ".join(map(str, elements))
        raise VerifyException(f"{type} has not the elements ({found})")


VECTOR = Dialect(
    "vector",
    [*vector.Vector.operations, FromElementsOp, ToElementsOp],
    [*vector.Vector.attributes],
)
