"""Kernels of rows of images for the CPU, which are read as they lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from host_rows import kernels, run
from kernel_arrays import random, tensor
from reference_support import FLOAT_TYPES
from row_kernels import assert_close, network
from test_host_softmax import softmax

import fusemlir

IMAGE_LAYERS: dict[str, Callable[[Any], Any]] = {
    "reduce sum {} axes = [2, 3] keep_dimensions": lambda c: c.sum((2, 3), keepdims=1),
    "reduce max {} axes = [2, 3]": lambda c: c.max((2, 3)),
    "reduce avg {} axes = [1] keep_dimensions": lambda c: c.mean(1, keepdims=True),
    "reduce sum {} axes = [1, 3]": lambda c: c.sum((1, 3)),
    "softmax {} axis = 1": lambda c: softmax(c, 1),
    "softmax {} axis = 3": lambda c: softmax(c, 3),
    "pooling average {} window = [6, 5]": lambda c: c.mean((2, 3), keepdims=True),
    "pooling max {} window = [6, 5]": lambda c: c.max((2, 3), keepdims=True),
}


@pytest.mark.parametrize("has_halo", [False, True])
@pytest.mark.parametrize("features", [8, 33])
@pytest.mark.parametrize("layer", IMAGE_LAYERS)
def test_an_image_is_read_as_a_convolution_leaves_it(
    layer: str, features: int, has_halo: bool
):
    """With its channels innermost, and around it what the next convolution reads."""
    x, w = random((2, 3, 6, 5)), random((features, 3, 1, 1), seed=1)
    image = np.einsum("nchw,fc->nfhw", x.astype(np.float64), w[:, :, 0, 0])
    of_image = IMAGE_LAYERS[layer]
    wanted = of_image(image).astype(np.float32)
    v = np.ones((1, features, 3, 3), np.float32)
    type, last = tensor(image.astype(np.float32)), "tensor<2x1x6x5xf32>"
    layers = f"""
    %w = trt.constant dense<{w.tolist()}> : {tensor(w)}
    %v = trt.constant dense<1.0> : {tensor(v)}
    %c = trt.convolution %x0, %w : ({tensor(x)}, {tensor(w)}) -> {type}
    %y0 = trt.{layer.format("%c")} : {type} -> {tensor(wanted)}
    """
    given = [wanted]
    if has_halo:
        layers += (
            "%y1 = trt.convolution %c, %v pre_padding = [1, 1] post_padding = [1, 1] "
            f": ({type}, {tensor(v)}) -> {last}"
        )
        given.append(np.empty((2, 1, 6, 5), np.float32))
    module = network(layers, given, x)
    names = [name for name in kernels(module) if not name.startswith("halo")]
    before, convolution, after, *_ = names
    assert before.startswith("reformat")
    assert convolution.startswith("conv")
    assert after.startswith(layer.split()[0][:4])
    found, *_ = fusemlir.compile(module, device="host", fuse="none").run([x])
    assert_close(found, of_image(image), k=8, terms=30 * features)


def test_a_softmax_is_left_as_the_next_convolution_reads_it():
    """All channels of a pixel are 1 together: the sums count the pixels in a window."""
    x, w = random((2, 3, 6, 5)), random((8, 3, 1, 1), seed=1)
    v = np.ones((1, 8, 3, 3), np.float32)
    image, last = "tensor<2x8x6x5xf32>", "tensor<2x1x6x5xf32>"
    layers = f"""
    %w = trt.constant dense<{w.tolist()}> : {tensor(w)}
    %v = trt.constant dense<1.0> : {tensor(v)}
    %c = trt.convolution %x0, %w : ({tensor(x)}, {tensor(w)}) -> {image}
    %s = trt.softmax %c axis = 1 : {image} -> {image}
    %y0 = trt.convolution %s, %v pre_padding = [1, 1] post_padding = [1, 1]
      : ({image}, {tensor(v)}) -> {last}"""
    pixels = np.pad(np.ones((6, 5)), 1)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3))
    wanted = np.broadcast_to(windows.sum((2, 3)), (2, 1, 6, 5))
    module = network(layers, [wanted.astype(np.float32)], x)
    (found,) = fusemlir.compile(module, device="host", fuse="none").run([x])
    assert_close(found, wanted, k=4, terms=72)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("kind", ["average", "max"])
def test_a_pooling_of_a_whole_image_needs_no_other_layout(kind: str, dtype: Any):
    x = random((3, 5, 9, 7), dtype)
    x[0, 0, 0, 0] = np.nan
    wide = x.astype(np.float64)
    exact = (np.mean if kind == "average" else np.max)(wide, (2, 3), keepdims=True)
    wanted = exact.astype(dtype)
    text = (
        f"%y0 = trt.pooling {kind} %x0 window = [9, 7] : {tensor(x)} -> "
        f"{tensor(wanted)}"
    )
    assert_close(run(network(text, [wanted], x), x), exact, k=4, terms=63)


def test_a_pooling_of_a_part_of_the_image_is_not_of_all():
    x = random((2, 8, 6, 5))
    x[:, :, -1] = 100
    wanted = x[:, :, :5, :4].max((2, 3), keepdims=True)
    text = (
        "%y0 = trt.pooling max %x0 window = [6, 5] stride = [6, 5] "
        f"pre_padding = [1, 1] : {tensor(x)} -> {tensor(wanted)}"
    )
    module = network(text, [wanted], x)
    (found,) = fusemlir.compile(module, device="host", fuse="none").run([x])
    np.testing.assert_array_equal(found, wanted)
