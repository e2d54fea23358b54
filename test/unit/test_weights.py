"""Weight attributes to arrays: types, recipes, seeded data, lookup of the source."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    Float64Type,
    IntegerType,
    ModuleOp,
    Signedness,
    StringAttr,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.base import Tensor
from fusemlir.dialects.trt.constant import dense, fill
from fusemlir.dialects.trt.module_attributes import WEIGHTS, WeightSourceAttr
from fusemlir.dialects.trt.weight import RECIPES, WeightAttr
from fusemlir.weights import OnnxFile, SeededSource, Weights, dtype_of, round_to
from fusemlir.weights.recipes import KNOWN

SEEDED = SeededSource()
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def named(name: str, *shape: int, element: Attribute = f32) -> WeightAttr:
    return WeightAttr.named(name, TensorType(element, shape))


def data(weight: WeightAttr) -> np.ndarray[Any, np.dtype[Any]]:
    """Seeded data in f64 or i64, straight from the generator."""
    array = SEEDED.array(weight.weight_name, weight.type)
    return array.astype(np.float64 if array.dtype.kind in "fV" else np.int64)


def evaluated(
    recipe: str, arguments: list[Any], *shape: int, element: Attribute = f32
) -> np.ndarray[Any, np.dtype[Any]]:
    type: Tensor = TensorType(element, shape)
    return Weights().array(WeightAttr.derived(recipe, arguments, type))


@pytest.mark.parametrize(
    ("element", "dtype"),
    [
        (f32, np.float32),
        (f16, np.float16),
        (bf16, ml_dtypes.bfloat16),
        (i8, np.int8),
        (i32, np.int32),
        (i64, np.int64),
        (i1, np.bool_),
        (IntegerType(8, Signedness.UNSIGNED), np.uint8),
    ],
)
def test_element_types_have_numpy_types(element: Attribute, dtype: Any):
    assert dtype_of(element) == np.dtype(dtype)


def test_a_type_that_no_tensor_has_is_refused():
    with pytest.raises(ValueError, match="f64"):
        dtype_of(Float64Type())


@pytest.mark.parametrize("element", [f32, f16, bf16, i8, i32, i64, i1])
def test_dense_constants_keep_their_values_and_are_read_only(element: Attribute):
    value = dense(TensorType(element, (2, 2)), [1, 0, 1, 1])
    array = Weights().array(value)
    assert array.dtype == dtype_of(element)
    assert array.astype(int).tolist() == [[1, 0], [1, 1]]
    assert not array.flags.writeable
    single = Weights().array(dense(TensorType(element, ()), [1]))
    assert (single.shape, single.dtype, int(single)) == ((), array.dtype, 1)
    assert not single.flags.writeable


def test_every_recipe_of_the_dialect_can_be_evaluated():
    assert set(RECIPES) == KNOWN


W = named("w", 4, 3, 2, 2)
DECONV = named("d", 4, 3, 2, 2)
V = named("v", 4)
U = named("u", 4)
GAMMA, BETA, MEAN, VARIANCE = (named(name, 4) for name in ("g", "b", "m", "s"))
ONE = dense(TensorType(f32, (1,)), [0.5])


def test_movements_give_the_elements_in_their_places():
    w = data(W)
    assert np.array_equal(evaluated("reshape", [W], 12, 4), w.reshape(12, 4))
    transposed = evaluated("transpose", [W, [2, 0, 3, 1]], 2, 4, 2, 3)
    assert np.array_equal(transposed, w.transpose(2, 0, 3, 1))
    sliced = evaluated(
        "slice", [W, [3, 1, 0, 0], [2, 2, 2, 1], [-2, 1, 0, 1]], 2, 2, 2, 1
    )
    assert np.array_equal(sliced, w[[3, 1], 1:3][:, :, [0, 0]][..., :1])
    joined = evaluated("concatenation", [V, U, V, 0], 12)
    assert np.array_equal(joined, np.concatenate([data(V), data(U), data(V)]))
    assert np.array_equal(evaluated("fill", [ONE], 2, 3), np.full((2, 3), 0.5))


@pytest.mark.parametrize(
    ("recipe", "operation"),
    [
        ("sum", lambda a, b: a + b),
        ("prod", lambda a, b: a * b),
        ("sub", lambda a, b: a - b),
        ("div", lambda a, b: a / b),
        ("max", lambda a, b: np.where(a > b, a, b)),
        ("min", lambda a, b: np.where(a < b, a, b)),
        ("pow", lambda a, b: np.exp(b * np.log(a))),
    ],
)
def test_binary_recipes_broadcast(recipe: str, operation: Any):
    a, b = named("a", 3, 1), named("b", 1, 4)
    a, b = (WeightAttr.derived("abs", [x], x.type) for x in (a, b))
    expected = operation(abs(data(named("a", 3, 1))), abs(data(named("b", 1, 4))))
    np.testing.assert_allclose(evaluated(recipe, [a, b], 3, 4), expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("recipe", "operation"),
    [
        ("neg", lambda x: -x),
        ("abs", abs),
        ("sqrt", math.sqrt),
        ("recip", lambda x: 1 / x),
        ("exp", math.exp),
        ("log", math.log),
    ],
)
def test_unary_recipes(recipe: str, operation: Any):
    expected = [operation(x) for x in data(V).tolist()]
    np.testing.assert_array_equal(
        evaluated(recipe, [V], 4), np.array(expected, np.float32)
    )


def test_scale_outputs_scales_whole_kernels():
    expected = np.stack(
        [kernel * s for kernel, s in zip(data(W), data(V), strict=True)]
    )
    actual = evaluated("scale_outputs", [W, V], 4, 3, 2, 2)
    np.testing.assert_array_equal(actual, expected.astype(np.float32))
    half = evaluated("scale_outputs", [W, ONE], 4, 3, 2, 2)
    np.testing.assert_array_equal(half, (data(W) / 2).astype(np.float32))


def test_scaled_outputs_are_rounded_once():
    """Also where they are subnormal, overflow or are no numbers."""
    bits = np.random.default_rng(0).integers(0, 2**32, (65, 1000), np.uint32)
    factors, *kernel = bits.view(np.float32)[:, :60]
    a, b = np.array(kernel)[:60], factors[:, None]
    with np.errstate(all="ignore"):
        wanted = (a.astype(np.float64) * b.astype(np.float64)).astype(np.float32)
    of_a, of_b = (
        DenseIntOrFPElementsAttr(TensorType(f32, x.shape), BytesAttr(x.tobytes()))
        for x in (a, factors)
    )
    actual = evaluated("scale_outputs", [of_a, of_b], *a.shape)
    np.testing.assert_array_equal(actual, wanted)
    assert np.isnan(wanted).any()
    assert np.isinf(wanted).any()
    assert (np.abs(wanted[wanted != 0]) < 2.0**-126).any()


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_scale_deconvolution_outputs_follows_the_group_of_each_channel(groups: int):
    scale = named("scale", 3 * groups)
    kernel, factors = data(DECONV), data(scale)
    expected = np.empty_like(kernel)
    for channel in range(4):
        group = channel // (4 // groups)
        for output in range(3):
            factor = factors[group * 3 + output]
            expected[channel, output] = kernel[channel, output] * factor
    actual = evaluated(
        "scale_deconvolution_outputs", [DECONV, scale, groups], 4, 3, 2, 2
    )
    np.testing.assert_array_equal(actual, expected.astype(np.float32))
    half = evaluated("scale_deconvolution_outputs", [DECONV, ONE, groups], 4, 3, 2, 2)
    np.testing.assert_array_equal(half, (kernel / 2).astype(np.float32))


def test_scale_bias_scales_then_shifts():
    actual = evaluated("scale_bias", [V, U, ONE], 4)
    expected = [v * u + 0.5 for v, u in zip(data(V), data(U), strict=True)]
    np.testing.assert_array_equal(actual, np.array(expected, np.float32))


def test_batch_norm_recipes_make_the_normalisation_one_scale_and_one_shift():
    epsilon = 1e-3
    gamma, beta, mean, variance = map(data, (GAMMA, BETA, MEAN, VARIANCE))
    scale = evaluated("batch_norm_scale", [GAMMA, VARIANCE, epsilon], 4)
    shift = evaluated("batch_norm_shift", [GAMMA, BETA, MEAN, VARIANCE, epsilon], 4)
    x = np.linspace(-2, 2, 4)
    normalised = (x - mean) / np.sqrt(variance + epsilon) * gamma + beta
    np.testing.assert_allclose(x * scale + shift, normalised, rtol=1e-6)


def test_quantize_rounds_half_to_even_and_saturates():
    values = dense(TensorType(f32, (6,)), [0.5, 1.5, -0.5, 1000, -1000, 0.26])
    whole = evaluated(
        "quantize", [values, dense(TensorType(f32, ()), [1]), -1], 6, element=i8
    )
    assert whole.tolist() == [0, 2, 0, 127, -128, 0]
    scales = dense(TensorType(f32, (2,)), [1, 0.25])
    columns = dense(TensorType(f32, (3, 2)), [1, 1, 2, 2, 3, 3])
    along = evaluated("quantize", [columns, scales, 1], 3, 2, element=i8)
    assert along.tolist() == [[1, 4], [2, 8], [3, 12]]


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("rows", [1, 33])
def test_what_is_computed_some_rows_at_a_time_is_the_same(rows: int, axis: int):
    """More elements than one piece has, and a last piece that is not full."""
    kernel = named("kernel", rows, 7, 331, 3)
    scale = named("scale", *([kernel.type.get_shape()[axis]] if axis >= 0 else []))
    shape = [-1 if at == axis else 1 for at in range(4)]
    factors = data(scale).reshape(shape)
    quotients = np.rint((100 * data(kernel) / factors).astype(np.float32))
    hundred = WeightAttr.derived(
        "prod", [kernel, dense(TensorType(f32, ()), [100])], kernel.type
    )
    np.testing.assert_array_equal(
        evaluated(
            "quantize", [hundred, scale, axis], *kernel.type.get_shape(), element=i8
        ),
        np.clip(quotients, -128, 127),
    )
    if axis <= 0:
        vector = WeightAttr.derived(
            "reshape", [scale], TensorType(f32, (rows if axis == 0 else 1,))
        )
        np.testing.assert_array_equal(
            evaluated("scale_outputs", [kernel, vector], *kernel.type.get_shape()),
            (data(kernel) * factors).astype(np.float32),
        )


def test_a_quotient_is_rounded_half_to_even_from_f64_and_saturates():
    a = dense(TensorType(f32, (6,)), [0.5, 1.5, -2.5, 1e30, -1e30, float("nan")])
    one = dense(TensorType(f32, (1,)), [1])
    whole = evaluated("nearest_quotient", [a, one], 6, element=i32)
    assert whole.tolist() == [0, 2, -2, 2**31 - 1, -(2**31), 0]
    # In f32 this is half of an even number, and would be rounded down.
    a, b = (dense(TensorType(f32, (1,)), [x]) for x in (8388607, 3355442.75))
    assert np.float32(8388607) / np.float32(3355442.75) == np.float32(2.5)
    assert evaluated("nearest_quotient", [a, b], 1, element=i32).tolist() == [3]


def test_two_scales_over_a_third_are_rounded_once():
    a, b, c = (dense(TensorType(f32, ()), [x]) for x in (1e-30, 1e-30, 1e-40))
    exact = np.float64(np.float32(1e-30)) ** 2 / np.float64(np.float32(1e-40))
    assert evaluated("rescale", [a, b, c]) == np.float32(exact)
    assert exact > 0


def test_sums_of_integers_are_exact_and_wrap_around():
    a = dense(TensorType(i8, (2, 3)), [127, 127, 127, -128, -128, 1])
    sums = evaluated("reduce_sum", [a, (1,)], 2, element=i32)
    assert sums.tolist() == [381, -255]
    assert evaluated("reduce_sum", [a, (0, 1)], element=i8).tolist() == 126


def test_integers_stay_exact_and_divide_toward_zero():
    a = dense(TensorType(i64, (3,)), [-7, 7, 2**62 + 1])
    b = dense(TensorType(i64, (3,)), [2, -2, 1])
    assert evaluated("div", [a, b], 3, element=i64).tolist() == [-3, -3, 2**62 + 1]
    with pytest.raises(DiagnosticError, match="division by zero"):
        evaluated("div", [a, fill(0, a.type)], 3, element=i64)  # pyright: ignore[reportArgumentType]


def test_a_recipe_whose_arguments_do_not_fit_is_a_clear_error():
    with pytest.raises(DiagnosticError, match="cannot be evaluated"):
        evaluated("reshape", [V], 5)
    with pytest.raises(DiagnosticError, match="its value has shape"):
        evaluated("sum", [V, U], 5)


def nearest(number: float, fraction_bits: int, least_exponent: int) -> float:
    """`number` rounded half to even, in exact arithmetic."""
    exponent = max(math.frexp(number)[1] - 1, least_exponent)
    unit = Fraction(2) ** (exponent - fraction_bits)
    return float(round(Fraction(number) / unit) * unit)


@pytest.mark.parametrize(
    ("element", "fraction_bits", "least_exponent"), [(f16, 10, -14), (bf16, 7, -126)]
)
def test_rounding_from_f64_is_rounded_once(
    element: Attribute, fraction_bits: int, least_exponent: int
):
    rng = np.random.default_rng(1)
    ties = 1 + 2.0 ** -(fraction_bits + 1) + rng.choice([-1, 0, 1], 300) * 2.0**-40
    others = rng.standard_normal(300) * 10.0 ** rng.integers(-6, 4, 300)
    numbers = np.concatenate([ties, -ties, others, [0.0]])
    expected = [nearest(x, fraction_bits, least_exponent) for x in numbers.tolist()]
    actual = round_to(numbers, dtype_of(element)).astype(np.float64)
    np.testing.assert_array_equal(actual, expected)


def test_non_finite_numbers_survive_rounding():
    numbers = np.array([np.inf, -np.inf, np.nan, 1e300])
    rounded = round_to(numbers, BFLOAT16).astype(np.float64)
    np.testing.assert_array_equal(rounded, [np.inf, -np.inf, np.nan, np.inf])


def test_casts_to_integers_truncate_and_saturate():
    numbers = np.array([-1.9, 1.9, 1e30, -1e30, np.nan, np.inf])
    limits = np.iinfo(np.int32)
    expected = [-1, 1, limits.max, limits.min, 0, limits.max]
    assert round_to(numbers, np.dtype(np.int32)).tolist() == expected
    assert round_to(numbers, np.dtype(np.bool_)).all()


def test_recipes_nest_and_results_are_cached_and_read_only():
    weights = Weights()
    transposed = WeightAttr.derived(
        "transpose", [W, [0, 2, 3, 1]], TensorType(f32, (4, 2, 2, 3))
    )
    half = WeightAttr.derived("cast", [transposed], TensorType(f16, (4, 2, 2, 3)))
    array = weights.array(half)
    np.testing.assert_array_equal(
        array, data(W).transpose(0, 2, 3, 1).astype(np.float16)
    )
    assert weights.array(half) is array
    assert not array.flags.writeable


def test_the_cache_is_bounded_by_bytes():
    weights = Weights(cache_bytes=40)
    first, second, third = (named(name, 4) for name in "abc")
    kept = weights.array(first)
    weights.array(second)
    assert weights.array(first) is kept
    weights.array(third)
    assert weights.array(first) is kept
    too_large = named("d", 11)
    assert weights.array(too_large) is not weights.array(too_large)


def test_elements_are_in_order_in_any_shape_and_large_ones_are_not_kept():
    weights = Weights()
    large = named("large", 300, 200)
    turned = WeightAttr.derived(
        "transpose", [large, [1, 0]], TensorType(f32, (200, 300))
    )
    row = WeightAttr.derived("reshape", [turned], TensorType(f32, (60_000,)))
    found = weights.elements(row)
    assert found.shape == (200, 300)
    np.testing.assert_array_equal(found.ravel(), weights.array(row))
    half = WeightAttr.derived("cast", [row], TensorType(f16, (60_000,)))
    other = Weights()
    assert other.elements(half) is not other.elements(half)
    small = WeightAttr.derived("cast", [V], TensorType(f16, (4,)))
    assert other.elements(small) is other.elements(small)
    bits = WeightAttr.derived("reshape", [V], TensorType(f16, (2, 2)))
    np.testing.assert_array_equal(
        other.elements(bits), data(V).astype(np.float16).reshape(2, 2)
    )
    assert Weights.size(half) == 120_000


def test_a_large_fill_takes_no_memory():
    array = Weights().array(fill(0.25, TensorType(f32, (1 << 20, 1 << 20))))
    assert array.strides == (0, 0)
    assert array[5, 7] == 0.25


def test_digests_are_of_the_content():
    weights = Weights()
    same = WeightAttr.derived("abs", [V], V.type)
    assert weights.digest(V) == weights.digest(same)
    assert weights.digest(V) != weights.digest(U)
    reshaped = WeightAttr.derived("reshape", [V], TensorType(f32, (2, 2)))
    assert weights.digest(V) != weights.digest(reshaped)


def test_seeded_data_are_he_scaled_and_positive_for_vectors():
    kernel = data(named("kernel", 64, 32, 3, 3))
    assert kernel.std() == pytest.approx(math.sqrt(2 / (32 * 9)), rel=0.02)
    vector = data(named("vector", 1000))
    assert vector.min() >= 0.5
    assert vector.max() < 1.5
    assert len(np.unique(vector)) > 990


@pytest.mark.parametrize("element", [f32, f16, bf16, i8, i32, i64, i1])
def test_seeded_data_have_the_type_they_are_asked_for(element: Attribute):
    weight = named("w", 5, 7, element=element)
    array = Weights().array(weight)
    assert (array.shape, array.dtype) == ((5, 7), dtype_of(element))
    assert len(np.unique(array.astype(np.float64))) > 1


def test_seeded_data_are_the_same_in_another_process():
    program = (
        "from fusemlir.weights import Weights\n"
        "from fusemlir.dialects.trt.weight import WeightAttr\n"
        "from xdsl.dialects.builtin import TensorType, f32\n"
        "w = WeightAttr.named('conv1.w', TensorType(f32, (4, 3, 7, 7)))\n"
        "print(Weights().digest(w))\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == Weights().digest(named("conv1.w", 4, 3, 7, 7))


def saved_model(path: Path) -> np.ndarray[Any, np.dtype[Any]]:
    """A model in `path` with one large initializer, `w`, which is returned."""
    array = np.arange(6000, dtype=np.float32).reshape(60, 100)
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [60, 100])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [60, 100])],
        [numpy_helper.from_array(array, "w")],
    )
    save(helper.make_model(graph), path)
    return array


def module_of(path: str, sha256: str) -> ModuleOp:
    source = WeightSourceAttr(StringAttr(path), StringAttr(sha256))
    return ModuleOp([], {WEIGHTS: source})


def test_a_modules_weights_are_found_beside_it(tmp_path: Path):
    array = saved_model(tmp_path / "m.onnx")
    module = module_of("m.onnx", OnnxFile(tmp_path / "m.onnx").sha256)
    weights = Weights.of_module(module, tmp_path)
    np.testing.assert_array_equal(weights.array(named("w", 60, 100)), array)


def test_a_modules_weights_are_found_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    array = saved_model(tmp_path / "m.onnx")
    monkeypatch.chdir(tmp_path)
    module = module_of("m.onnx", OnnxFile("m.onnx").sha256)
    weights = Weights.of_module(module, tmp_path / "elsewhere")
    np.testing.assert_array_equal(weights.array(named("w", 60, 100)), array)


def test_a_missing_file_of_weights_says_where_it_was_looked_for(tmp_path: Path):
    with pytest.raises(DiagnosticError, match=r"'m\.onnx', is not at .*m\.onnx"):
        Weights.of_module(module_of("m.onnx", "0"), tmp_path)


def test_a_changed_file_of_weights_is_refused(tmp_path: Path):
    saved_model(tmp_path / "m.onnx")
    with pytest.raises(DiagnosticError, match="import the model again"):
        Weights.of_module(module_of("m.onnx", "0" * 64), tmp_path)


def test_a_module_without_a_source_gets_seeded_data():
    weights = Weights.of_module(ModuleOp([]))
    assert weights.digest(V) == Weights().digest(V)


def test_a_weight_of_another_shape_than_its_source_is_refused(tmp_path: Path):
    saved_model(tmp_path / "m.onnx")
    weights = Weights(OnnxFile(tmp_path / "m.onnx"))
    with pytest.raises(DiagnosticError, match="60x100"):
        weights.array(named("w", 100, 60))
    with pytest.raises(DiagnosticError, match="no weight 'v'"):
        weights.array(named("v", 100, 60))
    with pytest.raises(DiagnosticError, match="float16"):
        weights.array(named("w", 60, 100, element=f16))


def test_the_greatest_integers_are_reached_exactly():
    wide = np.array([np.inf, 2.0**63, 9.2e18, -np.inf, np.nan])
    assert round_to(wide, np.dtype(np.int64)).tolist() == [
        2**63 - 1,
        2**63 - 1,
        9200000000000000000,
        -(2**63),
        0,
    ]


@pytest.mark.parametrize("element", [f32, f16, bf16])
def test_the_magnitude_is_the_largest_absolute_value(element: Attribute):
    weights = Weights()
    value = dense(TensorType(element, (4,)), [1.0, -3.0, 2.0, 0.0])
    assert weights.magnitude(value) == 3.0
    spoilt = dense(TensorType(element, (3,)), [1.0, float("nan"), -math.inf])
    assert math.isnan(weights.magnitude(spoilt))
    endless = dense(TensorType(element, (2,)), [1.0, -math.inf])
    assert weights.magnitude(endless) == math.inf
    assert weights.magnitude(dense(TensorType(element, (0,)), [])) == 0.0
