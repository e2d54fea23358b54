"""Concatenations that copy nothing: their parts are computed where they go.

A part then lies among the channels of the whole, those after it as if they were its
halo.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import f32, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt import ConcatenationOp
from fusemlir.dialects.trt.base import element_type_of, shape_of
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.placement import WORD, constants_of, image_layout
from fusemlir.lowering.host.plan import Wish, is_image_shape
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import is_node, nodes

CHANNELS = 1
"""The axis along which parts lie side by side."""

PART_BYTES = 32
"""What parts are multiples of, but the last one: no vector of that size is then on two
lines of a cache."""


@dataclass(frozen=True)
class Part:
    """Where a tensor lies: in the result of which concatenation, how that lies, and how
    many of its channels come before."""

    whole: SSAValue
    memory: Layout
    first: int

    def layout_of(self, value: SSAValue) -> Layout:
        """How `value`, which is this part, lies in memory that begins with it."""
        shape = shape_of(value)
        halo = list(self.memory.halo)
        halo[CHANNELS] = (0, self.memory.padded[CHANNELS] - shape[CHANNELS])
        return replace(self.memory, shape=shape, halo=tuple(halo))


def parts_in_place(network: FuncOp) -> Mapping[SSAValue, Part]:
    """The tensors that are computed where a concatenation wants them, and the results
    of these concatenations."""
    joining = list[ConcatenationOp]()
    for node in nodes(network):
        if isinstance(node, ConcatenationOp) and _copies_nothing(node, joining):
            joining.append(node)
    places = dict[SSAValue, tuple[SSAValue, int]]()
    for node in reversed(joining):
        whole, first = places.setdefault(node.output, (node.output, 0))
        for value in node.inputs:
            places[value] = whole, first
            first += shape_of(value)[CHANNELS]
    memory = {
        whole: _memory_of(whole, [x for x, (of, _) in places.items() if of is whole])
        for whole in dict.fromkeys(whole for whole, _ in places.values())
    }
    return {
        value: Part(whole, memory[whole], first)
        for value, (whole, first) in places.items()
    }


def _memory_of(whole: SSAValue, parts: Collection[SSAValue]) -> Layout:
    """With the halo that is enough for all that read one of the parts."""
    halos = zip(*(image_layout(value).halo for value in parts), strict=True)
    widest = (tuple(map(max, zip(*axis, strict=True))) for axis in halos)
    return image_layout(whole).with_halo(tuple((b, a) for b, a in widest))


def _copies_nothing(
    node: ConcatenationOp, joining: Collection[ConcatenationOp]
) -> bool:
    """Whether its parts are images side by side along channels, each where a vector may
    begin, and kernels write them so."""
    if not is_image_shape(shape_of(node.output)) or node.axis.value.data != CHANNELS:
        return False
    element = element_type_of(node.output)
    sizes = [
        shape_of(value)[CHANNELS] * element_bytes(element) for value in node.inputs
    ]
    if element == i8 and sizes[-1] % WORD:
        # Those who read words of the last part would want zeros after it.
        return False
    return (
        element in (f32, i8)
        and not any(size % PART_BYTES for size in sizes[:-1])
        and all(_may_be_part(value, node, joining) for value in node.inputs)
    )


def _may_be_part(
    value: SSAValue, node: ConcatenationOp, joining: Collection[ConcatenationOp]
) -> bool:
    """Whether a kernel of images writes `value`, and no other concatenation reads
    it."""
    made, readers = value.owner, [use.operation for use in value.uses]
    if [x for x in readers if isinstance(x, ConcatenationOp)] != [node]:
        return False
    if isinstance(made, ConcatenationOp):
        return made in joining
    if isinstance(made, Block) or not is_node(made):
        return False
    body = KernelBody(made)
    plan = plan_of(body, constants_of(body))
    return plan is not None and plan.wish == Wish.IMAGES
