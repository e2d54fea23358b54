"""The nvvm dialect: what a GPU thread asks of its machine, under upstream's names."""

from __future__ import annotations

from abc import ABC
from enum import auto
from typing import ClassVar

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    I32,
    Float32Type,
    IntegerType,
    UnitAttr,
    VectorType,
    i1,
    i8,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Dialect, SpacedOpaqueSyntaxAttribute, SSAValue
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
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
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
    warp (0 for `up`). With `return_value_and_is_valid` the result is a struct of the
    value and whether the lane read from is one of the segment.
    """

    name = "nvvm.shfl.sync"

    T: ClassVar = VarConstraint("T", base(Float32Type) | base(IntegerType))

    kind = prop_def(ShflKindAttr)
    return_value_and_is_valid = opt_prop_def(UnitAttr)
    thread_mask = operand_def(I32)
    val = operand_def(T)
    offset = operand_def(I32)
    mask_and_clamp = operand_def(I32)
    res = result_def(Attribute)

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
        *,
        is_valid: bool = False,
    ):
        super().__init__(
            operands=[thread_mask, val, offset, mask_and_clamp],
            result_types=[_with_validity(val.type) if is_valid else val.type],
            properties={
                "kind": ShflKindAttr(kind),
                "return_value_and_is_valid": UnitAttr() if is_valid else None,
            },
        )

    def verify_(self) -> None:
        if self.val.type not in (i32, Float32Type()):
            raise VerifyException(f"exchanges i32 or f32, not {self.val.type}")
        with_validity = self.return_value_and_is_valid is not None
        wanted = _with_validity(self.val.type) if with_validity else self.val.type
        if self.res.type != wanted:
            raise VerifyException(f"wanted a result of {wanted}, found {self.res.type}")


def _with_validity(type: Attribute) -> llvm.LLVMStructType:
    return llvm.LLVMStructType.from_type_list([type, i1])


class DotAccumulateType(StrEnum):
    """How the bytes of a dot product are read."""

    signed = auto()
    unsigned = auto()


@irdl_attr_definition
class DotAccumulateTypeAttr(EnumAttribute[DotAccumulateType]):
    name = "nvvm.dot_accumulate_type"

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> DotAccumulateType:
        with parser.in_angle_brackets():
            return parser.parse_str_enum(DotAccumulateType)


@irdl_op_definition
class DotAccumulate4WayOp(IRDLOperation):
    """c plus the sum of four products of bytes, which PTX calls dp4a.

    Both of `a` and `b` are signed, or both unsigned.
    """

    name = "nvvm.dot.accumulate.4way"

    a = operand_def(VectorType)
    a_type = prop_def(DotAccumulateTypeAttr)
    b = operand_def(VectorType)
    b_type = prop_def(DotAccumulateTypeAttr)
    c = operand_def(I32)
    res = result_def(I32)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$a $a_type `,` $b $b_type `,` $c attr-dict `:` type($a) `,` type($b)"
    )

    def __init__(
        self,
        a: SSAValue,
        b: SSAValue,
        c: SSAValue,
        kind: DotAccumulateType = DotAccumulateType.signed,
    ):
        of_bytes = DotAccumulateTypeAttr(kind)
        super().__init__(
            operands=[a, b, c],
            result_types=[i32],
            properties={"a_type": of_bytes, "b_type": of_bytes},
        )

    def verify_(self) -> None:
        wanted = VectorType(i8, [4])
        for operand in (self.a, self.b):
            if operand.type != wanted:
                raise VerifyException(f"wanted {wanted}, found {operand.type}")
        if self.a_type != self.b_type:
            raise VerifyException("one operand is signed, the other unsigned")


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
        DotAccumulate4WayOp,
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
    [DotAccumulateTypeAttr, ShflKindAttr],
)
