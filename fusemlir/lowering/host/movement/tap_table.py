"""What is read along the rows of a resize, found once for all rows of a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, f32, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.enums import InterpolationMode
from fusemlir.dialects.trt.resize import Line
from fusemlir.lowering.elements.resize import TAPS, Tap, taps_along
from fusemlir.lowering.host.access import load, local, store
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.index_math import Index, as_value

MOST_POSITIONS = 4096
"""Of an axis: its table lies on the stack, with eight bytes a tap."""


@dataclass(frozen=True)
class TapTable:
    """Where each position reads, and by what weights, one array a tap."""

    places: Sequence[SSAValue]
    weights: Sequence[SSAValue]
    """None where elements are copied."""

    @staticmethod
    def filled(op: ResizeOp, line: Line) -> TapTable:
        match op.interpolation:
            case InterpolationMode.NEAREST:
                count, weights = 1, 0
            case InterpolationMode.LINEAR:
                count = weights = 2
            case InterpolationMode.CUBIC:
                count = weights = len(TAPS)
        table = TapTable(
            [local(i32, line.size) for _ in range(count)],
            [local(f32, line.size) for _ in range(weights)],
        )
        with loop(0, line.size) as at:
            for number, tap in enumerate(taps_along(op, line, at)):
                place = arith.IndexCastOp(as_value(tap.place), i32).result
                store(place, table.places[number], at)
                if tap.weight is not None:
                    store(tap.weight, table.weights[number], at)
        return table

    def taps(self, at: Index) -> list[Tap]:
        places = [
            arith.IndexCastOp(load(place, at), IndexType()).result
            for place in self.places
        ]
        if not self.weights:
            return list(map(Tap, places))
        return list(map(Tap, places, [load(weight, at) for weight in self.weights]))
