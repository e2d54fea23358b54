"""Operators that take elements from places: slices, joins, padding, repetition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import UNKNOWN, Shape, element_type_of, shape_of
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.dialects.trt.shape import (
    ConcatenationOp,
    IdentityOp,
    PaddingOp,
    SliceOp,
)
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node, normal_axis, number_of
from fusemlir.frontend.onnx.registry import operator

_SAMPLING = {
    "constant": SampleMode.FILL,
    "edge": SampleMode.CLAMP,
    "reflect": SampleMode.REFLECT,
    "wrap": SampleMode.WRAP,
}


@operator("Identity")
def identity(node: Node) -> SSAValue:
    return node.main(IdentityOp(node.input(0)))


@operator("Concat")
def concat(node: Node) -> SSAValue:
    values = node.inputs()
    axis = normal_axis(node.attributes.integer("axis", 1), len(shape_of(values[0])))
    return node.main(ConcatenationOp(values, axis))


@operator("Slice")
def slice_(node: Node) -> SSAValue:
    value = node.input(0)
    shape = node.static_shape(value, "a slice")
    starts, ends, axes, steps = _slice_arguments(node)
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise Unsupported("starts, ends, axes and steps have different lengths")
    start, size, stride = [0] * len(shape), list(shape), [1] * len(shape)
    for first, last, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = normal_axis(axis, len(shape))
        if step == 0:
            raise Unsupported("a step is 0")
        # Python's slices clamp as ONNX's do, but for those backwards from before the
        # first element, which give nothing: ONNX begins them at that one.
        first = max(first, -shape[at]) if step < 0 else first
        taken = range(shape[at])[slice(first, last, step)]
        start[at], size[at], stride[at] = taken.start, len(taken), step
    return node.main(SliceOp(value, start, size, stride))


def _slice_arguments(
    node: Node,
) -> tuple[list[int], list[int], list[int] | None, list[int] | None]:
    """Starts, ends, axes and steps: attributes before opset 10, inputs since."""
    if node.opset >= 10:
        return (
            node.known_ints(1, "starts"),
            node.known_ints(2, "ends"),
            node.axes(3),
            node.axes(4, "steps"),
        )
    attributes = node.attributes
    starts, ends = attributes.integers("starts", []), attributes.integers("ends", [])
    return starts, ends, attributes.integers("axes"), None


@operator("Split")
def split(node: Node) -> list[SSAValue]:
    """One slice an output; the first one has the node's id."""
    value = node.input(0)
    shape = node.static_shape(value, "a split")
    axis = normal_axis(node.attributes.integer("axis", 0), len(shape))
    parts = len(node.proto.output)
    sizes = node.axes(1 if node.opset >= 13 else None, "split")
    if node.attributes.integer("num_outputs", parts) != parts:
        raise Unsupported(f"num_outputs is not the number of outputs, {parts}")
    if sizes is None:
        chunk = -(-shape[axis] // parts)
        ends = [min(chunk * at, shape[axis]) for at in range(parts + 1)]
    else:
        ends = list(accumulate(sizes, initial=0))
    if len(ends) != parts + 1 or ends[-1] != shape[axis]:
        raise Unsupported(
            f"{sizes} does not split {shape[axis]} elements into {parts} outputs"
        )
    results: list[SSAValue] = []
    for first, last in pairwise(ends):
        op = _window(value, shape, axis, first, last - first)
        results.append(node.add(op) if results else node.main(op))
    return results


def _window(
    value: SSAValue, shape: Shape, axis: int, first: int, count: int, step: int = 1
) -> SliceOp:
    """`count` elements along one axis from `first` on, all of the others."""
    start, size, stride = [0] * len(shape), list(shape), [1] * len(shape)
    start[axis], size[axis], stride[axis] = first, count, step
    return SliceOp(value, start, size, stride)


@operator("Gather")
def gather(node: Node) -> SSAValue:
    """A slice, where the indices are known and evenly spaced."""
    value = node.input(0)
    shape = node.static_shape(value, "a gather")
    axis = normal_axis(node.attributes.integer("axis", 0), len(shape))
    array = node.known(1, "indices")
    if array.ndim > 1 or array.size == 0:
        raise Unsupported(f"indices of shape {array.shape}; wanted one or a list")
    indices = [int(index) for index in array.reshape(-1)]
    if not all(-shape[axis] <= index < shape[axis] for index in indices):
        raise Unsupported(f"an index is out of range for {shape[axis]} elements")
    indices = [index % shape[axis] for index in indices]
    steps = {b - a for a, b in pairwise(indices)} or {1}
    if len(steps) > 1:
        raise Unsupported("indices are not evenly spaced, which a slice needs")
    taken = node.main(
        _window(value, shape, axis, indices[0], len(indices), steps.pop())
    )
    if array.ndim == 1:
        return taken
    return node.reshape(taken, [at for at in range(len(shape)) if at != axis])


@operator("Expand")
def expand(node: Node) -> SSAValue:
    """A slice whose stride is 0 along the axes that are repeated."""
    target = node.known_ints(1, "shape")
    value = node.align(node.input(0), len(target))
    shape = node.static_shape(value, "expanding")
    target = [1] * (len(shape) - len(target)) + target
    size, stride = list(shape), [1] * len(shape)
    for axis, (dim, wanted) in enumerate(zip(shape, target, strict=True)):
        if wanted not in (1, dim) and dim != 1:
            raise Unsupported(f"dimension {axis} is {dim}, which is not made {wanted}")
        if dim == 1:
            size[axis], stride[axis] = wanted, int(wanted == 1)
    return node.main(SliceOp(value, [0] * len(shape), size, stride))


@operator("Tile")
def tile(node: Node) -> SSAValue:
    value, repeats = node.input(0), node.known_ints(1, "repeats")
    shape = node.static_shape(value, "tiling")
    if len(repeats) != len(shape):
        raise Unsupported(f"there are {len(repeats)} repeats for rank {len(shape)}")
    size = [dim * count for dim, count in zip(shape, repeats, strict=True)]
    return node.main(SliceOp(value, [0] * len(shape), size, mode=SampleMode.WRAP))


@operator("Pad")
def pad(node: Node) -> SSAValue:
    value = node.input(0)
    mode = node.attributes.text("mode", "constant")
    if mode not in _SAMPLING:
        raise Unsupported(f"mode '{mode}' is unknown")
    pre, post = _pads(node, len(shape_of(value)))
    number = _fill_value(node) if mode == "constant" else None
    if UNKNOWN in shape_of(value) and number == 0:
        return _pad_images(node, value, pre, post)
    shape = node.static_shape(value, "padding")
    size = [a + dim + b for a, dim, b in zip(pre, shape, post, strict=True)]
    filler = None
    if number:
        filler = node.filled(number, TensorType(element_type_of(value), ()))
    start = [-before for before in pre]
    return node.main(SliceOp(value, start, size, mode=_SAMPLING[mode], fill=filler))


def _pads(node: Node, rank: int) -> tuple[list[int], list[int]]:
    """Elements before and after each axis."""
    if node.opset < 11:
        pads, axes = node.attributes.integers("pads", []), None
    else:
        pads, axes = node.known_ints(1, "pads"), node.axes(3)
    axes = list(range(rank)) if axes is None else axes
    if len(pads) != 2 * len(axes):
        raise Unsupported(f"there are {len(pads)} pads for {len(axes)} axes")
    pre, post = [0] * rank, [0] * rank
    for at, axis in enumerate(axes):
        own = normal_axis(axis, rank)
        pre[own], post[own] = pads[at], pads[at + len(axes)]
    return pre, post


def _fill_value(node: Node) -> float:
    if node.opset < 11:
        return node.attributes.number("value", 0.0)
    if not node.has(2):
        return 0
    number = number_of(node.input(2))
    if number is None:
        raise Unsupported("the fill value must be a constant of the model")
    return number


def _pad_images(
    node: Node, value: SSAValue, pre: Sequence[int], post: Sequence[int]
) -> SSAValue:
    """Zeros around the last two axes, which takes unknown dimensions too."""
    if any((*pre[:-2], *post[:-2])) or len(pre) < 4:
        node.static_shape(value, "padding")
    return node.main(PaddingOp(value, pre[-2:], post[-2:]))
