"""Kernels that move elements, run natively, against numpy, to the bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import emulate_layer, layer_module, run_layer, tensor
from kernels_on_host import lower, machine_level, run_lowered
from reference_support import onnx_result
from xdsl.dialects import gpu

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ConcatenationOp, PaddingOp, ShuffleOp, SliceOp
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.dialects.trt.shuffle import resolve_reshape
from fusemlir.lowering.movement.sampling import Axis, axes_of
from fusemlir.lowering.movement.transposition import axes_of_result

TYPES = (
    np.float32,
    np.float16,
    ml_dtypes.bfloat16,
    np.int8,
    np.int32,
    np.int64,
    np.bool_,
)


def bits(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> np.ndarray:
    """Any bits, signalling NaNs among them; of truth values both.

    Not so of bf16, for which a CPU has no registers: it makes such a NaN a quiet one.
    """
    rng = np.random.default_rng(seed)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    size = np.dtype(dtype).itemsize
    octets = rng.integers(0, 256, (*shape, size), np.uint8)
    if dtype == ml_dtypes.bfloat16:
        octets[..., 0] |= 0x40
    return octets.view(dtype)[..., 0]


def assert_same_bits(actual: np.ndarray, expected: np.ndarray) -> None:
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    assert actual.tobytes() == np.ascontiguousarray(expected).tobytes()


SHUFFLES: dict[str, tuple[Any, ...]] = {
    "matrix": ((31, 33), (1, 0), None, None),
    "to channels last": ((3, 7, 5, 31), (0, 2, 3, 1), None, None),
    "attention heads": ((2, 7, 12), None, (0, 7, 3, 4), (0, 2, 1, 3)),
    "heads joined": ((2, 3, 7, 4), (0, 2, 1, 3), (0, 7, 12), None),
    "channels mixed": ((1, 6, 5, 3), None, (1, 2, 3, 5, 3), (0, 2, 1, 3, 4)),
    "reshaped twice": ((4, 9), (1, 0), (6, 6), (1, 0)),
    "not by strides": ((2, 3), (1, 0), (2, 3), (1, 0)),
    "not by strides, four axes": ((5, 2, 3, 7), (2, 1, 0, 3), (2, 3, 35), (1, 2, 0)),
    "axes of one": ((1, 5, 1, 7), (3, 2, 1, 0), (7, 1, 5), (2, 1, 0)),
}


def shuffled(x: np.ndarray, case: str) -> np.ndarray:
    _, first, reshape, second = SHUFFLES[case]
    y = x if first is None else x.transpose(first)
    if reshape is not None:
        y = y.reshape(resolve_reshape(y.shape, reshape, True))
    return y if second is None else y.transpose(second)


def shuffle(case: str) -> Any:
    _, first, reshape, second = SHUFFLES[case]
    return lambda x: ShuffleOp(
        x, first_transpose=first, reshape_dims=reshape, second_transpose=second
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_a_transpose_moves_elements_of_every_type(dtype: Any):
    x = bits((3, 5, 7), dtype)
    build = lambda v: ShuffleOp(v, first_transpose=(2, 0, 1))  # noqa: E731
    assert_same_bits(run_layer(build, x), x.transpose(2, 0, 1))


@pytest.mark.parametrize("case", SHUFFLES)
def test_a_shuffle_is_transpose_reshape_transpose(case: str):
    x = np.arange(np.prod(SHUFFLES[case][0]), dtype=np.int32)
    x = x.reshape(SHUFFLES[case][0])
    assert_same_bits(run_layer(shuffle(case), x), shuffled(x, case))


@pytest.mark.parametrize(
    ("case", "sizes"),
    [
        ("matrix", [33, 31]),
        ("to channels last", [3, 155, 7]),
        ("attention heads", [2, 3, 7, 4]),
        ("channels mixed", [3, 2, 15]),
        ("axes of one", [35]),
        ("not by strides", None),
    ],
)
def test_a_shuffle_has_as_few_axes_as_describe_it(case: str, sizes: list[int] | None):
    module = layer_module(shuffle(case), np.empty(SHUFFLES[case][0], np.float32))
    (op,) = (op for op in module.walk() if isinstance(op, ShuffleOp))
    axes = axes_of_result(op)
    assert (None if axes is None else [axis.size for axis in axes]) == sizes


def random_shuffle(seed: int) -> tuple[tuple[int, ...], ...]:
    """Shape, transpose, reshape, transpose."""
    rng = np.random.default_rng(seed)
    factors = rng.choice([1, 2, 3, 4, 5], rng.integers(2, 5))
    order = rng.permutation(len(factors))
    atoms = [p for f in rng.permutation(factors) for p in ([2, 2] if f == 4 else [f])]
    rng.shuffle(atoms)
    cuts = sorted(rng.choice(len(atoms) + 1, rng.integers(1, 4)))
    parts = np.split(np.array(atoms), cuts)
    reshape = [int(np.prod(part)) for part in parts]
    second = rng.permutation(len(reshape))
    return tuple(tuple(map(int, v)) for v in (factors, order, reshape, second))


@pytest.mark.parametrize("seed", range(40))
def test_any_shuffle_is_transpose_reshape_transpose(seed: int):
    shape, first, reshape, second = random_shuffle(seed)
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    wanted = x.transpose(first).reshape(reshape).transpose(second)
    build = lambda v: ShuffleOp(  # noqa: E731
        v, first_transpose=first, reshape_dims=reshape, second_transpose=second
    )
    assert_same_bits(run_layer(build, x), wanted)


SLICES: dict[str, tuple[Any, ...]] = {
    "inside": ((3, 7, 31), (0, 2, 5), (3, 4, 20), None),
    "backwards": ((3, 7, 31), (2, 6, 30), (3, 3, 31), (-1, -2, -1)),
    "repeated": ((3, 7), (1, 0), (5, 7), (0, 1)),
    "channels": ((2, 8, 3, 5), (0, 2, 0, 0), (2, 3, 3, 5), None),
    "every other channel": ((2, 8, 3, 5), (0, 1, 0, 0), (2, 4, 3, 5), (1, 2, 1, 1)),
    "one row": ((5, 7), (3, 0), (1, 7), (9, 1)),
    "all": ((3, 5), (0, 0), (3, 5), None),
}

OUTSIDE: dict[str, tuple[Any, ...]] = {
    "around": ((3, 4), (-2, -3), (9, 11), None),
    "far": ((2, 3), (-9, 7), (20, 5), (2, 4)),
    "backwards": ((5, 4), (7, 9), (9, 8), (-2, -3)),
    "before whole axes": ((4, 3, 5), (-2, 0, 0), (9, 3, 5), None),
    "of one element": ((1, 3), (-1, 1), (4, 9), None),
}

PADDED = {
    SampleMode.WRAP: "wrap",
    SampleMode.CLAMP: "edge",
    SampleMode.REFLECT: "reflect",
    SampleMode.FILL: "constant",
}


def sliced(x: np.ndarray, case: tuple[Any, ...], **padding: Any) -> np.ndarray:
    """By a padding of numpy that is wide enough, then its own slices."""
    _, starts, sizes, strides = case
    wide = 60
    padded = np.pad(x, wide, **padding)
    axes = zip(starts, sizes, strides or (1,) * x.ndim, strict=True)
    return padded[np.ix_(*(wide + s + np.arange(n) * d for s, n, d in axes))]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", SLICES)
def test_a_slice_reads_every_stride(case: str, dtype: Any):
    shape, *numbers = SLICES[case]
    x = bits(shape, dtype)
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


@pytest.mark.parametrize("dtype", TYPES)
def test_a_slice_is_filled_with_an_operand(dtype: Any):
    x, fill = bits((3, 4), dtype), bits((), dtype, 5)
    wanted = sliced(x, OUTSIDE["around"], constant_values=fill.item())
    if np.dtype(dtype).kind in "fV":
        wanted = np.where(
            sliced(np.ones_like(x, bool), OUTSIDE["around"]), wanted, fill
        )
        wanted = wanted.astype(dtype)
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
    (actual,) = run_lowered(text, np.array([3, 5], np.float16))
    assert_same_bits(actual, np.array([0.1, 3, 5, 0.1], np.float16))


def test_nothing_can_be_read_of_an_empty_axis_but_a_fill():
    x = np.empty((0, 3), np.float32)
    fill = lambda v: SliceOp(v, (0, 0), (2, 3), mode=SampleMode.FILL)  # noqa: E731
    np.testing.assert_array_equal(run_layer(fill, x), np.zeros((2, 3)))
    wrap = lambda v: SliceOp(v, (0, 0), (2, 3), mode=SampleMode.WRAP)  # noqa: E731
    with pytest.raises(DiagnosticError, match="no kernel yet for slice"):
        run_layer(wrap, x)


@pytest.mark.parametrize(
    ("build", "axes"),
    [
        (
            lambda v: SliceOp(v, (0, 2, 0, 0), (2, 3, 4, 5)),
            [Axis(0, 2, 1, 2), Axis(40, 60, 1, 160)],
        ),
        (
            lambda v: PaddingOp(v, (1, 0), (2, 0)),
            [Axis(0, 16, 1, 16), Axis(-5, 35, 1, 20)],
        ),
        (
            lambda v: SliceOp(v, (0, 2, 0, 0), (2, 9, 4, 5), mode=SampleMode.CLAMP),
            [Axis(0, 2, 1, 2), Axis(2, 9, 1, 8), Axis(0, 20, 1, 20)],
        ),
    ],
)
def test_axes_that_are_read_whole_are_not_told_apart(build: Any, axes: list[Axis]):
    module = layer_module(build, np.empty((2, 8, 4, 5), np.float32))
    (op,) = (op for op in module.walk() if isinstance(op, SliceOp | PaddingOp))
    assert axes_of(op) == axes


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("pre", "post"), [((1, 2), (3, 0)), ((0, 0), (0, 4)), ((-1, 2), (-2, -1))]
)
def test_a_padding_is_zeros_and_where_negative_a_crop(
    dtype: Any, pre: tuple[int, int], post: tuple[int, int]
):
    x = bits((3, 1, 7, 5), dtype)
    widths = [max(n, 0) for n in (*pre, *post)]
    wanted = np.pad(x, [(0, 0)] * 2 + [widths[0::2], widths[1::2]])
    rows, columns = (
        slice(max(-a, 0), n - max(-b, 0))
        for a, b, n in zip(pre, post, wanted.shape[2:], strict=True)
    )
    wanted = wanted[:, :, rows, columns]
    assert_same_bits(run_layer(lambda v: PaddingOp(v, pre, post), x), wanted)


def test_a_padding_agrees_with_onnx():
    x = bits((1, 3, 5, 7), np.int32)
    wanted = onnx_result("Pad", x, np.array([0, 0, 1, 2, 0, 0, 3, 0]))
    assert_same_bits(run_layer(lambda v: PaddingOp(v, (1, 2), (3, 0)), x), wanted)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("axis", range(3))
def test_a_concatenation_joins_along_its_axis(axis: int, dtype: Any):
    shapes = [[3, 7, 5] for _ in range(4)]
    for length, shape in zip((1, 31, 0, 33), shapes, strict=True):
        shape[axis] = length
    parts = [bits(tuple(shape), dtype, k) for k, shape in enumerate(shapes)]
    build = lambda *values: ConcatenationOp(values, axis)  # noqa: E731
    assert_same_bits(run_layer(build, *parts), np.concatenate(parts, axis))


@pytest.mark.parametrize("count", [1, 2, 64])
def test_any_number_of_inputs_is_joined_by_one_kernel(count: int):
    parts = [bits((3, 1 + k % 3, 5), np.int32, k) for k in range(count)]
    build = lambda *values: ConcatenationOp(values, 1)  # noqa: E731
    assert_same_bits(run_layer(build, *parts), np.concatenate(parts, 1))
    module = lower(layer_module(build, *parts))
    (kernel,) = (op for op in module.walk() if isinstance(op, gpu.FuncOp))
    assert len(list(kernel.walk())) < 800


def test_one_tensor_may_be_joined_to_itself():
    x = bits((2, 3), np.int32)
    build = lambda v: ConcatenationOp([v, v, v], 0)  # noqa: E731
    assert_same_bits(run_layer(build, x), np.concatenate([x, x, x]))


def test_bytes_without_sign_are_moved():
    x = np.arange(250, 256, dtype=np.uint8).reshape(2, 3)
    text = f"""
    func.func @main(%x: {tensor(x)}) -> tensor<3x2xui8> {{
      %y = trt.shuffle %x first_transpose = [1, 0] : {tensor(x)} -> tensor<3x2xui8>
      func.return %y : tensor<3x2xui8>
    }}"""
    (actual,) = run_lowered(text, x)
    np.testing.assert_array_equal(actual.view(np.uint8), x.T)


HARD: dict[str, Any] = {
    "shuffle": lambda v: ShuffleOp(v, first_transpose=(0, 2, 3, 1)),
    "padding": lambda v: PaddingOp(v, (1, -1), (2, 3)),
    "concatenation": lambda v: ConcatenationOp([v] * 5, 1),
    **{
        mode: lambda v, mode=mode: SliceOp(
            v, (0, 2, 9, -3), (2, 3, 4, 5), (1, -1, 2, 1), mode=mode
        )
        for mode in PADDED
    },
}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("layer", HARD)
def test_the_ptx_does_what_native_code_does(layer: str, dtype: Any):
    x = bits((2, 3, 5, 7), dtype)
    wanted = run_layer(HARD[layer], x)
    assert_same_bits(emulate_layer(HARD[layer], x), wanted)


def test_ptx_moves_a_signalling_nan_of_bf16():
    """As it is, there being no arithmetic on it."""
    x = np.array([0x7F81, 0xFFBF, 0x0001], np.uint16).view(ml_dtypes.bfloat16)
    build = lambda v: SliceOp(v, (-1,), (5,), mode=SampleMode.CLAMP)  # noqa: E731
    assert_same_bits(emulate_layer(build, x), x[[0, 0, 1, 2, 2]])


def test_ptxas_takes_the_kernels_without_spills():
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    arrays = [np.empty((2, 3, 5, 7), dtype) for dtype in TYPES]
    for build, x in product(HARD.values(), arrays):
        ptx = emit_ptx(machine_level(lower(layer_module(build, x))), "80")
        (kernel,) = assemble(ptx, "80").kernels
        assert (kernel.spill_stores, kernel.spill_loads) == (0, 0)
