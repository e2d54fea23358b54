"""The memref dialect: xDSL's, and what it lacks of upstream's, by upstream's names."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import memref
from xdsl.dialects.builtin import BoolAttr, IndexType, IntegerAttr, MemRefType, i32
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

MOST_LOCAL = 3
"""Of a hint: keep what is fetched in all caches."""


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """What will be read or written soon may be brought into a cache."""

    name = "memref.prefetch"

    memref = operand_def(MemRefType)
    indices = var_operand_def(IndexType())
    is_write = prop_def(BoolAttr, prop_name="isWrite")
    locality_hint = prop_def(IntegerAttr, prop_name="localityHint")
    is_data_cache = prop_def(BoolAttr, prop_name="isDataCache")

    def __init__(
        self,
        memref: SSAValue,
        indices: Sequence[SSAValue],
        *,
        is_write: bool = False,
        locality: int = MOST_LOCAL,
    ):
        super().__init__(
            operands=[memref, indices],
            properties={
                "isWrite": BoolAttr.from_bool(is_write),
                "localityHint": IntegerAttr(locality, i32),
                "isDataCache": BoolAttr.from_bool(True),
            },
        )

    def verify_(self) -> None:
        type = self.memref.type
        assert isa(type, MemRefType)
        rank = type.get_num_dims()
        if rank != len(self.indices):
            raise VerifyException(
                f"{type} has {rank} dimensions, found {len(self.indices)} indices"
            )
        if not 0 <= self.locality_hint.value.data <= MOST_LOCAL:
            raise VerifyException(
                f"localityHint must be within 0 and {MOST_LOCAL}, found "
                f"{self.locality_hint.value.data}"
            )


MEMREF = Dialect(
    "memref", [*memref.MemRef.operations, PrefetchOp], [*memref.MemRef.attributes]
)
