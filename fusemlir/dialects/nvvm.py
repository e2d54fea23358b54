"""The nvvm dialect: what a GPU thread asks of its machine, under upstream's names."""

from __future__ import annotations

from abc import ABC
from enum import auto
from typing import ClassVar

from xdsl.dialects.builtin import I32, Float32Type, IntegerType, i32
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Dialect, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum


class SpecialRegisterOp(IRDLOperation, ABC):
    """Reads a special register; its name without `nvvm.` is the LLVM intrinsic's."""

    res = result_def(I32)

    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($res)"

    def __init__(self):
        super().__init__(result_types=[i32])


@irdl_op_definition
class ThreadIdXOp(SpecialRegisterOp):
    """The thread index within its block, along x."""

    name = "nvvm.read.ptx.sreg.tid.x"


@irdl_op_definition
class ThreadIdYOp(SpecialRegisterOp):
    """The thread index within its block, along y."""

    name = "nvvm.read.ptx.sreg.tid.y"


@irdl_op_definition
class ThreadIdZOp(SpecialRegisterOp):
    """The thread index within its block, along z."""

    name = "nvvm.read.ptx.sreg.tid.z"


@irdl_op_definition
class BlockDimXOp(SpecialRegisterOp):
    """The number of threads of a block, along x."""

    name = "nvvm.read.ptx.sreg.ntid.x"


@irdl_op_definition
class BlockDimYOp(SpecialRegisterOp):
    """The number of threads of a block, along y."""

    name = "nvvm.read.ptx.sreg.ntid.y"


@irdl_op_definition
class BlockDimZOp(SpecialRegisterOp):
    """The number of threads of a block, along z."""

    name = "nvvm.read.ptx.sreg.ntid.z"


@irdl_op_definition
class BlockIdXOp(SpecialRegisterOp):
    """The block index within the grid, along x."""

    name = "nvvm.read.ptx.sreg.ctaid.x"


@irdl_op_definition
class BlockIdYOp(SpecialRegisterOp):
    """The block index within the grid, along y."""

    name = "nvvm.read.ptx.sreg.ctaid.y"


@irdl_op_definition
class BlockIdZOp(SpecialRegisterOp):
    """The block index within the grid, along z."""

    name = "nvvm.read.ptx.sreg.ctaid.z"


@irdl_op_definition
class GridDimXOp(SpecialRegisterOp):
    """The number of blocks of the grid, along x."""

    name = "nvvm.read.ptx.sreg.nctaid.x"


@irdl_op_definition
class GridDimYOp(SpecialRegisterOp):
    """The number of blocks of the grid, along y."""

    name = "nvvm.read.ptx.sreg.nctaid.y"


@irdl_op_definition
class GridDimZOp(SpecialRegisterOp):
    """The number of blocks of the grid, along z."""

    name = "nvvm.read.ptx.sreg.nctaid.z"


@irdl_op_definition
class LaneIdOp(SpecialRegisterOp):
    """The thread index within its warp."""

    name = "nvvm.read.ptx.sreg.laneid"


@irdl_op_definition
class WarpSizeOp(SpecialRegisterOp):
    """The number of threads of a warp, 32."""

    name = "nvvm.read.ptx.sreg.warpsize"


@irdl_op_definition
class BarrierOp(IRDLOperation):
    """Waits for all threads of the block, or for `numberOfThreads` at one barrier.

    `barrierId` is 0 when it is not given.
    """

    name = "nvvm.barrier"

    barrierId = opt_operand_def(I32)
    numberOfThreads = opt_operand_def(I32)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "(`id` `=` $barrierId^)? (`number_of_threads` `=` $numberOfThreads^)? attr-dict"
    )

    def __init__(
        self,
        barrier_id: SSAValue | None = None,
        number_of_threads: SSAValue | None = None,
    ):
        super().__init__(operands=[barrier_id, number_of_threads])

    def verify_(self) -> None:
        if self.numberOfThreads is not None and self.barrierId is None:
            raise VerifyException("number_of_threads needs the id of a barrier")


class ShflKind(StrEnum):
    """From which lane of the warp a value comes."""

    bfly = auto()
    up = auto()
    down = auto()
    idx = auto()


@irdl_attr_definition
class ShflKindAttr(EnumAttribute[ShflKind], SpacedOpaqueSyntaxAttribute):
    name = "nvvm.shfl_kind"


@irdl_op_definition
class ShflOp(IRDLOperation):
    """Exchanges a 32-bit value between the lanes of a warp.

    `offset` is the lane, distance or xor mask by `kind`; `thread_mask` has a bit for
    every lane that takes part; `mask_and_clamp` is PTX's `c` operand, 31 for a whole
    warp (0 for `up`).
    """

    name = "nvvm.shfl.sync"

    T: ClassVar = VarConstraint("T", base(Float32Type) | base(IntegerType))

    kind = prop_def(ShflKindAttr)
    thread_mask = operand_def(I32)
    val = operand_def(T)
    offset = operand_def(I32)
    mask_and_clamp = operand_def(I32)
    res = result_def(T)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$kind $thread_mask `,` $val `,` $offset `,` $mask_and_clamp"
        " attr-dict `:` type($val) `->` type($res)"
    )

    def __init__(
        self,
        kind: ShflKind,
        thread_mask: SSAValue,
        val: SSAValue,
        offset: SSAValue,
        mask_and_clamp: SSAValue,
    ):
        super().__init__(
            operands=[thread_mask, val, offset, mask_and_clamp],
            result_types=[val.type],
            properties={"kind": ShflKindAttr(kind)},
        )

    def verify_(self) -> None:
        if self.val.type not in (i32, Float32Type()):
            raise VerifyException(f"exchanges i32 or f32, not {self.val.type}")


NVVM = Dialect(
    "nvvm",
    [
        BarrierOp,
        BlockDimXOp,
        BlockDimYOp,
        BlockDimZOp,
        BlockIdXOp,
        BlockIdYOp,
        BlockIdZOp,
        GridDimXOp,
        GridDimYOp,
        GridDimZOp,
        LaneIdOp,
        ShflOp,
        ThreadIdXOp,
        ThreadIdYOp,
        ThreadIdZOp,
        WarpSizeOp,
    ],
    [ShflKindAttr],
)
