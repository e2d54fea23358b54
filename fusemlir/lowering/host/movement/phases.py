"""Positions of a resize that recur: along an axis twice as long as the input's, each
second one reads an element farther on, and blends with the same weights.

That is code without a division or a table, of which LLVM makes vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.enums import InterpolationMode
from fusemlir.dialects.trt.resize import Line
from fusemlir.lowering.element_conversion import real
from fusemlir.lowering.elements.resize import Tap
from fusemlir.lowering.kernel.index_math import add, multiply

MOST = 4
"""Positions that differ."""


@dataclass(frozen=True)
class Phases:
    """The positions count * turn + phase of an axis."""

    line: Line
    blends: bool
    """Whether an element and the following one are blended, or the first is copied."""

    @staticmethod
    def of_line(op: ResizeOp, line: Line) -> Phases | None:
        """None of a cubic, and where more positions differ."""
        if op.interpolation == InterpolationMode.CUBIC or not line.step:
            return None
        phases = Phases(line, op.interpolation == InterpolationMode.LINEAR)
        return phases if phases.count <= MOST else None

    @property
    def count(self) -> int:
        return self.line.divisor // gcd(self.line.step, self.line.divisor)

    @property
    def step(self) -> int:
        """Elements from a turn to the next."""
        return self.line.step * self.count // self.line.divisor

    @property
    def inside(self) -> tuple[int, int]:
        """From which turn on and up to which all that is read is in the input."""
        first, _ = self._cell(0)
        last, _ = self._cell(self.count - 1)
        begin = max(0, -(first // self.step))
        room = self.line.dim - 1 - self.blends - last
        end = min(self.line.size // self.count, room // self.step + 1)
        return (begin, end) if begin < end else (0, 0)

    def taps(self, turn: SSAValue, phase: int) -> list[Tap]:
        """Of such a turn, by the numbers of the axis's elements."""
        cell, rest = self._cell(phase)
        place = add(multiply(turn, self.step), cell)
        if not self.blends:
            return [Tap(place)]
        weight = rest / self.line.divisor
        return [Tap(place, real(1 - weight)), Tap(add(place, 1), real(weight))]

    def _cell(self, phase: int) -> tuple[int, int]:
        """What is read first in turn 0, and how far on the place is, in parts."""
        return divmod(self.line.step * phase + self.line.offset, self.line.divisor)
