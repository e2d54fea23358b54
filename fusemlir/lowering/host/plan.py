"""How a kernel of the network is built for the CPU, before it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.gpu.immediates import Immediates
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.schedules import HostCpuShape

IMAGE_RANK = 4
"""Batch, channels, rows, columns."""


class Wish(Enum):
    """What layout a kernel wants its tensors in."""

    IMAGES = auto()
    """Channels innermost, of all that are images."""
    KEEP = auto()
    """Channels innermost where one of its inputs has them so."""
    ROW_MAJOR = auto()


@dataclass(frozen=True)
class Plan(ABC):
    """A family of kernels, and the body that it takes."""

    body: KernelBody

    @classmethod
    @abstractmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        """None where it does not take the body, of whose inputs `constants` never
        change."""

    @property
    @abstractmethod
    def wish(self) -> Wish: ...

    @property
    def images(self) -> frozenset[SSAValue]:
        """The inputs that are read as images are; those of the outputs' shape."""
        shape = shape_of(self.body.outputs[0])
        return frozenset(
            value
            for value in self.body.inputs
            if len(shape) == IMAGE_RANK and shape_of(value) == shape
        )

    @abstractmethod
    def build(
        self,
        name: str,
        layouts: Mapping[SSAValue, Layout],
        immediates: Immediates,
        cpu: HostCpuShape,
    ) -> HostFunction: ...
