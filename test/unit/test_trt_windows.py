"""Output sizes and padding of windowed layers against ONNX's own tools."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from trt_values import shape, value
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.convolution import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.enums import PaddingMode, PoolingType
from fusemlir.dialects.trt.pooling import PoolingOp

SAME_MODES = [PaddingMode.SAME_UPPER, PaddingMode.SAME_LOWER]
ROUNDING_MODES = [PaddingMode.EXPLICIT_ROUND_DOWN, PaddingMode.EXPLICIT_ROUND_UP]

# Per axis: size, kernel, stride, dilation, padding before and after.
AXES = list(product((5, 8), (1, 3), (1, 2, 3), (1, 2), (0, 1), (0, 2)))


def onnx_shape(
    op: str, inputs: list[tuple[int, ...]], **attributes: Any
) -> tuple[int, ...]:
    """What onnx infers for the output of one node; None for inputs it refuses."""
    names = [f"i{at}" for at in range(len(inputs))]
    node = helper.make_node(op, names, ["y"], **attributes)
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        for name, dims in zip(names, inputs, strict=True)
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", infos, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    return tuple(dim.dim_value for dim in dims)


def run_onnx(op: str, arrays: list[np.ndarray], **attributes: Any) -> np.ndarray:
    """What onnxruntime computes for one node."""
    names = [f"i{at}" for at in range(len(arrays))]
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(op, names, ["y"], **attributes)
    graph = helper.make_graph([node], "g", infos, [output])
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = ort.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (result,) = session.run(None, dict(zip(names, arrays, strict=True)))
    return result


def stretched(kernel: np.ndarray, dilation: int) -> np.ndarray:
    """The kernel that does undilated what `kernel` does dilated: zeros between.

    onnxruntime has no SAME padding with dilation.
    """
    extents = [1 + dilation * (size - 1) for size in kernel.shape[2:]]
    wide = np.zeros((*kernel.shape[:2], *extents), kernel.dtype)
    wide[:, :, ::dilation, ::dilation] = kernel
    return wide


def pairs_of_axes() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every axis of the grid beside one that differs from it in everything."""
    return list(zip(AXES, AXES[len(AXES) // 2 + 5 :] + AXES, strict=False))


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_sizes_are_those_of_onnx(groups: int):
    for axes in pairs_of_axes():
        size, kernel, stride, dilation, pre, post = zip(*axes, strict=True)
        x, w = (3, 4, *size), (6, 4 // groups, *kernel)
        layer = ConvolutionOp(
            value(*x),
            value(*w),
            stride=stride,
            dilation=dilation,
            pre_padding=pre,
            post_padding=post,
            num_groups=groups,
        )
        layer.verify()
        wanted = onnx_shape(
            "Conv",
            [x, w],
            strides=stride,
            dilations=dilation,
            pads=pre + post,
            group=groups,
        )
        assert shape(layer.output) == wanted, axes


@pytest.mark.parametrize("groups", [1, 2])
def test_deconvolution_sizes_are_those_of_onnx(groups: int):
    for axes in pairs_of_axes():
        size, kernel, stride, dilation, pre, post = zip(*axes, strict=True)
        x, w = (3, 4, *size), (4, 6 // groups, *kernel)
        layer = DeconvolutionOp(
            value(*x),
            value(*w),
            stride=stride,
            dilation=dilation,
            pre_padding=pre,
            post_padding=post,
            num_groups=groups,
        )
        layer.verify()
        wanted = onnx_shape(
            "ConvTranspose",
            [x, w],
            strides=stride,
            dilations=dilation,
            pads=pre + post,
            group=groups,
        )
        assert shape(layer.output) == wanted, axes


@pytest.mark.parametrize("mode", ROUNDING_MODES)
def test_pooling_sizes_are_those_of_onnx(mode: PaddingMode):
    round_up = mode == PaddingMode.EXPLICIT_ROUND_UP
    checked = 0
    for size, kernel, stride, pre, post in product(
        (5, 8, 9), (1, 2, 3), (1, 2, 3), (0, 1), (0, 1)
    ):
        if pre >= kernel or post >= kernel:
            continue
        layer = PoolingOp(
            PoolingType.MAX,
            value(1, 2, size, size + 1),
            (kernel, kernel),
            stride=(stride, stride),
            pre_padding=(pre, pre),
            post_padding=(post, post),
            padding_mode=mode,
        )
        layer.verify()
        found = shape(layer.output)
        # onnx drops a last window that would start behind the input, TensorRT not.
        last_start = ((found[2] or 0) - 1) * stride, ((found[3] or 0) - 1) * stride
        if last_start[0] >= size + pre or last_start[1] >= size + 1 + pre:
            continue
        checked += 1
        assert found == onnx_shape(
            "MaxPool",
            [(1, 2, size, size + 1)],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pre, pre, post, post],
            ceil_mode=int(round_up),
        )
    assert checked > 50


def test_round_up_keeps_a_last_window_that_starts_in_the_padding():
    layer = PoolingOp(
        PoolingType.AVERAGE,
        value(1, 1, 3, 3),
        (2, 2),
        stride=(3, 3),
        post_padding=(1, 1),
        padding_mode=PaddingMode.EXPLICIT_ROUND_UP,
    )
    assert shape(layer.output) == (1, 1, 2, 2)


def test_three_spatial_axes_have_the_sizes_of_onnx():
    x, w = (2, 4, 7, 8, 9), (4, 4, 3, 2, 1)
    settings = {"strides": [1, 2, 3], "dilations": [2, 1, 1], "pads": [0, 1, 2] * 2}
    properties = {
        "stride": (1, 2, 3),
        "dilation": (2, 1, 1),
        "pre_padding": (0, 1, 2),
        "post_padding": (0, 1, 2),
    }
    convolution = ConvolutionOp(value(*x), value(*w), **properties)
    assert shape(convolution.output) == onnx_shape("Conv", [x, w], **settings)
    # Trimming by 2 leaves less than nothing of a window of 1, so it is left out.
    settings["pads"], properties["pre_padding"] = [0, 1, 0] * 2, (0, 1, 0)
    properties["post_padding"] = (0, 1, 0)
    spread = DeconvolutionOp(value(*x), value(*w), **properties)
    assert shape(spread.output) == onnx_shape("ConvTranspose", [x, w], **settings)
    pooling = PoolingOp(PoolingType.MAX, value(*x), (3, 2, 2), stride=(2, 2, 3))
    assert shape(pooling.output) == onnx_shape(
        "MaxPool", [x], kernel_shape=[3, 2, 2], strides=[2, 2, 3]
    )


@pytest.mark.parametrize("mode", SAME_MODES)
def test_convolution_pads_where_onnxruntime_does_in_same_modes(mode: PaddingMode):
    random = np.random.default_rng(0)
    for size, kernel, stride, dilation in product(
        (5, 6, 8), (1, 2, 3), (1, 2, 4), (1, 2)
    ):
        if stride > 1 + dilation * (kernel - 1):
            continue  # onnxruntime crops the input there, TensorFlow's rule does not
        x = random.integers(-4, 5, (1, 1, size, size + 1)).astype(np.float32)
        w = random.integers(-4, 5, (1, 1, kernel, kernel)).astype(np.float32)
        layer = ConvolutionOp(
            value(*x.shape),
            value(*w.shape),
            stride=(stride, stride),
            dilation=(dilation, dilation),
            padding_mode=mode,
        )
        layer.verify()
        pre, post = layer.padding_of((size, size + 1))
        window = {"strides": [stride] * 2, "dilations": [dilation] * 2}
        wanted = run_onnx(
            "Conv",
            [x, stretched(w, dilation)],
            auto_pad=mode.upper(),
            strides=[stride] * 2,
        )
        found = run_onnx("Conv", [x, w], pads=[*pre, *post], **window)
        assert shape(layer.output) == wanted.shape
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("mode", SAME_MODES)
def test_deconvolution_trims_where_onnxruntime_does_in_same_modes(mode: PaddingMode):
    random = np.random.default_rng(0)
    for size, kernel, stride, dilation in product((3, 5), (2, 3, 4), (1, 2), (1, 2)):
        x = random.integers(-4, 5, (1, 1, size, size)).astype(np.float32)
        w = random.integers(-4, 5, (1, 1, kernel, kernel)).astype(np.float32)
        layer = DeconvolutionOp(
            value(*x.shape),
            value(*w.shape),
            stride=(stride, stride),
            dilation=(dilation, dilation),
            padding_mode=mode,
        )
        layer.verify()
        pre, post = layer.padding_of((size, size))
        window = {"strides": [stride] * 2, "dilations": [dilation] * 2}
        wanted = run_onnx(
            "ConvTranspose",
            [x, stretched(w, dilation)],
            auto_pad=mode.upper(),
            strides=[stride] * 2,
        )
        found = run_onnx("ConvTranspose", [x, w], pads=[*pre, *post], **window)
        assert shape(layer.output) == wanted.shape
        np.testing.assert_array_equal(found, wanted)


def test_deconvolution_adds_nothing_where_the_stride_exceeds_the_window():
    layer = DeconvolutionOp(
        value(1, 1, 4, 4),
        value(1, 1, 1, 2),
        stride=(3, 3),
        padding_mode=PaddingMode.SAME_UPPER,
    )
    assert layer.padding_of((4, 4)) == ((0, 0), (0, 0))
    assert shape(layer.output) == (1, 1, 10, 11)


def test_same_padding_is_never_negative():
    layer = PoolingOp(
        PoolingType.MAX,
        value(1, 1, 6, 6),
        (1, 1),
        stride=(4, 4),
        padding_mode=PaddingMode.SAME_LOWER,
    )
    assert layer.padding_of((6, 6)) == ((0, 0), (0, 0))


def test_unknown_sizes_stay_unknown():
    unknown = value(None, 4, None, 8)
    for layer in (
        ConvolutionOp(unknown, value(6, 4, 3, 3)),
        ConvolutionOp(unknown, value(6, 4, 3, 3), padding_mode=PaddingMode.SAME_UPPER),
        DeconvolutionOp(unknown, value(4, 6, 3, 3)),
        PoolingOp(PoolingType.MAX, unknown, (3, 3)),
    ):
        layer.verify()
        assert shape(layer.output)[::2] == (None, None)
        assert shape(layer.output)[3] is not None


def test_a_kernel_of_unknown_size_gives_unknown_sizes():
    kernel = value(None, 4, None, 3)
    assert shape(ConvolutionOp(value(1, 4, 9, 9), kernel).output) == (1, None, None, 7)
    spread = DeconvolutionOp(value(1, 4, 9, 9), value(4, None, None, 3), num_groups=2)
    assert shape(spread.output) == (1, None, None, 11)


@pytest.mark.parametrize("extra", [(1, 1), (0, 0)])
def test_properties_that_are_all_default_are_absent(extra: tuple[int, int]):
    layer = ConvolutionOp(
        value(1, 4, 9, 9),
        value(6, 4, 3, 3),
        stride=(1, 1),
        dilation=(1, 1),
        pre_padding=(0, 0),
        post_padding=extra,
        num_groups=1,
        padding_mode=PaddingMode.EXPLICIT_ROUND_DOWN,
    )
    assert set(layer.properties) == ({"post_padding"} if any(extra) else set())


def test_a_layer_that_is_not_legal_cannot_be_built():
    with pytest.raises(VerifyException, match="input has 4 channels"):
        ConvolutionOp(value(1, 4, 9, 9), value(6, 3, 3, 3))
