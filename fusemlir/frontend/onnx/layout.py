"""Operators that give the elements another shape or order: shuffles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import UNKNOWN, shape_of
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node, normal_axis, reshape_op
from fusemlir.frontend.onnx.registry import operator


@operator("Reshape")
def reshape(node: Node) -> SSAValue:
    value, target = node.input(0), node.known_ints(1, "shape")
    copies_zero = not node.attributes.integer("allowzero", 0)
    return node.main(
        ShuffleOp(value, reshape_dims=target, zero_is_placeholder=copies_zero)
    )


@operator("Flatten")
def flatten(node: Node) -> SSAValue:
    value = node.input(0)
    shape, axis = shape_of(value), node.attributes.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise Unsupported(f"axis {axis} is out of range for rank {len(shape)}")
    axis = axis + len(shape) if axis < 0 else axis
    return node.main(flatten_op(value, axis))


def flatten_op(value: SSAValue, axis: int) -> ShuffleOp:
    """The Shuffle to a matrix of the dimensions before and from `axis`."""
    shape = shape_of(value)
    rows, columns = _product(shape[:axis]), _product(shape[axis:])
    if rows == UNKNOWN and columns == UNKNOWN:
        raise Unsupported(
            "dimensions on both sides of the axis are unknown; fix the shapes of the "
            "model's inputs"
        )
    dims = [-1 if size == UNKNOWN else size for size in (rows, columns)]
    return ShuffleOp(value, reshape_dims=dims, zero_is_placeholder=False)


def _product(dims: Sequence[int]) -> int:
    return UNKNOWN if UNKNOWN in dims else math.prod(dims)


@operator("Transpose")
def transpose(node: Node) -> SSAValue:
    value = node.input(0)
    rank = len(shape_of(value))
    order = node.attributes.integers("perm", range(rank)[::-1])
    return node.main(ShuffleOp(value, first_transpose=order))


@operator("Squeeze")
def squeeze(node: Node) -> SSAValue:
    value = node.input(0)
    shape = shape_of(value)
    axes = node.axes(1 if node.opset >= 13 else None)
    if axes is None:
        if UNKNOWN in shape:
            raise Unsupported("without axes it needs a static shape")
        axes = [axis for axis, dim in enumerate(shape) if dim == 1]
    dropped = {normal_axis(axis, len(shape)) for axis in axes}
    for axis in dropped:
        if shape[axis] not in (1, UNKNOWN):
            raise Unsupported(f"axis {axis} has {shape[axis]} elements, not one")
    kept = [axis for axis in range(len(shape)) if axis not in dropped]
    return node.main(reshape_op(value, kept))


@operator("Unsqueeze")
def unsqueeze(node: Node) -> SSAValue:
    value = node.input(0)
    axes = node.axes(1 if node.opset >= 13 else None)
    if axes is None:
        raise Unsupported("axes are missing")
    rank = len(shape_of(value)) + len(axes)
    new = {normal_axis(axis, rank) for axis in axes}
    if len(new) != len(axes):
        raise Unsupported(f"axes must not repeat: {axes}")
    own = iter(range(rank))
    kept = [None if axis in new else next(own) for axis in range(rank)]
    return node.main(reshape_op(value, kept))


@operator("DepthToSpace")
def depth_to_space(node: Node) -> SSAValue:
    """[N, C, H, W] to [N, C/b^2, H*b, W*b]."""
    value = node.input(0)
    batch, channels, height, width = _image(node, value)
    block = node.attributes.integer("blocksize")
    depth = _blocks(channels, block * block)
    if _mode(node) == "DCR":
        split = [batch, block, block, depth, height, width]
        order = [0, 3, 4, 1, 5, 2]
    else:
        split = [batch, depth, block, block, height, width]
        order = [0, 1, 4, 2, 5, 3]
    blocks = node.add(ShuffleOp(value, reshape_dims=split, second_transpose=order))
    whole = [batch, depth, height * block, width * block]
    return node.main(ShuffleOp(blocks, reshape_dims=whole))


@operator("SpaceToDepth")
def space_to_depth(node: Node) -> SSAValue:
    """[N, C, H, W] to [N, C*b^2, H/b, W/b]."""
    value = node.input(0)
    batch, channels, height, width = _image(node, value)
    block = node.attributes.integer("blocksize")
    rows, columns = _blocks(height, block), _blocks(width, block)
    split = [batch, channels, rows, block, columns, block]
    order = [0, 3, 5, 1, 2, 4]
    if _mode(node) == "CRD":
        order = [0, 1, 3, 5, 2, 4]
    blocks = node.add(ShuffleOp(value, reshape_dims=split, second_transpose=order))
    whole = [batch, channels * block * block, rows, columns]
    return node.main(ShuffleOp(blocks, reshape_dims=whole))


def _mode(node: Node) -> str:
    """Which part of a channel is the outer one: the depth, column, row, or the other
    way round."""
    mode = node.attributes.text("mode", "DCR")
    if mode not in ("DCR", "CRD"):
        raise Unsupported(f"mode is '{mode}', wanted 'DCR' or 'CRD'")
    return mode


def _image(node: Node, value: SSAValue) -> tuple[int, int, int, int]:
    shape = node.static_shape(value, "moving blocks")
    if len(shape) != 4:
        raise Unsupported(f"its input has rank {len(shape)}, wanted 4")
    return shape[0], shape[1], shape[2], shape[3]


def _blocks(size: int, block: int) -> int:
    if block < 1 or size % block:
        raise Unsupported(f"{size} elements do not divide into blocks of {block}")
    return size // block
