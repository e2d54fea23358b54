"""How the lanes of a vector sum products: of a pixel's channels with weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from xdsl.dialects import vector
from xdsl.dialects.builtin import VectorType, f32
from xdsl.ir import SSAValue

from fusemlir.lowering.host.access import load, load_vector
from fusemlir.lowering.kernel.index_math import Index

F32_BYTES = 4


@dataclass(frozen=True)
class Arithmetic(ABC):
    """Each lane sums for a feature of its own."""

    lanes: int

    depth: ClassVar[int]
    """Channels that a step multiplies."""

    @abstractmethod
    def spread(self, image: SSAValue, at: Index, channels: int) -> SSAValue:
        """The numbers of a pixel from `at` on, the same for each lane; of fewer
        channels than a step has, no more is read."""

    @abstractmethod
    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        """Packed weights of a step for all lanes."""

    @abstractmethod
    def multiply_add(
        self, spread: SSAValue, factors: SSAValue, total: SSAValue
    ) -> SSAValue: ...


class LaneArithmetic(Arithmetic):
    """A step is one product a lane, which may be of a channel of its own."""

    depth = 1

    @abstractmethod
    def neighbours(self, image: SSAValue, at: Index) -> SSAValue:
        """The numbers of a pixel from `at` on, one for each lane."""


class FloatArithmetic(LaneArithmetic):
    """Of f32."""

    def spread(self, image: SSAValue, at: Index, channels: int) -> SSAValue:
        type = VectorType(f32, [self.lanes])
        return vector.BroadcastOp(load(image, at), type).vector

    def neighbours(self, image: SSAValue, at: Index) -> SSAValue:
        return load_vector(image, at, self.lanes)

    def factors(self, weights: SSAValue, at: Index) -> SSAValue:
        return load_vector(weights, at, self.lanes, self.lanes * F32_BYTES)

    def multiply_add(
        self, spread: SSAValue, factors: SSAValue, total: SSAValue
    ) -> SSAValue:
        return vector.FMAOp(spread, factors, total).res
