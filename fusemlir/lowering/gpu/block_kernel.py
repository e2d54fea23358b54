"""A kernel while it is written: its function, its threads and their shared memory.

    with BlockKernel(name, body, grid=(rows, 1, 1), threads=256) as kernel:
        total = block_reduce(kernel, value, add)
        ...
    return kernel.finished

Inside the `with` block operations are put where xDSL's `ImplicitBuilder` stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias, cast

from xdsl.dialects import arith, gpu, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    TensorType,
    UnitAttr,
    i32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from fusemlir.dialects.gpu import WORKGROUP, DynamicSharedMemoryOp
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of, tensor_type
from fusemlir.lowering.element_conversion import element_bytes, storage_type
from fusemlir.lowering.kernel.index_math import Index, add, multiply
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.value_numbering import kernel_scope

Memref = MemRefType[Attribute]
Extent: TypeAlias = tuple[int, int, int]

ALIGNMENT = 16
"""Of every buffer and every array in shared memory, in bytes: what one access moves."""

STATIC_SHARED_LIMIT = 48 * 1024
"""Bytes of shared memory that a kernel may have without asking at its launch."""


def buffer_type(tensor: SSAValue) -> Memref:
    """The memref that holds a tensor: its shape, row-major."""
    type = tensor_type(tensor)
    return MemRefType(storage_type(type.element_type), type.shape)


@dataclass(frozen=True)
class Kernel:
    """A kernel function and how it is launched.

    Its buffers are aligned to `ALIGNMENT`, and none that it writes is another's.
    """

    function: gpu.FuncOp
    grid: Extent
    threads: Extent
    shared_arrays: tuple[memref.GlobalOp, ...] = ()
    """What the function has in shared memory; they stand beside it in the module."""
    dynamic_shared_bytes: int = 0
    """Shared memory that the launch has to ask for."""
    tensors: tuple[SSAValue, ...] = ()
    """What it is launched over: inputs and outputs of its body, and scratch."""


def scratch(shape: Shape, element: Attribute) -> SSAValue:
    """A tensor that one kernel of a body makes for another, and no layer knows of."""
    return Block(arg_types=[TensorType(element, shape)]).args[0]


def another(tensor: SSAValue) -> SSAValue:
    """Scratch of the type of some other."""
    return scratch(shape_of(tensor), element_type_of(tensor))


class BlockKernel(AbstractContextManager["BlockKernel"]):
    """Writes one kernel, of the tensors of `body`: inputs, then outputs.

    `grid` is in blocks, at most 65535 along y and z; `threads` is at most 1024. One of
    several kernels of a body may read and write scratch: it `reads` that besides the
    inputs, and `writes` it instead of the outputs.
    """

    def __init__(
        self,
        name: str,
        body: KernelBody,
        grid: Extent,
        threads: Extent | int,
        *,
        reads: Sequence[SSAValue] = (),
        writes: Sequence[SSAValue] | None = None,
    ):
        self.name = name
        self.body = body
        self.grid = grid
        self.threads = (threads, 1, 1) if isinstance(threads, int) else threads
        assert math.prod(self.threads) <= 1024
        assert max(grid[1:]) <= 65535
        self._read = (*body.inputs, *reads)
        self._written = body.outputs if writes is None else tuple(writes)
        self.tensors = (*self._read, *self._written)
        self.function = self._function()
        arguments = self.function.body.block.args
        for tensor, argument in zip(self.tensors, arguments, strict=True):
            argument.name_hint = tensor.name_hint
        self.buffers: dict[SSAValue, SSAValue] = dict(
            zip(self.tensors, arguments, strict=True)
        )
        """The memref of each input and output, in the tensor's shape."""
        self._builder = kernel_scope(self.function.body.block)
        self._ids: dict[tuple[str, str], SSAValue] = {}
        self._arrays: list[tuple[memref.GlobalOp, memref.GetGlobalOp]] = []
        self._dynamic_bytes = 0

    def __enter__(self) -> Self:
        self._builder.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            gpu.ReturnOp([])
        self._builder.__exit__(kind, error, traceback)
        if error is not None:
            return
        if self.shared_bytes > STATIC_SHARED_LIMIT:
            self._make_shared_memory_dynamic()
        for op in self.function.walk():
            op.location = self.body.node.location

    @property
    def finished(self) -> Kernel:
        """The kernel, once the `with` block has ended."""
        arrays = tuple(array for array, _ in self._arrays)
        return Kernel(
            self.function,
            self.grid,
            self.threads,
            arrays,
            self._dynamic_bytes,
            self.tensors,
        )

    @property
    def block_size(self) -> int:
        """Threads of a block, along all axes."""
        return math.prod(self.threads)

    def thread_id(self, axis: str = "x") -> SSAValue:
        return self._id("thread", gpu.ThreadIdOp, axis)

    def block_id(self, axis: str = "x") -> SSAValue:
        return self._id("block", gpu.BlockIdOp, axis)

    def global_id(self) -> Index:
        """The number of the thread among all along x."""
        return add(multiply(self.block_id(), self.threads[0]), self.thread_id())

    def shared(self, shape: tuple[int, ...], element: Attribute) -> SSAValue:
        """A new array in shared memory, its contents undefined, usable anywhere.

        Arrays of more than `STATIC_SHARED_LIMIT` in all become dynamic by themselves.
        """
        type = MemRefType(element, shape, memory_space=WORKGROUP)
        symbol = f"{self.name}_shared_{len(self._arrays)}"
        array = memref.GlobalOp.get(
            StringAttr(symbol), type, UnitAttr(), alignment=ALIGNMENT
        )
        if array.parent is not None:
            # The implicit builder has put it into the function.
            array.detach()
        use = memref.GetGlobalOp(symbol, type)
        self._hoist(use)
        self._arrays.append((array, use))
        return use.memref

    @property
    def shared_bytes(self) -> int:
        """Shared memory that is in use so far."""
        return sum(_size(use.memref.type) for _, use in self._arrays)

    def barrier(self) -> None:
        """All threads of the block wait for each other and see what they stored."""
        gpu.BarrierOp()

    def prefer_registers(self) -> None:
        """Let a thread have all the registers that one block leaves it.

        Unasked, ptxas spills to have one more block on a multiprocessor.
        """
        self.function.attributes["nvvm.minctasm"] = IntegerAttr(1, i32)

    def _id(
        self, what: str, op: type[gpu.ThreadIdOp | gpu.BlockIdOp], axis: str
    ) -> SSAValue:
        if (what, axis) not in self._ids:
            read = op(gpu.DimensionAttr(gpu.DimensionEnum(axis)))
            self._hoist(read)
            self._ids[what, axis] = read.result
        return self._ids[what, axis]

    def _hoist(self, op: Operation) -> None:
        """Move an operation to the head of the function, where all see its result."""
        if op.parent is not None:
            op.detach()
        block = self.function.body.block
        if block.first_op is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, block.first_op)

    def _make_shared_memory_dynamic(self) -> None:
        offset = 0
        memory = DynamicSharedMemoryOp()
        for _, use in self._arrays:
            shift = arith.ConstantOp(IntegerAttr(offset, IndexType()))
            view = memref.ViewOp(memory, shift, [], use.memref.type)
            block = self.function.body.block
            block.insert_ops_before([shift, view], use)
            offset += _size(use.memref.type)
            use.memref.replace_all_uses_with(view.result)
            Rewriter.erase_op(use)
        self._hoist(memory)
        self._dynamic_bytes = offset
        self._arrays = []

    def _function(self) -> gpu.FuncOp:
        """An empty kernel, marked as xDSL and as MLIR mark one."""
        types = [buffer_type(tensor) for tensor in self.tensors]
        function = gpu.FuncOp(self.name, (types, []), kernel=True)
        function.attributes["gpu.kernel"] = UnitAttr()
        size = DenseArrayBase.from_list(i32, self.threads)
        function.attributes["known_block_size"] = size
        # No `llvm.align`: accesses say their own alignment, and where LLVM knows one it
        # rounds the size of neighbouring loads up, past the end of a small buffer.
        written: dict[str, Attribute] = {"llvm.noalias": UnitAttr()}
        read = {**written, "llvm.readonly": UnitAttr()}
        function.attributes["arg_attrs"] = ArrayAttr(
            [
                *[DictionaryAttr(read)] * len(self._read),
                *[DictionaryAttr(written)] * len(self._written),
            ]
        )
        return function


def _size(type: Attribute) -> int:
    """Bytes of an array in shared memory, up to where the next may begin."""
    array = cast(Memref, type)
    count = math.prod(array.get_shape())
    size = count * element_bytes(array.element_type)
    return -(-size // ALIGNMENT) * ALIGNMENT
