"""Kernels of resizes, native and on the emulator, against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernel_arrays import emulate_layer, layer_module
from kernels_on_host import parse
from layers_on_host import run_on_host
from reference_support import apply
from resize_cases import Resize

from fusemlir.reference import Mode

CASES = {
    "twice": ((1, 3, 5, 7), Resize("nearest", "asymmetric", [1, 3, 10, 14])),
    "half": (
        (2, 3, 9, 8),
        Resize("nearest", "half_pixel", [2, 3, 5, 4], rounding="ceil"),
    ),
    "all axes": (
        (2, 3, 4),
        Resize("nearest", "half_pixel", [3, 2, 9], rounding="round_prefer_floor"),
    ),
    "linear twice": ((1, 17, 5, 7), Resize("linear", "half_pixel", [1, 17, 10, 14])),
    "corners": ((3, 1, 4, 33), Resize("linear", "align_corners", [3, 1, 7, 15])),
    "a part is left": (
        (1, 5, 9, 4),
        Resize("linear", "half_pixel", scales=[1.0, 1.0, 0.41, 1.7]),
    ),
    # No turn of four positions is whole.
    "too short to recur": (
        (3, 2),
        Resize("linear", "half_pixel", scales=[1.0, 1.3333334]),
    ),
    "volume": ((1, 2, 3, 4, 5), Resize("linear", "half_pixel", [1, 2, 6, 3, 15])),
    "cubic": ((1, 3, 4, 7), Resize("cubic", "half_pixel", [1, 3, 9, 5])),
    "cubic inside": (
        (2, 3, 5, 4),
        Resize("cubic", "half_pixel", [2, 3, 5, 12], coefficient=-0.5, excludes=True),
    ),
    "one element": ((1, 1, 3, 3), Resize("linear", "pytorch_half_pixel", [1, 1, 1, 1])),
}


def assert_computed(actual: np.ndarray, case: Resize, x: np.ndarray) -> None:
    wanted = apply(case.layer, x, mode=Mode.WIDE)
    assert actual.dtype == wanted.dtype
    if case.mode == "nearest":
        np.testing.assert_array_equal(actual, wanted)
        return
    eps = 2.0**-10 if x.dtype == np.float16 else 2.0**-20
    found, exact = actual.astype(np.float64), wanted.astype(np.float64)
    np.testing.assert_allclose(found, exact, rtol=0, atol=eps * np.abs(x).max())


def image(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    return (np.random.default_rng(5).standard_normal(shape) * 9).astype(dtype)


@pytest.mark.parametrize("name", CASES)
def test_rows_are_resized_as_the_reference_does(name: str):
    shape, case = CASES[name]
    x = image(shape)
    (actual,) = run_on_host(layer_module(case.layer, x), x)
    assert_computed(actual, case, x)


@pytest.mark.parametrize("name", CASES)
def test_threads_of_a_gpu_compute_an_element_each(name: str):
    shape, case = CASES[name]
    x = image(shape)
    assert_computed(emulate_layer(case.layer, x), case, x)


@pytest.mark.parametrize("name", ["linear twice", "corners", "cubic"])
def test_what_is_not_finite_goes_where_it_does_in_the_reference(name: str):
    shape, case = CASES[name]
    x = image(shape)
    x[0, 0, 0, 1], x[0, 0, -1, -1] = np.inf, np.nan
    with np.errstate(all="ignore"):
        wanted = apply(case.layer, x)
    (native,) = run_on_host(layer_module(case.layer, x), x)
    for actual in (native, emulate_layer(case.layer, x)):
        for kind in (np.isnan, np.isposinf, np.isneginf):
            np.testing.assert_array_equal(kind(actual), kind(wanted))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("linear twice", np.float16),
        ("half", np.int8),
        ("twice", np.int64),
        ("half", np.bool_),
    ],
)
def test_other_types_are_resized(name: str, dtype: Any):
    shape, case = CASES[name]
    x = image(shape, dtype)
    (actual,) = run_on_host(layer_module(case.layer, x), x)
    assert_computed(actual, case, x)
    assert_computed(emulate_layer(case.layer, x), case, x)


@pytest.mark.parametrize(
    ("mode", "channels"), [("nearest", 15), ("linear", 33), ("cubic", 1)]
)
def test_images_are_resized_with_their_channels_innermost(mode: str, channels: int):
    """Between kernels of images; the second one reads a halo around them."""
    case = Resize(mode, "half_pixel", [3, channels, 10, 9])
    text = f"""
    func.func @main(%x: tensor<3x{channels}x5x7xf32>, %w: tensor<{channels}x1x3x3xf32>)
        -> tensor<3x{channels}x10x9xf32> {{
      %p = trt.pooling max %x window = [1, 1] : tensor<3x{channels}x5x7xf32> -> tensor<3x{channels}x5x7xf32>
      %r = trt.resize {mode} %p size = [3, {channels}, 10, 9] coordinates = half_pixel : tensor<3x{channels}x5x7xf32> -> tensor<3x{channels}x10x9xf32>
      %y = trt.convolution %r, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = {channels} : (tensor<3x{channels}x10x9xf32>, tensor<{channels}x1x3x3xf32>) -> tensor<3x{channels}x10x9xf32>
      func.return %y : tensor<3x{channels}x10x9xf32>
    }}"""  # noqa: E501
    x, w = image((3, channels, 5, 7)), image((channels, 1, 3, 3))
    (actual,) = run_on_host(parse(text), x, w)
    resized = np.pad(apply(case.layer, x), [(0, 0), (0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(resized, (3, 3), (2, 3))
    wanted = np.einsum("bcyxij,czij->bcyx", windows.astype(np.float64), w)
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_a_resized_image_is_written_into_a_concatenation():
    text = """
    func.func @main(%x: tensor<2x8x4x5xf32>, %z: tensor<2x3x8x10xf32>)
        -> tensor<2x11x8x10xf32> {
      %p = trt.pooling max %x window = [1, 1] : tensor<2x8x4x5xf32> -> tensor<2x8x4x5xf32>
      %r = trt.resize linear %p size = [2, 8, 8, 10] : tensor<2x8x4x5xf32> -> tensor<2x8x8x10xf32>
      %q = trt.pooling max %z window = [1, 1] : tensor<2x3x8x10xf32> -> tensor<2x3x8x10xf32>
      %c = trt.concatenation %r, %q axis = 1 : (tensor<2x8x8x10xf32>, tensor<2x3x8x10xf32>) -> tensor<2x11x8x10xf32>
      %y = trt.pooling max %c window = [1, 1] : tensor<2x11x8x10xf32> -> tensor<2x11x8x10xf32>
      func.return %y : tensor<2x11x8x10xf32>
    }"""  # noqa: E501
    x, z = image((2, 8, 4, 5)), image((2, 3, 8, 10))
    (actual,) = run_on_host(parse(text), x, z)
    assert_computed(actual[:, :8], Resize("linear", "asymmetric", [2, 8, 8, 10]), x)
    np.testing.assert_array_equal(actual[:, 8:], z)
