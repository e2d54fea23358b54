"""Kernels for the CPU that compute each element of the outputs by itself.

They take whatever no faster family takes: contractions, poolings and response
normalisation of tensors of any rank and type, a pooling on a convolution, and two int8
convolutions in one kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, shape_of, volume
from fusemlir.lowering.element_conversion import storage_type
from fusemlir.lowering.elements.contraction import (
    contraction_element,
    is_contraction_of_elements,
)
from fusemlir.lowering.elements.conv_pooling import (
    conv_pooling_element,
    is_conv_pooling,
)
from fusemlir.lowering.elements.element import EmitElement
from fusemlir.lowering.elements.pooling import is_pooling_kernel, pooling_element
from fusemlir.lowering.elements.separable import (
    is_separable_kernel,
    separable_element,
)
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.kernel.control_flow import loop
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class Family:
    """What computes an element of some bodies, and of which."""

    takes: Callable[[KernelBody], bool]
    element: Callable[[KernelBody, Immediates], EmitElement]


FAMILIES = (
    Family(is_separable_kernel, separable_element),
    Family(is_contraction_of_elements, contraction_element),
    Family(is_conv_pooling, conv_pooling_element),
    Family(is_pooling_kernel, pooling_element),
)


@dataclass(frozen=True)
class ElementPlan(Plan):
    """Anything of which one element can be computed, all outputs of one shape."""

    family: Family

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> ElementPlan | None:
        family = next((family for family in FAMILIES if family.takes(body)), None)
        return None if family is None else cls(body, family)

    @property
    def wish(self) -> Wish:
        return Wish.ROW_MAJOR

    def build(self, name: str, site: Site) -> HostFunction:
        body = self.body
        with self.kernel(name, site.layouts) as kernel:
            buffers = {tensor: row_major(kernel, tensor) for tensor in body.tensors}
            begin, end = kernel.share(volume(shape_of(body.outputs[0])))
            with loop(begin, end) as number:
                self.family.element(body, site.immediates)(number, buffers)
        return HostFunction(kernel.function)


def row_major(kernel: HostKernel, tensor: SSAValue) -> SSAValue:
    """A tensor that lies so, as a memref of its own shape and no layout."""
    layout = kernel.layouts[tensor]
    assert layout.is_row_major, "an element is found by its number"
    return memref.ReinterpretCastOp(
        kernel.buffers[tensor],
        [],
        [],
        [],
        [0],
        list(layout.shape),
        list(layout.strides),
        MemRefType(storage_type(element_type_of(tensor)), layout.shape),
    ).result
