"""How a kernel of the network is built for the CPU, before it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Generic, Self, TypeVar, cast

from xdsl.dialects.builtin import MemRefType, f32
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.base import LayerOp, Shape, element_type_of, shape_of
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.schedules import Choices, HostCpuShape, Schedule
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody

IMAGE_RANK = 4
"""Batch, channels, rows, columns."""

VOLUME_RANK = 5
"""Batch, channels, planes, rows, columns."""


class Wish(Enum):
    """What layout a kernel wants its tensors in."""

    IMAGES = auto()
    """Channels innermost, of all that are images."""
    KEEP = auto()
    """Channels innermost where one of its inputs has them so."""
    ROW_MAJOR = auto()


@dataclass(frozen=True)
class Site:
    """What a kernel is built for."""

    layouts: Mapping[SSAValue, Layout]
    """Of the tensors of the body."""
    immediates: Immediates
    cpu: HostCpuShape


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
            if is_image_shape(shape) and shape_of(value) == shape
        )

    @property
    def any_order(self) -> frozenset[SSAValue]:
        """The inputs that are read as they lie, whatever order their axes are in."""
        return frozenset()

    @property
    def writes_planes(self) -> bool:
        """Whether images that are outputs may be row-major where others are not."""
        return False

    def outputs_of(self, inputs: Mapping[SSAValue, Layout]) -> Sequence[Layout] | None:
        """How the outputs lie where the inputs are read as they lie, halos left out;
        None where both are in the layout of `wish`."""
        return None

    def choices(self, site: Site) -> Choices[Schedule] | None:
        """The schedules that the kernel may have; None where there is but one."""
        return None

    @abstractmethod
    def build(self, name: str, site: Site) -> HostFunction: ...

    def kernel(
        self,
        name: str,
        layouts: Mapping[SSAValue, Layout],
        tables: Sequence[MemRefType] = (),
        held: Mapping[SSAValue, Attribute] | None = None,
    ) -> HostKernel:
        """A kernel of the body's tensors and of tables, to be written; `held` says of
        what elements a tensor is, where not of its own."""
        location = self.body.node.location
        return HostKernel(name, self.body.tensors, layouts, location, tables, held)


LayerT = TypeVar("LayerT", bound=LayerOp)


class LonePlan(Plan, Generic[LayerT]):
    """A family of kernels of one layer."""

    kind: ClassVar[type[LayerOp]]

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        if len(body.layers) != 1 or not isinstance(body.layers[0], cls.kind):
            return None
        plan = cls(body)
        return plan if plan.is_taken else None

    @property
    def is_taken(self) -> bool:
        """Whether the layer, which is of the right kind, can be computed."""
        return True

    @property
    def op(self) -> LayerT:
        return cast(LayerT, self.body.layers[0])


def is_image_shape(shape: Shape) -> bool:
    """Whether tensors of this shape are images, or volumes, which are like them."""
    return len(shape) in (IMAGE_RANK, VOLUME_RANK)


def is_image(value: SSAValue) -> bool:
    """Whether a tensor is an image of f32."""
    return len(shape_of(value)) == IMAGE_RANK and element_type_of(value) == f32
