"""Which layout each tensor of a network has, so that few are brought into another.

What convolutions read and write has its channels innermost, with the halo that the
widest of its convolutions reads; pointwise layers and concatenations keep what they
are given. Inputs, outputs and all else are row-major.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, ConvolutionOp
from fusemlir.dialects.trt.base import shape_of
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Halo, Layout
from fusemlir.lowering.host.plan import IMAGE_RANK, Plan, Wish
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import is_kernel, is_node


@dataclass
class Placement:
    """Layouts by value of a network, given as its nodes are gone through in order."""

    layouts: dict[SSAValue, Layout] = field(default_factory=dict[SSAValue, Layout])

    def of(self, value: SSAValue) -> Layout:
        """Row-major for what no kernel made."""
        return self.layouts.get(value) or Layout.row_major(shape_of(value))

    def place(self, plan: Plan) -> dict[SSAValue, Layout]:
        """The layouts of the tensors of a kernel, by value of its body; where that of
        an input is not the one which it has, it is brought into it before."""
        body = plan.body
        pairs = list(zip(body.operands, body.inputs, strict=True))
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
        for result, value in zip(body.node.results, body.outputs, strict=True):
            shape = shape_of(result)
            if is_image and len(shape) == IMAGE_RANK:
                layout = Layout.channels_last(shape, halo_of(result))
            else:
                layout = Layout.row_major(shape)
            found[value] = self.layouts[result] = layout
        return found

    def _of_input(self, operand: SSAValue, is_image: bool) -> Layout:
        if not is_image or isinstance(operand.owner, ConstantOp):
            return Layout.row_major(shape_of(operand))
        now, halo = self.of(operand), halo_of(operand)
        if _is_image(now) and _is_enough(now.halo[FIRST_SPATIAL:], halo):
            return now
        return Layout.channels_last(now.shape, halo)


def _is_image(layout: Layout) -> bool:
    """Whether its channels are innermost, by more than chance."""
    shape = layout.shape
    return len(shape) == IMAGE_RANK and (
        layout.order == Layout.channels_last(shape).order
    )


def _is_enough(halo: Halo, wanted: Halo) -> bool:
    return all(
        has[0] >= needs[0] and has[1] >= needs[1]
        for has, needs in zip(halo, wanted, strict=True)
    )


def halo_of(value: SSAValue) -> Halo:
    """What the convolutions that read a tensor want around it."""
    paddings = list(_paddings(value))
    return (
        tuple(
            (
                max(pre[axis] for pre, _ in paddings),
                max(post[axis] for _, post in paddings),
            )
            for axis in range(2)
        )
        if paddings
        else ((0, 0), (0, 0))
    )


def _paddings(value: SSAValue) -> Iterable[tuple[tuple[int, ...], tuple[int, ...]]]:
    for use in value.uses:
        node = use.operation
        if not is_node(node) or not is_kernel(node):
            continue
        body = KernelBody(node)
        op = body.group.anchor
        if isinstance(op, ConvolutionOp) and len(shape_of(value)) == IMAGE_RANK:
            read = dict(zip(body.operands, body.inputs, strict=True)).get(value)
            if read is op.input:
                yield reach(op)


def reach(op: ConvolutionOp) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How far before and after its input a convolution reads."""
    spatial = shape_of(op.input)[2:]
    pre, _ = op.padding_of(spatial)
    outputs = shape_of(op.output)[2:]
    axes = zip(outputs, op.strides, op.extents, pre, spatial, strict=True)
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
