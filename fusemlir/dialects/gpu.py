"""The gpu dialect: xDSL's, and what it lacks of upstream's, under upstream's names."""

from __future__ import annotations

from enum import auto
from typing import ClassVar

from xdsl.dialects import gpu
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I1,
    I32,
    Float32Type,
    MemRefType,
    i1,
    i8,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Dialect, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import NoMemoryEffect
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum


class AddressSpace(StrEnum):
    """What memory a memref is in; `global` is spelt with an underscore in Python."""

    global_ = "global"
    workgroup = auto()
    private = auto()


@irdl_attr_definition
class AddressSpaceAttr(EnumAttribute[AddressSpace]):
    """The memory space of a memref: `#gpu.address_space<workgroup>`."""

    name = "gpu.address_space"

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> AddressSpace:
        with parser.in_angle_brackets():
            return parser.parse_str_enum(AddressSpace)


WORKGROUP = AddressSpaceAttr(AddressSpace.workgroup)
"""Shared memory: what the threads of a block have together."""


class ShuffleMode(StrEnum):
    """From which lane a value comes, told by its own number and an offset."""

    xor = auto()
    up = auto()
    down = auto()
    idx = auto()


@irdl_attr_definition
class ShuffleModeAttr(EnumAttribute[ShuffleMode], SpacedOpaqueSyntaxAttribute):
    name = "gpu.shuffle_mode"


@irdl_op_definition
class ShuffleOp(IRDLOperation):
    """Exchanges a value of 32 bits between lanes of a subgroup of `width` of them.

    `valid` tells whether the lane read from is one of the subgroup; where it is not,
    `shuffleResult` is the lane's own value.
    """

    name = "gpu.shuffle"

    T: ClassVar = VarConstraint("T", AnyAttr())

    value = operand_def(T)
    offset = operand_def(I32)
    width = operand_def(I32)
    mode = prop_def(ShuffleModeAttr)
    shuffleResult = result_def(T)
    valid = result_def(I1)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$mode $value `,` $offset `,` $width attr-dict `:` type($value)"

    def __init__(
        self, value: SSAValue, offset: SSAValue, width: SSAValue, mode: ShuffleMode
    ):
        super().__init__(
            operands=[value, offset, width],
            result_types=[value.type, i1],
            properties={"mode": ShuffleModeAttr(mode)},
        )

    def verify_(self) -> None:
        if self.value.type not in (i32, Float32Type()):
            raise VerifyException(f"exchanges i32 or f32, not {self.value.type}")


@irdl_op_definition
class DynamicSharedMemoryOp(IRDLOperation):
    """The shared memory of which the launch says the size; all of it, at its start."""

    name = "gpu.dynamic_shared_memory"

    resultMemref = result_def(MemRefType)

    traits = traits_def(NoMemoryEffect())
    assembly_format = "attr-dict `:` type($resultMemref)"

    def __init__(self):
        bytes_of_block = MemRefType(i8, [DYNAMIC_INDEX], memory_space=WORKGROUP)
        super().__init__(result_types=[bytes_of_block])

    def verify_(self) -> None:
        wanted = MemRefType(i8, [DYNAMIC_INDEX], memory_space=WORKGROUP)
        if self.resultMemref.type != wanted:
            raise VerifyException(f"wanted {wanted}, found {self.resultMemref.type}")


GPU = Dialect(
    "gpu",
    [*gpu.GPU.operations, DynamicSharedMemoryOp, ShuffleOp],
    [*gpu.GPU.attributes, AddressSpaceAttr, ShuffleModeAttr],
)
