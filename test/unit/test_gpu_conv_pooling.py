"""Kernels of convolutions with a pooling on them, as PTX on the emulator.

They are compared with the definitions of both in numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernel_arrays import assert_near, emulate, random
from kernels_on_host import lower, machine_level
from lit_files import context
from quantized_networks import CONTRACTIONS, Builder, only_group, run_integers
from reference_support import onnxruntime_result
from test_reference_convolution import convolved, deconvolved
from test_reference_pooling import BLEND, pooled
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from fusemlir.codegen.ptx import assemble, emit_ptx, find_ptxas
from fusemlir.dialects import trt
from fusemlir.dialects.trt.enums import ActivationType as A
from fusemlir.dialects.trt.enums import ElementWiseOperation as E
from fusemlir.dialects.trt.enums import PaddingMode as P
from fusemlir.dialects.trt.enums import PoolingType as T
from fusemlir.lowering.gpu.schedules.contraction import TILES, ContractionSchedule
from fusemlir.lowering.gpu.schedules.conv_pooling import (
    ConvPoolingSchedule,
    PooledAxis,
    PoolingTile,
)
from fusemlir.lowering.gpu.schedules.tensor_core import TensorCoreSchedule
from fusemlir.network import functions, name_layers
from fusemlir.target import Target
from fusemlir.transforms import load_pass
from fusemlir.transforms.fuse_conv_pooling import FuseConvPoolingPass
from fusemlir.transforms.fusion import FusionMode
from fusemlir.weights import Weights

Tile = ContractionSchedule | TensorCoreSchedule

DOWN, UP = P.EXPLICIT_ROUND_DOWN, P.EXPLICIT_ROUND_UP


@dataclass(frozen=True)
class Case:
    x: tuple[int, ...]
    kernel: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...] = ((0, 0), (0, 0), (0, 0))
    mode: P = DOWN
    conv: dict[str, Any] = field(default_factory=dict[str, Any])


CASES = {
    "one": Case((1, 1, 1, 1), (1, 1, 1, 1), (1, 1), (1, 1)),
    "side by side": Case((3, 5, 13, 14), (7, 5, 1, 1), (2, 2), (2, 2)),
    "overlapping": Case(
        (2, 3, 17, 19), (9, 3, 3, 3), (3, 3), (2, 2), ((1, 1), (1, 1))
    ),
    "all overlapping": Case((1, 4, 9, 9), (5, 4, 2, 2), (3, 2), (1, 1)),
    "with gaps": Case((1, 3, 11, 13), (4, 3, 2, 3), (1, 2), (3, 4)),
    "whole image": Case((3, 3, 7, 5), (8, 3, 1, 1), (7, 5), (1, 1)),
    "rounded up": Case(
        (2, 3, 8, 9), (3, 3, 1, 2), (3, 2), (4, 3), ((0, 0), (0, 2)), UP
    ),
    "past the end": Case(
        (1, 2, 4, 6), (3, 2, 2, 2), (1, 2), (4, 4), ((0, 2), (1, 3)), UP
    ),
    "same upper": Case(
        (1, 3, 7, 8), (5, 3, 1, 1), (4, 2), (2, 3), mode=P.SAME_UPPER
    ),
    "same lower": Case(
        (1, 3, 7, 8), (5, 3, 1, 1), (4, 2), (2, 3), mode=P.SAME_LOWER
    ),
    "larger than what it pools": Case(
        (1, 2, 3, 2), (3, 2, 1, 1), (5, 5), (2, 3), ((1, 4), (3, 2))
    ),
    "stem": Case(
        (1, 3, 29, 31),
        (16, 3, 7, 7),
        (3, 3),
        (2, 2),
        ((1, 1), (1, 1)),
        conv={"strides": (2, 2), "pads": ((3, 3), (3, 3))},
    ),
    "channel blocks": Case((1, 33, 9, 10), (20, 33, 3, 3), (2, 2), (2, 2)),
    "grouped": Case(
        (2, 6, 9, 8), (9, 2, 3, 2), (2, 2), (2, 2), conv={"groups": 3}
    ),
    "dilated": Case(
        (1, 3, 12, 13), (4, 3, 3, 2), (2, 3), (2, 1), conv={"dilations": (2, 3)}
    ),
    "in space": Case(
        (2, 3, 5, 6, 7),
        (4, 3, 2, 1, 2),
        (2, 3, 2),
        (2, 2, 1),
        ((1, 0), (1, 2), (0, 1)),
        UP,
    ),
}  # fmt: skip


def force(tile: Tile | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all be computed in such tiles where windows fit, or none."""

    def choose(
        images: int, axes: tuple[PooledAxis, ...], *_: object
    ) -> ConvPoolingSchedule | None:
        if tile is None:
            return None
        found = PoolingTile.choose(axes, tile.block_n)
        return None if found is None else ConvPoolingSchedule(tile, found)

    monkeypatch.setattr(ConvPoolingSchedule, "choose", choose)


def numbers(case: Case) -> tuple[Any, ...]:
    """Strides, dilations, padding, mode and groups of the convolution."""
    rank = len(case.x) - 2
    return (
        case.conv.get("strides", (1,) * rank),
        case.conv.get("dilations", (1,) * rank),
        list(case.conv.get("pads", ((0, 0),) * rank)),
        DOWN,
        case.conv.get("groups", 1),
    )


def contraction(
    op: Callable[..., Any], case: Case, *operands: SSAValue
) -> trt.ConvolutionOp:
    strides, dilations, pads, _, groups = numbers(case)
    return op(
        *operands,
        stride=strides,
        dilation=dilations,
        pre_padding=[before for before, _ in pads],
        post_padding=[after for _, after in pads],
        num_groups=groups,
        layers=["conv"],
    )


def pooling(
    kind: T, case: Case, x: SSAValue, *, excludes: bool = True
) -> trt.PoolingOp:
    pads = case.pads[: len(case.window)]
    return trt.PoolingOp(
        kind,
        x,
        case.window,
        stride=case.stride,
        pre_padding=[before for before, _ in pads],
        post_padding=[after for _, after in pads],
        padding_mode=case.mode,
        blend_factor=BLEND if kind == T.MAX_AVERAGE_BLEND else None,
        average_count_excludes_padding=excludes,
        layers=["pool"],
    )


def exact_pooling(
    x: np.ndarray, kind: T, case: Case, *, excludes: bool = True
) -> np.ndarray:
    axes = zip(case.window, case.stride, case.pads, [case.mode] * 3, strict=False)
    with np.errstate(all="ignore"):
        return pooled(x, kind, excludes, *axes)


def fuse(net: Builder, result: SSAValue, *passes: str) -> ModuleOp:
    """A network of one group, whatever its cost."""
    module = net.module(result)
    (function,) = functions(module)
    name_layers(function)
    for name in passes:
        load_pass(name)().apply(context(), module)
    FuseConvPoolingPass(mode=FusionMode.STRICT).apply(context(), module)
    module.verify()
    assert only_group(function).kind.data.endswith("_pool")
    return module


def check(
    case: Case,
    kind: T,
    dtype: Any = np.float32,
    *,
    excludes: bool = True,
    op: Callable[..., Any] = trt.ConvolutionOp,
) -> None:
    """A bias and a ReLU stand between."""
    x, kernel = random(case.x, dtype), random(case.kernel, dtype, 1)
    is_deconvolution = op is trt.DeconvolutionOp
    groups = numbers(case)[-1]
    features = kernel.shape[1] * groups if is_deconvolution else len(kernel)
    bias = random((features,), dtype, 2)
    net = Builder()
    values = [net.input(array) for array in (x, kernel, bias)]
    conv = net.add(contraction(op, case, *values))
    relu = net.add(trt.ActivationOp(A.RELU, conv, layers=["relu"]))
    result = net.add(pooling(kind, case, relu, excludes=excludes))
    module = fuse(net, result, "fuse-conv-relu")
    if is_deconvolution:
        sums = deconvolved(x.astype(float), kernel.astype(float), *numbers(case))
        sums += bias.astype(float).reshape(-1, *(1,) * (x.ndim - 2))
    else:
        sums = convolved(x, kernel, bias, *numbers(case))
    wanted = exact_pooling(np.maximum(sums, 0), kind, case, excludes=excludes)
    (actual,) = emulate(module, x, kernel, bias)
    assert actual.dtype == x.dtype
    assert_close(actual, wanted, terms=kernel[0].size)


def assert_close(actual: np.ndarray, wanted: np.ndarray, terms: int) -> None:
    """Near, and where there is nothing under a window, what that gives."""
    odd = ~np.isfinite(wanted)
    np.testing.assert_array_equal(actual[odd].astype(np.float64), wanted[odd])
    assert_near(
        np.where(odd, 0, actual).astype(actual.dtype), np.where(odd, 0, wanted), terms
    )


def name_of(tile: Tile | None) -> str:
    if tile is None:
        return "elements"
    cores = "-cores" if isinstance(tile, TensorCoreSchedule) else ""
    return f"{tile.block_m}x{tile.block_n}{cores}"


SMALL = ContractionSchedule(16, 16, 8, 2, 4)
WIDE = ContractionSchedule(16, 128, 8, 4, 4)
FRAGMENTS = TensorCoreSchedule(32, 64, 32, 16, 32, 2)


@pytest.mark.parametrize("tile", [None, SMALL, WIDE], ids=name_of)
@pytest.mark.parametrize("case", CASES)
def test_a_maximum_is_that_of_its_window(
    case: str, tile: Tile | None, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    check(CASES[case], T.MAX)


@pytest.mark.parametrize("tile", [None, SMALL, WIDE], ids=name_of)
@pytest.mark.parametrize("excludes", [True, False])
@pytest.mark.parametrize(
    "case", ["overlapping", "past the end", "larger than what it pools", "in space"]
)
def test_an_average_counts_with_or_without_padding(
    case: str, excludes: bool, tile: Tile | None, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    check(CASES[case], T.AVERAGE, excludes=excludes)


@pytest.mark.parametrize("tile", [None, WIDE], ids=name_of)
def test_a_blend_is_of_both(tile: Tile | None, monkeypatch: pytest.MonkeyPatch):
    force(tile, monkeypatch)
    check(CASES["overlapping"], T.MAX_AVERAGE_BLEND)


@pytest.mark.parametrize("kind", [T.MAX, T.AVERAGE])
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("tile", [None, WIDE, FRAGMENTS], ids=name_of)
def test_halves_are_rounded_once(
    tile: Tile | None, dtype: Any, kind: T, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    for case in ("side by side", "channel blocks"):
        check(CASES[case], kind, dtype)


@pytest.mark.parametrize("tile", TILES[::7])
def test_every_tile_gives_the_same(
    tile: tuple[int, int, int, int, int], monkeypatch: pytest.MonkeyPatch
):
    force(ContractionSchedule(*tile), monkeypatch)
    check(CASES["overlapping"], T.MAX)


def test_a_deconvolution_is_pooled():
    case = Case((2, 3, 5, 6), (3, 4, 3, 2), (3, 2), (2, 2), conv={"strides": (2, 2)})
    check(case, T.MAX, op=trt.DeconvolutionOp)
    check(case, T.AVERAGE, np.float16, op=trt.DeconvolutionOp)


@pytest.mark.parametrize("tile", [None, SMALL, WIDE, FRAGMENTS], ids=name_of)
def test_a_residual_is_added_before_it_is_pooled(
    tile: Tile | None, monkeypatch: pytest.MonkeyPatch
):
    """Of all images one, and halves; the activation is not monotone."""
    force(tile, monkeypatch)
    case = CASES["overlapping"]
    x, kernel = random(case.x, np.float16), random(case.kernel, np.float16, 1)
    other = random((1, 9, 15, 17), np.float16, 2)
    net = Builder()
    values = [net.input(array) for array in (x, kernel, other)]
    conv = net.add(contraction(trt.ConvolutionOp, case, *values[:2]))
    total = net.add(trt.ElementWiseOp(E.SUM, conv, values[2], layers=["add"]))
    odd = net.add(trt.ActivationOp(A.CLIP, total, alpha=-1.5, beta=0.75, layers=["c"]))
    result = net.add(pooling(T.AVERAGE, case, odd))
    module = net.module(result)
    for name in ("fuse-conv-elementwise", "fuse-conv-clip", "fuse-conv-pooling"):
        load_pass(name)().apply(context(), module)
    assert only_group(functions_of(module)).kind.data == "conv_sum_clip_pool"
    sums = convolved(x, kernel, None, *numbers(case)) + other.astype(float)
    wanted = exact_pooling(np.clip(sums, -1.5, 0.75), T.AVERAGE, case)
    (actual,) = emulate(module, x, kernel, other)
    assert_close(actual, wanted, terms=kernel[0].size)


@pytest.mark.parametrize("kind", [T.MAX, T.AVERAGE])
@pytest.mark.parametrize("tile", [None, SMALL, WIDE, FRAGMENTS], ids=name_of)
@pytest.mark.parametrize(
    "case", ["overlapping", "side by side", "grouped", "past the end"]
)
def test_the_bytes_of_an_int8_group_are_pooled_exactly(
    case: str, tile: Tile | None, kind: T, monkeypatch: pytest.MonkeyPatch
):
    """The group by the integer formula, then the windows."""
    force(tile, monkeypatch)
    given, rng = CASES[case], np.random.default_rng(5)
    x, kernel = (
        rng.integers(-128, 128, shape, np.int8) for shape in (given.x, given.kernel)
    )
    bias = rng.standard_normal(len(kernel)).astype(np.float32)

    def network(*, is_pooled: bool) -> ModuleOp:
        net = Builder()
        data = net.dequantize(x, 0.037)
        scales = np.linspace(0.5, 1, len(kernel), dtype=np.float32) / 3000
        weights = net.dequantize(kernel, scales, 0)
        values = data, weights, net.constant(bias)
        conv = net.add(contraction(trt.ConvolutionOp, given, *values))
        relu = net.add(trt.ActivationOp(A.CLIP, conv, alpha=-1, beta=2, layers=["r"]))
        made = net.quantize(relu, 0.017)
        if not is_pooled:
            return net.module(made)
        return fuse(net, net.add(pooling(kind, given, made)), *CONTRACTIONS)

    unpooled = network(is_pooled=False)
    function = functions_of(unpooled)
    name_layers(function)
    for name in CONTRACTIONS:
        load_pass(name)().apply(context(), unpooled)
    (levels,) = run_integers(function, [x, kernel], Weights.of_module(unpooled))
    assert np.unique(levels).size > 20
    wanted = np.rint(exact_pooling(levels, kind, given))
    wanted = np.where(np.isnan(wanted), 0, wanted).clip(-128, 127)
    (actual,) = emulate(network(is_pooled=True), x, kernel)
    np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("tile", [None, WIDE], ids=name_of)
def test_both_agree_with_onnxruntime(
    tile: Tile | None, monkeypatch: pytest.MonkeyPatch
):
    force(tile, monkeypatch)
    pads = ((1, 0), (1, 1))
    case = Case(
        (2, 4, 12, 15), (6, 4, 3, 3), (3, 2), (2, 2), pads, DOWN, {"strides": (1, 2)}
    )
    x, kernel = random(case.x), random(case.kernel, seed=1)
    net = Builder()
    values = net.input(x), net.input(kernel)
    conv = net.add(contraction(trt.ConvolutionOp, case, *values))
    module = fuse(net, net.add(pooling(T.AVERAGE, case, conv)))
    sums = onnxruntime_result("Conv", x, kernel, strides=[1, 2])
    given = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 1, 0, 1]}
    wanted = onnxruntime_result("AveragePool", sums, **given)
    (actual,) = emulate(module, x, kernel)
    assert_near(actual, wanted, terms=36)


def functions_of(module: ModuleOp) -> FuncOp:
    (function,) = functions(module)
    return function


LARGE = {
    "stem": (
        Case(
            (1, 3, 224, 224),
            (64, 3, 7, 7),
            (3, 3),
            (2, 2),
            ((1, 1), (1, 1)),
            conv={"strides": (2, 2), "pads": ((3, 3), (3, 3))},
        ),
        np.float32,
    ),
    "bytes": (Case((8, 64, 56, 56), (128, 64, 3, 3), (2, 2), (2, 2)), np.int8),
    "block": (Case((8, 64, 56, 56), (128, 64, 3, 3), (2, 2), (2, 2)), np.float16),
    "in space": (
        Case((1, 16, 24, 24, 24), (32, 16, 3, 3, 3), (2,) * 3, (2,) * 3),
        np.float32,
    ),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("sm", ["75", "80", "90"])
def test_large_ones_are_tiled_and_ptxas_takes_them_without_spills(name: str, sm: str):
    if find_ptxas() is None:
        pytest.skip("no ptxas on the PATH nor in nvidia-cuda-nvcc")
    case, dtype = LARGE[name]
    net, is_bytes = Builder(), dtype == np.int8
    arrays = np.empty(case.x, dtype), np.empty(case.kernel, dtype)
    values = [net.dequantize(a, 0.5) if is_bytes else net.input(a) for a in arrays]
    conv = net.add(contraction(trt.ConvolutionOp, case, *values))
    relu = net.add(trt.ActivationOp(A.RELU, conv, layers=["relu"]))
    seen = net.quantize(relu, 0.25) if is_bytes else relu
    passes = CONTRACTIONS if is_bytes else ["fuse-conv-relu"]
    module = fuse(net, net.add(pooling(T.MAX, case, seen)), *passes)
    (group,) = (op for op in module.walk() if isinstance(op, trt.FusedOp))
    assert len(group.block.args) == 2
    Target(f"sm_{sm}").put_on(module)
    module = lower(module)
    (kernel,) = (op for op in module.walk() if isinstance(op, gpu.FuncOp))
    assert any(isinstance(op, gpu.BarrierOp) for op in kernel.walk())
    assert len(list(kernel.walk())) < 1500
    (report,) = assemble(emit_ptx(machine_level(module), sm), sm).kernels
    assert (report.spill_stores, report.spill_loads) == (0, 0)


def test_a_tile_has_as_many_windows_as_fit():
    halving, thirds = PooledAxis(56, 28, 2, 2), PooledAxis(57, 28, 3, 2)
    tile = PoolingTile.choose((halving, halving), 128)
    assert tile is not None
    assert (tile.windows, tile.seen, tile.counts) == ((1, 28), (2, 56), (28, 1))
    tile = PoolingTile.choose((thirds, thirds), 128)
    assert tile is not None
    assert (tile.windows, tile.seen, tile.counts) == ((4, 6), (9, 13), (7, 5))


def test_no_tile_holds_a_window_that_is_too_large():
    whole = PooledAxis(12, 1, 12, 1)
    assert PoolingTile.choose((whole, whole), 128) is None
    tile = PoolingTile.choose((whole, whole), 144)
    assert tile is not None
    assert tile.windows == (1, 1)
