"""The factors of matrix products, and how they are brought into order at each run.

The first one is read along its depth, a number of each row at once, the second one by
vectors of neighbouring columns. All is read as f32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects.builtin import MemRefType, TensorType, UnknownLoc, f32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, SSAValue

from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of
from fusemlir.dialects.trt.enums import MatrixOperation
from fusemlir.lowering.element_conversion import widen
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostKernel, Preparation
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.movement.strided import StridedCopy, emit_copy
from fusemlir.lowering.host.nests import Loop, share_loops
from fusemlir.lowering.host.schedules import HostCpuShape
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.movement.transposition import Axis


@dataclass(frozen=True)
class Factor:
    """Matrices of `free` rows or columns, those that the result has, and a depth."""

    element: Attribute
    volume: int
    """Of the tensor."""
    batch: tuple[Axis, ...]
    free: Axis
    depth: Axis

    @staticmethod
    def of_first(value: SSAValue, operation: MatrixOperation, layout: Layout) -> Factor:
        is_turned = operation == MatrixOperation.TRANSPOSE
        return Factor._of_operand(value, operation, layout, is_turned)

    @staticmethod
    def of_second(
        value: SSAValue, operation: MatrixOperation, layout: Layout
    ) -> Factor:
        is_turned = operation == MatrixOperation.NONE
        return Factor._of_operand(value, operation, layout, is_turned)

    @staticmethod
    def _of_operand(
        value: SSAValue, operation: MatrixOperation, layout: Layout, is_turned: bool
    ) -> Factor:
        axes = tuple(map(Axis, layout.shape, layout.strides))
        if operation == MatrixOperation.VECTOR:
            axes = (*axes[:-1], Axis(1, 0), axes[-1])
        *batch, free, depth = axes
        if is_turned:
            free, depth = depth, free
        element = element_type_of(value)
        return Factor(element, layout.volume, tuple(batch), free, depth)

    @property
    def apart(self) -> Shape:
        """From one matrix of the batch to the next, by axis; 0 where one is for all."""
        return tuple(0 if axis.size == 1 else axis.stride for axis in self.batch)

    @property
    def matrices(self) -> int:
        return prod(axis.size for axis in self.batch)

    @property
    def size(self) -> int:
        """Elements of a matrix."""
        return self.free.size * self.depth.size

    @property
    def is_along_depth(self) -> bool:
        """Whether neighbours in depth lie side by side."""
        return self.depth.stride == 1 or self.depth.size == 1

    @property
    def is_by_rows(self) -> bool:
        """Whether a factor can be read along its depth as it lies."""
        return self.element == f32 and self.is_along_depth

    @property
    def is_by_columns(self) -> bool:
        """Whether a factor can be read across its depth as it lies."""
        is_across = self.free.stride == 1 or self.free.size == 1
        return self.element == f32 and is_across

    @property
    def rows(self) -> Factor:
        """Itself if it is read along its depth as it lies; else what it is copied to,
        row-major [batch, free, depth]."""
        if self.is_by_rows:
            return self
        loops, depth = self._batches(self.size), self.depth.size
        batch = tuple(Axis(turns.size, turns.steps[1]) for turns in loops)
        free = Axis(self.free.size, depth)
        return Factor(f32, self.matrices * self.size, batch, free, Axis(depth, 1))

    def by_rows(self) -> Arrangement | None:
        """The copy to `rows`, if it is one."""
        if self.is_by_rows:
            return None
        rows = self.rows
        loops = [
            *self._batches(self.size),
            Loop(rows.free.size, (self.free.stride, rows.free.stride)),
            Loop(rows.depth.size, (self.depth.stride, rows.depth.stride)),
        ]
        copy = StridedCopy.of_loops((0, 0), loops)
        return Arrangement("turn", self._type, rows.volume, (copy,))

    def in_blocks(self, width: int) -> Arrangement:
        """[batch, blocks, depth, width], of columns that are `width` or more; the last
        block begins earlier where it would not be full, as that of weights does."""
        count, across = self.free.size, self.free.stride
        blocks, block = -(-count // width), self.depth.size * width
        batches = self._batches(blocks * block)
        steps = Loop(self.depth.size, (self.depth.stride, width))
        columns = Loop(width, (across, 1))
        whole = Loop(count // width, (across * width, block))
        copies = [StridedCopy.of_loops((0, 0), [*batches, whole, steps, columns])]
        if count % width:
            last = (count - width) * across, (blocks - 1) * block
            copies.append(StridedCopy.of_loops(last, [*batches, steps, columns]))
        total = self.matrices * blocks * block
        return Arrangement("pack", self._type, total, tuple(copies))

    def packed_apart(self, width: int) -> Shape:
        """`apart` of what `in_blocks` makes."""
        matrix = -(-self.free.size // width) * self.depth.size * width
        loops = self._batches(matrix)
        return tuple(0 if turns.size == 1 else turns.steps[1] for turns in loops)

    def _batches(self, size: int) -> list[Loop]:
        """Over the matrices, which are copied one after the other."""
        sizes = tuple(axis.size for axis in self.batch)
        apart = Layout.row_major((*sizes, size)).strides
        pairs = zip(self.batch, apart, strict=False)
        return [Loop(axis.size, (axis.stride, to)) for axis, to in pairs]

    @property
    def _type(self) -> TensorType:
        return TensorType(self.element, [self.volume])


@dataclass(frozen=True)
class Arrangement:
    """A tensor copied into another order, as f32."""

    kind: str
    type: TensorType
    count: int
    copies: tuple[StridedCopy, ...]

    @property
    def buffer(self) -> MemRefType:
        return MemRefType(f32, (self.count,))

    def preparation(self, cpu: HostCpuShape) -> Preparation:
        def build(name: str) -> FuncOp:
            return self._build(name, cpu)

        return Preparation(("arrange", self), self.kind, build, f32, self.count)

    def _build(self, name: str, cpu: HostCpuShape) -> FuncOp:
        types = [self.type, TensorType(f32, [self.count])]
        source, target = Block(arg_types=types).args
        layouts: dict[SSAValue, Layout] = {
            v: Layout.row_major(shape_of(v)) for v in (source, target)
        }
        with HostKernel(name, (source, target), layouts, UnknownLoc()) as kernel:
            before, after = kernel.buffers[source], kernel.buffers[target]

            def move(places: Sequence[Index]) -> None:
                read, written = places
                store(widen(load(before, read)), after, written)

            for copy in self.copies:
                if self.type.element_type == f32:
                    emit_copy(kernel, before, after, copy, cpu)
                elif not copy.is_empty:
                    share_loops(kernel, copy.loops, copy.start, move)
        return kernel.function


@dataclass
class ArrangedInputs:
    """What a kernel reads: inputs as they lie, and copies of some in another order."""

    body: KernelBody
    cpu: HostCpuShape
    arrangements: list[tuple[int, Arrangement]] = field(
        default_factory=list[tuple[int, Arrangement]]
    )
    """By number of the input."""

    def add(
        self, value: SSAValue, arrangement: Arrangement | None
    ) -> Callable[[HostKernel], SSAValue]:
        """From the kernel to the buffer to read."""
        if arrangement is None:
            return lambda kernel: kernel.buffers[value]
        number = len(self.arrangements)
        self.arrangements.append((self.body.inputs.index(value), arrangement))
        return lambda kernel: kernel.tables[number]

    @property
    def types(self) -> Sequence[MemRefType]:
        return [arrangement.buffer for _, arrangement in self.arrangements]

    @property
    def made(self) -> Sequence[tuple[int, Preparation]]:
        return [
            (number, arrangement.preparation(self.cpu))
            for number, arrangement in self.arrangements
        ]
