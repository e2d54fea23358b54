"""The loops over the rows of tensors, and over the elements of a row."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import prod

from fusemlir.dialects.trt.base import Shape
from fusemlir.lowering.host.nests import Walk


@dataclass(frozen=True)
class Axis:
    """A loop: its size, and how far apart neighbours along it are, by walk."""

    size: int
    strides: tuple[int, ...]

    def is_outer_part(self, inner: Axis) -> bool:
        """Whether it and the next loop are as one, for all walks."""
        return self.strides == tuple(step * inner.size for step in inner.strides)


@dataclass(frozen=True)
class RowNest:
    """The axes along which there are rows, and those along a row, the last one the
    innermost in memory. No axis has size one, and neighbours that go on in step are
    one."""

    starts: tuple[int, ...]
    """Where each walk begins."""
    kept: tuple[Axis, ...]
    reduced: tuple[Axis, ...]
    is_across: bool
    """Whether elements that lie side by side are of different rows."""

    @staticmethod
    def of_walks(
        sizes: Shape, walks: Sequence[Walk], along: Container[int], leader: Walk
    ) -> RowNest:
        """Rows along the axes `along`; loops are in the order in which `leader` has
        its elements."""
        axes = [axis for axis, size in enumerate(sizes) if size != 1]
        axes.sort(key=lambda axis: leader.strides[axis], reverse=True)
        merged = list[tuple[Axis, bool]]()
        for axis in axes:
            loop = Axis(sizes[axis], tuple(walk.strides[axis] for walk in walks))
            is_reduced = axis in along
            if merged and merged[-1] == (merged[-1][0], is_reduced):
                outer, _ = merged[-1]
                if outer.is_outer_part(loop):
                    merged[-1] = Axis(outer.size * loop.size, loop.strides), is_reduced
                    continue
            merged.append((loop, is_reduced))
        return RowNest(
            tuple(walk.start for walk in walks),
            tuple(loop for loop, is_reduced in merged if not is_reduced),
            tuple(loop for loop, is_reduced in merged if is_reduced),
            bool(merged) and not merged[-1][1] and any(r for _, r in merged),
        )

    @property
    def columns(self) -> int:
        """Elements of a row."""
        return prod(axis.size for axis in self.reduced)
