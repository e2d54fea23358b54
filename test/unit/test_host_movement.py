"""Kernels for the CPU that move elements, against numpy, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import layer_module, tensor
from kernels_on_host import parse
from layers_on_host import run_on_host
from reference_support import onnx_result
from test_gpu_movement import (
    OUTSIDE,
    PADDED,
    SHUFFLES,
    SLICES,
    TYPES,
    assert_same_bits,
    bits,
    random_shuffle,
    shuffle,
    shuffled,
    sliced,
)
from xdsl.dialects.func import CallOp, FuncOp

from fusemlir.dialects.trt import ConcatenationOp, PaddingOp, ShuffleOp, SliceOp
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.host.layout import Layout
from fusemlir.source_network import make_context


def run_layer(build: Any, *arrays: np.ndarray) -> np.ndarray:
    (result,) = run_on_host(layer_module(build, *arrays), *arrays)
    return result


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((3, 5, 7), (2, 0, 1)),
        ((2, 16, 33), (0, 2, 1)),
        ((67, 130), (1, 0)),
        ((5, 300, 6), (2, 1, 0)),
        ((19, 3), (1, 0)),
        ((3, 31), (1, 0)),
    ],
)
def test_a_transpose_moves_elements_of_every_type(shape: Any, order: Any, dtype: Any):
    x = bits(shape, dtype)
    build = lambda v: ShuffleOp(v, first_transpose=order)  # noqa: E731
    assert_same_bits(run_layer(build, x), x.transpose(order))


@pytest.mark.parametrize("case", SHUFFLES)
def test_a_shuffle_is_transpose_reshape_transpose(case: str):
    x = np.arange(np.prod(SHUFFLES[case][0]), dtype=np.int32)
    x = x.reshape(SHUFFLES[case][0])
    assert_same_bits(run_layer(shuffle(case), x), shuffled(x, case))


@pytest.mark.parametrize("seed", range(12))
def test_any_shuffle_is_transpose_reshape_transpose(seed: int):
    shape, first, reshape, second = random_shuffle(seed)
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    wanted = x.transpose(first).reshape(reshape).transpose(second)
    build = lambda v: ShuffleOp(  # noqa: E731
        v, first_transpose=first, reshape_dims=reshape, second_transpose=second
    )
    assert_same_bits(run_layer(build, x), wanted)


@pytest.mark.parametrize("case", SLICES)
def test_a_slice_reads_every_stride(case: str):
    shape, *numbers = SLICES[case]
    x = bits(shape, TYPES[list(SLICES).index(case)])
    wanted = sliced(x, SLICES[case])
    assert_same_bits(run_layer(lambda v: SliceOp(v, *numbers), x), wanted)


@pytest.mark.parametrize("mode", PADDED)
@pytest.mark.parametrize("case", OUTSIDE)
def test_a_slice_reads_outside_as_its_mode_says(case: str, mode: SampleMode):
    shape, *numbers = OUTSIDE[case]
    x = np.arange(1, np.prod(shape) + 1, dtype=np.int32).reshape(shape)
    wanted = sliced(x, OUTSIDE[case], mode=PADDED[mode])
    build = lambda v: SliceOp(v, *numbers, mode=mode)  # noqa: E731
    assert_same_bits(run_layer(build, x), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_])
def test_a_slice_is_filled_with_an_operand(dtype: Any):
    x, fill = np.ones((3, 4), dtype), np.array(7).astype(dtype)
    wanted = sliced(x, OUTSIDE["around"], constant_values=fill.item())
    _, *numbers = OUTSIDE["around"]
    build = lambda v, f: SliceOp(v, *numbers, mode=SampleMode.FILL, fill=f)  # noqa: E731
    assert_same_bits(run_layer(build, x, fill), wanted)


def test_a_fill_may_be_a_number_of_the_body():
    text = """
    func.func @main(%x: tensor<2xf16>) -> tensor<4xf16> {
      %y = trt.fused "slice"(%x) layers ["slice"] : (tensor<2xf16>) -> tensor<4xf16> {
      ^bb0(%x0: tensor<2xf16>):
        %f = trt.constant dense<0.1> : tensor<1xf16>
        %s = trt.slice %x0 fill(%f : tensor<1xf16>) start = [-1] size = [4] mode = fill layers ["slice"] : tensor<2xf16> -> tensor<4xf16>
        trt.yield %s : tensor<4xf16>
      }
      func.return %y : tensor<4xf16>
    }"""  # noqa: E501
    (actual,) = run_on_host(parse(text), np.array([3, 5], np.float16))
    assert_same_bits(actual, np.array([0.1, 3, 5, 0.1], np.float16))


def test_nothing_can_be_read_of_an_empty_axis_but_a_fill():
    x = np.empty((0, 3), np.float32)
    fill = lambda v: SliceOp(v, (0, 0), (2, 3), mode=SampleMode.FILL)  # noqa: E731
    np.testing.assert_array_equal(run_layer(fill, x), np.zeros((2, 3)))


@pytest.mark.parametrize("dtype", [np.float16, np.int8])
@pytest.mark.parametrize(
    ("pre", "post"), [((1, 2), (3, 0)), ((0, 0), (0, 4)), ((-1, 2), (-2, -1))]
)
def test_a_padding_is_zeros_and_where_negative_a_crop(
    dtype: Any, pre: tuple[int, int], post: tuple[int, int]
):
    x = bits((3, 1, 7, 5), dtype)
    assert_same_bits(
        run_layer(lambda v: PaddingOp(v, pre, post), x), padded(x, pre, post)
    )


def padded(x: np.ndarray, pre: Any, post: Any) -> np.ndarray:
    widths = [max(n, 0) for n in (*pre, *post)]
    wide = np.pad(x, [(0, 0)] * 2 + [widths[0::2], widths[1::2]])
    rows, columns = (
        slice(max(-a, 0), n - max(-b, 0))
        for a, b, n in zip(pre, post, wide.shape[2:], strict=True)
    )
    return wide[:, :, rows, columns]


def test_a_padding_agrees_with_onnx():
    x = bits((1, 3, 5, 7), np.int32)
    wanted = onnx_result("Pad", x, np.array([0, 0, 1, 2, 0, 0, 3, 0]))
    assert_same_bits(run_layer(lambda v: PaddingOp(v, (1, 2), (3, 0)), x), wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.int64])
@pytest.mark.parametrize("axis", range(3))
def test_a_concatenation_joins_along_its_axis(axis: int, dtype: Any):
    shapes = [[3, 7, 5] for _ in range(4)]
    for length, shape in zip((1, 31, 0, 33), shapes, strict=True):
        shape[axis] = length
    parts = [bits(tuple(shape), dtype, k) for k, shape in enumerate(shapes)]
    build = lambda *values: ConcatenationOp(values, axis)  # noqa: E731
    assert_same_bits(run_layer(build, *parts), np.concatenate(parts, axis))


def test_one_tensor_may_be_joined_to_itself():
    x = bits((2, 3), np.int32)
    build = lambda v: ConcatenationOp([v, v, v], 0)  # noqa: E731
    assert_same_bits(run_layer(build, x), np.concatenate([x, x, x]))


def test_a_kernel_that_joins_many_is_small():
    parts = [np.empty((1, 2 + k, 5), np.int32) for k in range(64)]
    module = layer_module(lambda *values: ConcatenationOp(values, 1), *parts)
    lower(module)
    assert len(list(kernels(module)[0].walk())) < 800


def lower(module: Any) -> None:
    ConvertTrtToHostPass().apply(make_context(), module)


def kernels(module: Any) -> list[FuncOp]:
    functions = (op for op in module.body.block.ops if isinstance(op, FuncOp))
    return [op for op in functions if op.sym_visibility is not None]


IMAGES: dict[str, tuple[str, Any]] = {
    "channels mixed": (
        "trt.shuffle %p reshape = [2, 3, 10, 9, 11] second_transpose = [0, 2, 1, 3, 4]",
        lambda x: x.reshape(2, 3, 10, 9, 11).transpose(0, 2, 1, 3, 4),
    ),
    "rows and columns": (
        "trt.shuffle %p first_transpose = [0, 1, 3, 2]",
        lambda x: x.transpose(0, 1, 3, 2),
    ),
    "to channels last": (
        "trt.shuffle %p first_transpose = [0, 2, 3, 1]",
        lambda x: x.transpose(0, 2, 3, 1),
    ),
    "batch last": (
        "trt.shuffle %p first_transpose = [3, 1, 2, 0]",
        lambda x: x.transpose(3, 1, 2, 0),
    ),
    "as a matrix": (
        "trt.shuffle %p reshape = [2, 30, 99] second_transpose = [0, 2, 1]",
        lambda x: x.reshape(2, 30, 99).transpose(0, 2, 1),
    ),
    "by no strides": (
        "trt.shuffle %p reshape = [2, 11, 270] second_transpose = [0, 2, 1]",
        lambda x: x.reshape(2, 11, 270).transpose(0, 2, 1),
    ),
    "some channels": (
        "trt.slice %p start = [0, 7, 0, 0] size = [2, 15, 9, 11]",
        lambda x: x[:, 7:22],
    ),
    "every other pixel": (
        "trt.slice %p start = [0, 0, 1, 0] size = [2, 30, 4, 6] stride = [1, 1, 2, 2]",
        lambda x: x[:, :, 1::2, ::2],
    ),
    "backwards": (
        "trt.slice %p start = [1, 29, 8, 10] size = [2, 30, 9, 11] "
        "stride = [-1, -1, -1, -1]",
        lambda x: x[::-1, ::-1, ::-1, ::-1],
    ),
    "padded": (
        "trt.padding %p pre_padding = [1, -2] post_padding = [0, 3]",
        lambda x: padded(x, (1, -2), (0, 3)),
    ),
    "reflected": (
        "trt.slice %p start = [0, -1, -3, 2] size = [2, 32, 14, 20] mode = reflect",
        lambda x: np.pad(x, [(0, 0), (1, 1), (3, 2), (0, 11)], "reflect")[:, :, :, 2:],
    ),
    "joined by channel": (
        "trt.concatenation %p, %p, %x axis = 1",
        lambda x: np.concatenate([x, x, x], 1),
    ),
    "joined by column": (
        "trt.concatenation %x, %p axis = 3",
        lambda x: np.concatenate([x, x], 3),
    ),
}
"""Of an image `%p` with its channels innermost, and of `%x`, which lies row-major."""


@pytest.mark.parametrize("case", IMAGES)
def test_an_image_is_moved_as_it_lies(case: str):
    layer, expected = IMAGES[case]
    x = np.random.default_rng(0).permutation(2 * 30 * 9 * 11).reshape(2, 30, 9, 11)
    x = x.astype(np.float32)
    wanted = expected(x)
    text = image_network(layer, x, wanted)
    (actual,) = run_on_host(parse(text), x)
    assert_same_bits(actual, np.ascontiguousarray(wanted))
    module = parse(text)
    lower(module)
    # The input is brought into the layout of images, and the result out of it.
    assert calls(module, "reformat") <= 2


def image_network(layer: str, x: np.ndarray, result: np.ndarray) -> str:
    name, operands = layer.split(" ", 1)
    inputs = ", ".join([tensor(x)] * operands.split(" axis")[0].count("%"))
    inputs = f"({inputs})" if "concatenation" in name else inputs
    return f"""
    func.func @main(%x: {tensor(x)}) -> {tensor(result)} {{
      %p = trt.pooling max %x window = [1, 1] : {tensor(x)} -> {tensor(x)}
      %y = {name} {operands} : {inputs} -> {tensor(result)}
      func.return %y : {tensor(result)}
    }}"""


def calls(module: Any, kind: str) -> int:
    """How many calls a lowered network has of kernels of a kind."""
    found = (op for op in module.walk() if isinstance(op, CallOp))
    names = [op.callee.root_reference.data for op in found]
    return sum(name.startswith(kind) for name in names)


def test_channels_are_mixed_where_they_lie_between_convolutions():
    """Of ShuffleNet: the second one reads past the edge of what is mixed."""
    x = np.random.default_rng(0).integers(-9, 9, (1, 24, 7, 9)).astype(np.float32)
    kernel = np.zeros((24, 1, 3, 3), np.float32)
    kernel[:, :, 1, 1], kernel[:, :, 0, 2] = 1, 2
    image, groups = tensor(x), "tensor<1x8x3x7x9xf32>"
    text = f"""
    func.func @main(%x: {image}) -> {image} {{
      %w = trt.constant dense<{kernel.tolist()}> : {tensor(kernel)}
      %p = trt.pooling max %x window = [1, 1] : {image} -> {image}
      %s = trt.shuffle %p reshape = [1, 3, 8, 7, 9] second_transpose = [0, 2, 1, 3, 4] : {image} -> {groups}
      %v = trt.shuffle %s reshape = [1, 24, 7, 9] : {groups} -> {image}
      %y = trt.convolution %v, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = 24 : ({image}, {tensor(kernel)}) -> {image}
      func.return %y : {image}
    }}"""  # noqa: E501
    mixed = x.reshape(1, 3, 8, 7, 9).transpose(0, 2, 1, 3, 4).reshape(x.shape)
    wide = np.pad(mixed, [(0, 0), (0, 0), (1, 1), (1, 1)])
    wanted = mixed + 2 * wide[:, :, :-2, 2:]
    (actual,) = run_on_host(parse(text), x)
    np.testing.assert_array_equal(actual, wanted)
    module = parse(text)
    lower(module)
    assert (calls(module, "shuffle"), calls(module, "reformat")) == (1, 2)


def addresses(layout: Layout) -> np.ndarray:
    """Where each element of a tensor is."""
    at = np.indices(layout.shape).reshape(len(layout.shape), -1)
    strides = np.array(layout.strides)
    return (layout.start + strides @ at).reshape(layout.shape)


SEEN: dict[str, tuple[Layout, tuple[int, ...], bool]] = {
    "groups of channels": (
        Layout.channels_last((2, 12, 3, 5)),
        (2, 4, 3, 3, 5),
        True,
    ),
    "groups that are one": (
        Layout((2, 4, 3, 5, 7), (0, 3, 4, 1, 2), ((0, 0),) * 5),
        (2, 12, 5, 7),
        True,
    ),
    "groups in a halo": (
        Layout.channels_last((2, 12, 3, 5), [(1, 2), (0, 1)]),
        (2, 4, 3, 3, 5),
        True,
    ),
    "pixels": (Layout.channels_last((2, 12, 3, 5)), (2, 12, 15), True),
    "pixels in a halo": (
        Layout.channels_last((2, 12, 3, 5), [(1, 1), (1, 1)]),
        (2, 12, 15),
        False,
    ),
    "one channel": (Layout.channels_last((2, 1, 3, 5)), (30,), True),
    "one pixel": (Layout.channels_last((2, 12, 1, 1)), (2, 12), True),
    "channels and pixels": (Layout.channels_last((2, 12, 3, 5)), (2, 180), False),
    "spare channels": (
        Layout.channels_last((2, 3, 4, 4), spare=1),
        (2, 3, 16),
        True,
    ),
    "nothing": (Layout.channels_last((2, 0, 3, 5)), (0, 7), True),
}
"""A layout, another shape, and whether the same memory is a tensor of it."""


@pytest.mark.parametrize("case", SEEN)
def test_memory_is_seen_under_another_shape(case: str):
    layout, shape, is_one = SEEN[case]
    seen = layout.reshaped(shape)
    assert (seen is not None) == is_one
    if seen is not None:
        assert seen.volume == layout.volume
        wanted = addresses(layout).reshape(shape)
        np.testing.assert_array_equal(addresses(seen), wanted)
