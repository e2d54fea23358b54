"""Which layout each tensor of a network has, so that few are brought into another.

What convolutions read and write has its channels innermost, with the halo that the
widest of its convolutions reads; pointwise layers and concatenations keep what they
are given. Inputs, outputs and all else are row-major: a convolution whose result is
only given by the network writes it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import i8
from xdsl.dialects.func import ReturnOp
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import (
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    DequantizeOp,
)
from fusemlir.dialects.trt.base import Shape, element_type_of, shape_of
from fusemlir.lowering.host.deconvolution import axes_of
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Halo, Layout, groups
from fusemlir.lowering.host.plan import Plan, Wish, is_image_shape
from fusemlir.lowering.host.winograd.tiling import is_transformed
from fusemlir.lowering.host.winograd.transforms import RESULTS
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.liveness import is_view
from fusemlir.network import Node, is_kernel, is_node

WORD = 4
"""Bytes that are multiplied at once."""


@dataclass
class Placement:
    """Layouts by value of a network, given as its nodes are gone through in order."""

    layouts: dict[SSAValue, Layout] = field(default_factory=dict[SSAValue, Layout])
    decided: Mapping[SSAValue, Layout] = field(default_factory=dict[SSAValue, Layout])
    """Of images, before their kernels are placed."""

    def of(self, value: SSAValue) -> Layout:
        """Row-major for what no kernel made."""
        return self.layouts.get(value) or Layout.row_major(shape_of(value))

    def place(self, plan: Plan) -> dict[SSAValue, Layout]:
        """The layouts of the tensors of a kernel, by value of its body; where that of
        an input is not the one which it has, it is brought into it before."""
        body = plan.body
        pairs = list(zip(body.operands, body.inputs, strict=True))
        lying = {value: self.of(operand) for operand, value in pairs}
        written = plan.outputs_of(lying)
        if written is not None:
            results = zip(body.node.results, body.outputs, written, strict=True)
            for result, value, layout in results:
                lying[value] = layout.with_halo(wanted_halo(result, layout))
                self.layouts[result] = lying[value]
            return lying
        is_image = plan.wish == Wish.IMAGES or (
            plan.wish == Wish.KEEP
            and any(
                _is_image(self.of(operand))
                for operand, value in pairs
                if value in plan.images
            )
        )
        found = {
            value: self._of_input(operand, is_image and value in plan.images)
            for operand, value in pairs
        }
        are_planes = plan.writes_planes and all(map(_is_only_given, body.node.results))
        are_last = is_image and not are_planes
        ranks = {len(shape_of(value)) for value in plan.images}
        for result, value in zip(body.node.results, body.outputs, strict=True):
            shape = shape_of(result)
            if are_last and len(shape) in ranks:
                layout = self.decided.get(result) or image_layout(result)
            else:
                layout = Layout.row_major(shape)
            found[value] = self.layouts[result] = layout
        return found

    def view(self, node: Node) -> Layout:
        """The layout of the same elements under another shape: that in which they lie
        where it is one of that shape too."""
        (result,), source = node.results, node.operands[0]
        seen = self.of(source).reshaped(shape_of(result))
        self.layouts[result] = layout = seen or Layout.row_major(shape_of(result))
        return layout

    def _of_input(self, operand: SSAValue, is_image: bool) -> Layout:
        is_constant = isinstance(operand.owner, ConstantOp)
        if not is_image or (is_constant and not any(_readers(operand))):
            return Layout.row_major(shape_of(operand))
        now, wanted = self.of(operand), image_layout(operand)
        return now if _is_image(now) and _is_enough(now.halo, wanted.halo) else wanted


def _is_only_given(value: SSAValue) -> bool:
    """Whether a tensor is an output of the network, and nothing else reads it."""
    return all(isinstance(use.operation, ReturnOp) for use in value.uses)


def _is_image(layout: Layout) -> bool:
    """Whether its channels are innermost, by more than chance."""
    shape = layout.shape
    return is_image_shape(shape) and (layout.order == Layout.channels_last(shape).order)


def _is_enough(halo: Halo, wanted: Halo) -> bool:
    return all(
        has[0] >= needs[0] and has[1] >= needs[1]
        for has, needs in zip(halo, wanted, strict=True)
    )


def image_layout(value: SSAValue) -> Layout:
    """With what the convolutions that read a tensor want around it, and bytes of each
    pixel in words."""
    is_summed = any(op.groups == 1 for op in _readers(value))
    is_bytes = element_type_of(value) == i8
    shape = shape_of(value)
    spare = -shape[1] % WORD if is_summed and is_bytes else 0
    return Layout.channels_last(shape, halo_of(value), spare)


def wanted_halo(value: SSAValue, layout: Layout) -> Halo:
    """What those that read a tensor want around it where it lies so, under this shape
    or another."""
    if _is_image(layout):
        return image_layout(value).halo
    halo = list(layout.halo)
    for node in (use.operation for use in value.uses):
        if not is_node(node) or not is_view(node):
            continue
        (result,) = node.results
        seen = layout.reshaped(shape_of(result))
        if seen is None or seen.is_row_major:
            continue
        around = wanted_halo(result, seen)
        for own, others in groups(layout.shape, seen.shape):
            if len(own) == len(others) == 1:
                pairs = zip(halo[own[0]], around[others[0]], strict=True)
                before, after = map(max, pairs)
                halo[own[0]] = before, after
    return tuple(halo)


def halo_of(value: SSAValue) -> Halo:
    """What the convolutions that read a tensor want around it."""
    paddings = [reach(op) for op in _readers(value)]
    return tuple(
        (
            max((pre[axis] for pre, _ in paddings), default=0),
            max((post[axis] for _, post in paddings), default=0),
        )
        for axis in range(len(shape_of(value)) - FIRST_SPATIAL)
    )


def _readers(value: SSAValue) -> Iterable[ConvolutionOp | DeconvolutionOp]:
    """The convolutions whose image a tensor is, or what a Dequantize makes of it."""
    for use in value.uses:
        node = use.operation
        if not is_node(node) or not is_kernel(node):
            continue
        body = KernelBody(node)
        op = body.group.anchor
        if isinstance(op, ConvolutionOp | DeconvolutionOp):
            made, image = op.input.owner, op.input
            # Of a lone convolution it is another kernel that dequantises.
            if isinstance(made, DequantizeOp) and image not in body.inputs:
                image = made.input
            read = dict(zip(body.operands, body.inputs, strict=True)).get(value)
            if read is image:
                yield op


def reach(op: ConvolutionOp | DeconvolutionOp) -> tuple[Shape, Shape]:
    """How far before and after its input a convolution reads."""
    spatial = shape_of(op.input)[FIRST_SPATIAL:]
    places = shape_of(op.output)[FIRST_SPATIAL:]
    if isinstance(op, DeconvolutionOp):
        axes = zip(axes_of(op), spatial, places, strict=True)
        reached = [axis.reach(size, count) for axis, size, count in axes]
        return tuple(pre for pre, _ in reached), tuple(post for _, post in reached)
    if is_transformed(op):
        places = tuple(-(-count // RESULTS) * RESULTS for count in places)
    pre, _ = op.padding_of(spatial)
    axes = zip(places, op.strides, op.extents, pre, spatial, strict=True)
    post = tuple(
        max(0, (count - 1) * stride + extent - before - size)
        for count, stride, extent, before, size in axes
    )
    return tuple(pre), post


def constants_of(body: KernelBody) -> Mapping[SSAValue, ConstantOp]:
    """The inputs of a kernel that are constants of the network."""
    pairs = zip(body.operands, body.inputs, strict=True)
    return {
        value: operand.owner
        for operand, value in pairs
        if isinstance(operand.owner, ConstantOp)
    }
