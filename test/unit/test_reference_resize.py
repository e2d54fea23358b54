"""The meaning of a resize, against onnxruntime and formulas written out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from reference_support import apply, assert_rounded, assert_same
from resize_cases import COORDINATES, ROUNDINGS, Resize

from fusemlir.reference import Mode

SIZES = [(1, 5, 1, 1), (1, 5, 6, 4), (2, 5, 3, 10), (3, 7, 9, 5), (14, 7, 9, 13)]
"""Rows and columns before and after."""


def image(rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(rows)
    return rng.standard_normal((1, 2, rows, columns)).astype(np.float32)


def targets(rows: int, columns: int, to_rows: int, to_columns: int) -> list[Any]:
    """A shape; and scales, of which one leaves a part of an element."""
    scales = [1, 1, (to_rows + 0.3) / rows, to_columns / columns]
    scales = [float(np.float32(scale)) for scale in scales]
    return [{"sizes": [1, 2, to_rows, to_columns]}, {"scales": scales}]


def assert_agrees(case: Resize, x: np.ndarray) -> None:
    wanted = case.by_onnxruntime(x)
    actual = apply(case.layer, x)
    assert actual.shape == wanted.shape
    # onnxruntime rounds places to f32, and with them weights.
    slack = 0 if case.mode == "nearest" else 2e-5
    np.testing.assert_allclose(actual, wanted, rtol=0, atol=slack, err_msg=str(case))


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_the_nearest_element_is_onnxruntimes(coordinates: str, rounding: str):
    for size in SIZES:
        for target in targets(*size):
            case = Resize("nearest", coordinates, rounding=rounding, **target)
            assert_agrees(case, image(*size[:2]))


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_blended_elements_are_onnxruntimes(coordinates: str, mode: str):
    for size in SIZES:
        for target in targets(*size):
            assert_agrees(Resize(mode, coordinates, **target), image(*size[:2]))
            if mode == "cubic":
                other = {"coefficient": -0.5, "excludes": True, **target}
                assert_agrees(Resize(mode, coordinates, **other), image(*size[:2]))


def test_volumes_and_lines_are_blended():
    x = np.random.default_rng(0).standard_normal((1, 2, 3, 4, 5)).astype(np.float32)
    assert_agrees(Resize("linear", "half_pixel", [1, 2, 6, 3, 7]), x)
    line = Resize("linear", "asymmetric", scales=[1.0, 1.0, 1.0, 1.0, 2.5])
    assert_agrees(line, x)


def test_places_are_exact_where_floats_are_not():
    """Each third element, whole: 3 / 0.6 is 5, though 0.6 is a little more in f32."""
    x = np.arange(7, dtype=np.float32)
    by_scale = Resize("nearest", "asymmetric", scales=[float(np.float32(0.6))])
    np.testing.assert_array_equal(apply(by_scale.layer, x), [0, 1, 3, 5])
    by_size = Resize("nearest", "half_pixel", [9], rounding="round_prefer_ceil")
    x = np.arange(14, dtype=np.float32)
    places = [(2 * at + 1) * 14 / 18 for at in range(9)]
    np.testing.assert_array_equal(apply(by_size.layer, x), np.floor(places))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, np.bool_])
def test_the_nearest_keeps_every_type(dtype: Any):
    x = (np.arange(6).reshape(2, 3) % 2).astype(dtype)
    actual = apply(Resize("nearest", "asymmetric", [4, 6]).layer, x)
    assert_same(actual, x.repeat(2, 0).repeat(2, 1))


def test_blends_are_computed_wide_and_rounded_once():
    x = np.random.default_rng(0).standard_normal((3, 9)).astype(np.float16)
    actual = apply(Resize("linear", "align_corners", [3, 17]).layer, x)
    wide, places = x.astype(np.float64), np.arange(17) / 2
    exact = np.stack([np.interp(places, np.arange(9), row) for row in wide])
    assert_rounded(actual, exact)
    case = Resize("linear", "align_corners", [3, 17])
    assert_rounded(apply(case.layer, x, mode=Mode.WIDE), exact)


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_every_neighbour_counts(special: float):
    """Where a weight is zero too, as of any product in a float."""
    x = np.array([1, special, 3, 4], np.float32)
    actual = apply(Resize("linear", "asymmetric", [8]).layer, x)
    wanted = np.interp(np.arange(8) / 2, np.arange(4), [1, 0, 3, 4])
    wanted[:4] = [np.nan, special, special, special]
    assert_same(actual, wanted)


def test_a_place_before_the_first_element_is_at_it():
    x = np.array([[[[1, np.inf, 3, 4]]]], np.float32)
    case = Resize("linear", "half_pixel", [1, 1, 1, 8])
    assert_same(apply(case.layer, x), case.by_onnxruntime(x))


def test_an_empty_tensor_is_resized_to_one():
    x = np.empty((0, 3), np.float32)
    for mode, coordinates in product(("nearest", "linear"), COORDINATES):
        assert apply(Resize(mode, coordinates, [0, 6]).layer, x).shape == (0, 6)
