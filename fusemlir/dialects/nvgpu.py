"""The nvgpu dialect: tensor cores and asynchronous copies, under upstream's names.

Fragments are vectors of two dimensions, as upstream has them: each row is a register
of 32 bits, or two for an accumulator of a wider type. Which thread of a warp holds
which element is PTX's: "Matrix Fragments for mma.m16n8k16" and its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    BoolAttr,
    Float16Type,
    Float32Type,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    UnitAttr,
    VectorType,
    i32,
)
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from fusemlir.dialects.gpu import WORKGROUP

SHARED_SPACES = (WORKGROUP, IntegerAttr(3, 64))
"""How a memref says that it is in shared memory."""

MULTIPLIED = (Float16Type(), BFloat16Type(), Float32Type(), IntegerType(8))
"""Element types that tensor cores multiply; f32 is rounded to tf32 by them."""


@irdl_attr_definition
class DeviceAsyncTokenType(ParametrizedAttribute, TypeAttribute):
    """What orders asynchronous copies and the waits for them."""

    name = "nvgpu.device.async.token"


@irdl_op_definition
class LdMatrixOp(IRDLOperation):
    """A warp loads `numTiles` tiles of 8 rows of 16 bytes from shared memory.

    Lane 8 t + r gives, by its indices, where row r of tile t begins; a row is aligned
    to 16 bytes. A lane gets 4 bytes of each tile: one row of the result.
    """

    name = "nvgpu.ldmatrix"

    srcMemref = operand_def(MemRefType)
    indices = var_operand_def(IndexType)
    transpose = prop_def(BoolAttr)
    numTiles = prop_def(IntegerAttr.constr(i32))
    res = result_def(VectorType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$srcMemref `[` $indices `]` attr-dict `:` type($srcMemref) `->` type($res)"
    )

    def __init__(
        self,
        source: SSAValue,
        indices: Sequence[SSAValue],
        tiles: int,
        *,
        transpose: bool = False,
    ):
        type = source.type
        assert isa(type, MemRefType)
        element = type.element_type
        super().__init__(
            operands=[source, indices],
            result_types=[VectorType(element, [tiles, 4 // _bytes(element)])],
            properties={
                "transpose": BoolAttr.from_bool(transpose),
                "numTiles": IntegerAttr(tiles, i32),
            },
        )

    def verify_(self) -> None:
        source, result = self.srcMemref.type, self.res.type
        assert isa(source, MemRefType)
        assert isa(result, VectorType)
        tiles = self.numTiles.value.data
        element = source.element_type
        if source.memory_space not in SHARED_SPACES:
            raise VerifyException(f"reads shared memory only, not {source}")
        if len(self.indices) != source.get_num_dims():
            raise VerifyException(f"wanted an index for each dimension of {source}")
        if tiles not in (1, 2, 4):
            raise VerifyException(f"numTiles has to be 1, 2 or 4, not {tiles}")
        if element not in MULTIPLIED:
            raise VerifyException(f"does not load {element}")
        if self.transpose.value.data and _bytes(element) != 2:
            raise VerifyException(f"transposes 16-bit elements only, not {element}")
        wanted = VectorType(element, [tiles, 4 // _bytes(element)])
        if result != wanted:
            raise VerifyException(f"wanted a result of {wanted}, found {result}")


@irdl_op_definition
class MmaSyncOp(IRDLOperation):
    """A warp multiplies and accumulates: matrixA · matrixB + matrixC.

    `mmaShape` is [m, n, k]; A is row-major, B column-major. f32 operands ask for
    `tf32Enabled`, and are rounded towards zero to tf32 if they are not tf32 already.
    """

    name = "nvgpu.mma.sync"

    matrixA = operand_def(VectorType)
    matrixB = operand_def(VectorType)
    matrixC = operand_def(VectorType)
    mmaShape = prop_def(ArrayAttr[IntegerAttr])
    tf32Enabled = opt_prop_def(UnitAttr)
    res = result_def(VectorType)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "`(` $matrixA `,` $matrixB `,` $matrixC `)` attr-dict `:`"
        " `(` type($matrixA) `,` type($matrixB) `,` type($matrixC) `)`"
        " `->` type($res)"
    )

    def __init__(
        self, a: SSAValue, b: SSAValue, c: SSAValue, shape: tuple[int, int, int]
    ):
        type = a.type
        assert isa(type, VectorType)
        tf32 = isinstance(type.element_type, Float32Type)
        super().__init__(
            operands=[a, b, c],
            result_types=[c.type],
            properties={
                "mmaShape": ArrayAttr([IntegerAttr(size, 64) for size in shape]),
                "tf32Enabled": UnitAttr() if tf32 else None,
            },
        )

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(size.value.data for size in self.mmaShape)

    def verify_(self) -> None:
        a = self.matrixA.type
        assert isa(a, VectorType)
        fragments = fragment_types(self.shape, a.element_type)
        found = (a, self.matrixB.type, self.matrixC.type)
        if found != fragments:
            wanted = ", ".join(map(str, fragments))
            raise VerifyException(
                f"mmaShape {list(self.shape)} wants {wanted}, "
                f"found {', '.join(map(str, found))}"
            )
        if self.res.type != self.matrixC.type:
            raise VerifyException(f"the result is of another type than {found[2]}")
        if isinstance(a.element_type, Float32Type) and self.tf32Enabled is None:
            raise VerifyException("f32 is multiplied as tf32: say tf32Enabled")


MMA_DEPTHS: dict[Attribute, tuple[int, ...]] = {
    Float16Type(): (8, 16),
    BFloat16Type(): (8, 16),
    Float32Type(): (4, 8),
    IntegerType(8): (16, 32),
}
"""By element type, the k of the shapes [16, 8, k] that there are."""


def fragment_types(
    shape: Sequence[int], element: Attribute
) -> tuple[Attribute, Attribute, Attribute]:
    """What a thread holds of A, B and C; raises `VerifyException` for no such shape.

    The accumulator is f32, of i8 i32.
    """
    known = [[16, 8, depth] for depth in MMA_DEPTHS.get(element, ())]
    if list(shape) not in known:
        raise VerifyException(
            f"there is no mmaShape {list(shape)} for {element}, but {known}"
        )
    row = 4 // _bytes(element)
    registers = shape[2] // (4 * row)
    sums = i32 if element == IntegerType(8) else Float32Type()
    return (
        VectorType(element, [2 * registers, row]),
        VectorType(element, [registers, row]),
        VectorType(sums, [2, 2]),
    )


def _bytes(element: Attribute) -> int:
    match element:
        case Float32Type():
            return 4
        case Float16Type() | BFloat16Type():
            return 2
        case _:
            return 1


@irdl_op_definition
class DeviceAsyncCopyOp(IRDLOperation):
    """A thread starts to copy `dstElements` from global to shared memory.

    4, 8 or 16 bytes, aligned to as many. Of them only the first `srcElements` are
    read, if given; the rest is written as zeros. `bypassL1` is for 16 bytes.
    """

    name = "nvgpu.device_async_copy"

    dst = operand_def(MemRefType)
    dstIndices = var_operand_def(IndexType)
    src = operand_def(MemRefType)
    srcIndices = var_operand_def(IndexType)
    dstElements = prop_def(IntegerAttr.constr(IndexType()))
    srcElements = opt_operand_def(IndexType)
    bypassL1 = opt_prop_def(UnitAttr)
    asyncToken = result_def(DeviceAsyncTokenType)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$src `[` $srcIndices `]` `,` $dst `[` $dstIndices `]` `,` $dstElements"
        " (`,` $srcElements^)? attr-dict `:` type($src) `to` type($dst)"
    )

    def __init__(
        self,
        source: SSAValue,
        source_indices: Sequence[SSAValue],
        target: SSAValue,
        target_indices: Sequence[SSAValue],
        elements: int,
        source_elements: SSAValue | None = None,
        *,
        bypass_l1: bool = False,
    ):
        super().__init__(
            operands=[target, target_indices, source, source_indices, source_elements],
            result_types=[DeviceAsyncTokenType()],
            properties={
                "dstElements": IntegerAttr(elements, IndexType()),
                "bypassL1": UnitAttr() if bypass_l1 else None,
            },
        )

    @property
    def bytes(self) -> int:
        type = self.dst.type
        assert isa(type, MemRefType)
        return self.dstElements.value.data * _bytes(type.element_type)

    def verify_(self) -> None:
        source, target = self.src.type, self.dst.type
        assert isa(source, MemRefType)
        assert isa(target, MemRefType)
        if target.memory_space not in SHARED_SPACES:
            raise VerifyException(f"copies to shared memory, not to {target}")
        if source.element_type != target.element_type:
            raise VerifyException(f"copies {source} to {target}: elements differ")
        if self.bytes not in (4, 8, 16):
            raise VerifyException(f"copies 4, 8 or 16 bytes, not {self.bytes}")
        if self.bypassL1 is not None and self.bytes != 16:
            raise VerifyException("bypassL1 is for 16 bytes")


@irdl_op_definition
class DeviceAsyncCreateGroupOp(IRDLOperation):
    """Makes a group of the copies that the thread started since the last group."""

    name = "nvgpu.device_async_create_group"

    inputTokens = var_operand_def(DeviceAsyncTokenType)
    asyncToken = result_def(DeviceAsyncTokenType)

    assembly_format = "$inputTokens attr-dict"

    def __init__(self, tokens: Sequence[SSAValue] = ()):
        super().__init__(operands=[tokens], result_types=[DeviceAsyncTokenType()])


@irdl_op_definition
class DeviceAsyncWaitOp(IRDLOperation):
    """Waits until all but the last `numGroups` groups of the thread are there."""

    name = "nvgpu.device_async_wait"

    asyncDependencies = operand_def(DeviceAsyncTokenType)
    numGroups = opt_prop_def(IntegerAttr.constr(i32))

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$asyncDependencies attr-dict"

    def __init__(self, token: SSAValue, groups: int = 0):
        super().__init__(
            operands=[token], properties={"numGroups": IntegerAttr(groups, i32)}
        )


NVGPU = Dialect(
    "nvgpu",
    [
        DeviceAsyncCopyOp,
        DeviceAsyncCreateGroupOp,
        DeviceAsyncWaitOp,
        LdMatrixOp,
        MmaSyncOp,
    ],
    [DeviceAsyncTokenType],
)
