"""The memory of a network's tensors: what is between kernels lies in one arena."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from xdsl.ir import Attribute

from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.memory_plan import Lifetime, plan_memory


class Kind(Enum):
    INPUT = auto()
    OUTPUT = auto()
    CONSTANT = auto()
    BETWEEN = auto()


@dataclass(eq=False)
class Buffer:
    """Memory of one tensor."""

    kind: Kind
    element: Attribute
    count: int
    constant: ConstantValue | None = None
    within: Buffer | None = None
    """The one that it is a part of."""
    first: int = 0
    """Elements of that one before it."""

    @property
    def offset(self) -> int:
        """Bytes before it in what it is a part of."""
        return self.first * element_bytes(self.element)

    @property
    def end(self) -> int:
        return (self.first + self.count) * element_bytes(self.element)


def plan_arena(steps: Sequence[Iterable[Buffer]]) -> tuple[dict[Buffer, int], int]:
    """Where in the arena each buffer is that lies between kernels, and how many bytes
    the arena has, from the buffers that each step reads or writes."""
    found = dict[Buffer, None]()
    first, last = dict[Buffer, int](), dict[Buffer, int]()
    sizes = dict[Buffer, int]()
    for number, buffers in enumerate(steps):
        for buffer in buffers:
            if buffer.kind == Kind.BETWEEN:
                found[buffer] = None
                whole = buffer.within or buffer
                first.setdefault(whole, number)
                last[whole] = number
                sizes[whole] = max(sizes.get(whole, 0), buffer.end)
    lives = [Lifetime(sizes[b], first[b], last[b]) for b in first]
    plan = plan_memory(lives)
    starts = dict(zip(first, plan.offsets, strict=True))
    return {b: starts[b.within or b] + b.offset for b in found}, plan.size
