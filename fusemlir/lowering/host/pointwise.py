"""Kernels of pointwise layers: one loop, which LLVM makes vectors of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import LayerOp, Shape, element_type_of, shape_of
from fusemlir.lowering.element_conversion import narrow, widen
from fusemlir.lowering.elements.element import aligned_shapes
from fusemlir.lowering.host.access import load, store
from fusemlir.lowering.host.host_kernel import HostFunction
from fusemlir.lowering.host.nests import visit_all, walk_of
from fusemlir.lowering.host.plan import Plan, Site, Wish
from fusemlir.lowering.kernel.index_math import Index
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import emit_layer, has_scalar_form

Read: TypeAlias = tuple[SSAValue, Shape]
"""An input, and the shape from which it is broadcast to the result."""


@dataclass(frozen=True)
class PointwisePlan(Plan):
    """Pointwise layers, casts and quantization, all outputs of one shape."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> PointwisePlan | None:
        takes = all(map(has_scalar_form, body.layers)) and len(body.output_shapes) == 1
        return cls(body) if takes else None

    @property
    def wish(self) -> Wish:
        return Wish.KEEP

    def build(self, name: str, site: Site) -> HostFunction:
        body, layouts = self.body, site.layouts
        reads = reads_of(body, body.layers)
        written = [layouts[output] for output in body.outputs]
        walks = [walk_of(layouts[value], shape) for value, shape in reads]
        walks += [walk_of(layout, layout.shape) for layout in written]
        with self.kernel(name, layouts) as kernel:
            constants = site.immediates.emit(body)

            def visit(places: Sequence[Index]) -> None:
                loaded = {
                    read: widen(load(kernel.buffers[read[0]], place))
                    for read, place in zip(reads, places, strict=False)
                }
                values = computed(body.layers, loaded, constants)
                given = zip(body.outputs, places[len(reads) :], strict=True)
                for output, place in given:
                    value = narrow(values[output], element_type_of(output))
                    store(value, kernel.buffers[output], place)

            visit_all(kernel, written[0], walks, visit)
        return HostFunction(kernel.function)


def reads_of(body: KernelBody, layers: Sequence[LayerOp]) -> list[Read]:
    """What pointwise layers read of the inputs; an input that is an output too is read
    as well."""
    found = {
        (operand, shape): None
        for layer in layers
        for operand, shape in zip(layer.operands, aligned_shapes(layer), strict=True)
        if operand in body.inputs
    }
    found |= {(v, shape_of(v)): None for v in body.outputs if v in body.inputs}
    return list(found)


def computed(
    layers: Sequence[LayerOp],
    loaded: Mapping[Read, SSAValue],
    known: Mapping[SSAValue, SSAValue],
) -> dict[SSAValue, SSAValue]:
    """One element of the results of pointwise layers, and of what is read or known."""
    values = {**{value: element for (value, _), element in loaded.items()}, **known}
    for layer in layers:
        pairs = zip(layer.operands, aligned_shapes(layer), strict=True)
        operands = [loaded.get(pair, values.get(pair[0])) for pair in pairs]
        (result,) = layer.results
        values[result] = emit_layer(layer, [x for x in operands if x is not None])
    return values
