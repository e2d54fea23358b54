"""Schedules that are tried on this machine: which wins, and what it changes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from kernel_arrays import random
from kernels_on_host import parse
from numpy.lib.stride_tricks import sliding_window_view
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.codegen.native import HostCpu, host_cpu
from fusemlir.codegen.object_cache import ObjectCache
from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.schedule import SCHEDULE, ScheduleAttr
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.host.lone_kernel import PlacedKernel
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule
from fusemlir.remarks import collect
from fusemlir.runtime.engine import Engine
from fusemlir.runtime.host_threads import HostThreads
from fusemlir.source_network import make_context
from fusemlir.tools.fuse_run import main
from fusemlir.tuning.contest import Contest, Track, shape_of
from fusemlir.tuning.tuner import CHALLENGERS, tune
from fusemlir.weights import Array, Weights

LINE, FEATURES = 5, 40

IMAGE = f"tensor<1x5x3x{LINE}xf32>"
KERNEL = f"tensor<{FEATURES}x5x3x3xf32>"
RESULT = f"tensor<1x{FEATURES}x3x{LINE}xf32>"


def network(*layers: str) -> str:
    """Of convolutions of one image, each with its attributes, and what follows it."""
    names = [f"y{number}" for number in range(len(layers))]
    lines = (
        f"%{name} = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] "
        f'layers ["{name}"] {layer} : ({IMAGE}, {KERNEL}) -> {RESULT}'
        for name, layer in zip(names, layers, strict=True)
    )
    values = ", ".join(f"%{name}" for name in names)
    types = ", ".join([RESULT] * len(layers))
    return (
        f"func.func @main(%x: {IMAGE}) -> ({types}) {{\n"
        f'%w = trt.constant #trt.weight<"w" : {KERNEL}>\n'
        + "\n".join(lines)
        + f"\nfunc.return {values} : {types}\n}}"
    )


NETWORK = network("")

X = random((1, 5, 3, LINE), seed=1)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUSEMLIR_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def last_is_quickest(monkeypatch: pytest.MonkeyPatch) -> None:
    """This decides, and not what the machine does now; nothing is compiled for it."""

    def of_contests(contests: Sequence[Contest], *_: object) -> Track:
        return Track(contests, [], cast(HostThreads, None), [])

    def run(self: Track, rounds: int) -> None:
        for contest in self.contests:
            for number in contest.running:
                contest.times[number] += [1 / (1 + number)] * rounds

    monkeypatch.setattr(Track, "of_contests", of_contests)
    monkeypatch.setattr(Track, "run", run)


def engine(threads: int = 1, **options: Any) -> Engine:
    return fusemlir.compile(parse(NETWORK), device="host", threads=threads, **options)


def schedules(module: ModuleOp) -> list[ScheduleAttr]:
    found = (op.attributes.get(SCHEDULE) for op in module.walk())
    return [each for each in found if isinstance(each, ScheduleAttr)]


def ranked() -> list[ScheduleAttr]:
    cpu = shape_of(host_cpu()).for_features(FEATURES)
    choices = TileSchedule.choices(LINE, FEATURES, cpu, depth=5 * 3 * 3)
    return [schedule.attribute for schedule in choices.ranked]


def convolved() -> Array:
    module = parse(NETWORK)
    (constant,) = (op for op in module.walk() if isinstance(op, ConstantOp))
    kernel = Weights.of_module(module).array(constant.value)
    padded = np.pad(X.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.einsum("bchwij,fcij->bfhw", windows, kernel)


def test_all_schedules_compute_the_same_bits_on_any_number_of_threads():
    attributes = [f"{{trt.schedule = {schedule}}}" for schedule in ranked()]
    assert len(attributes) >= LINE
    text = network("", *attributes)
    found = list[Array]()
    for threads in (1, 2, 3):
        module = parse(text)
        built = fusemlir.compile(module, device="host", rules=[], threads=threads)
        found += built.run({"x": X}).values()
    np.testing.assert_allclose(found[0], convolved(), rtol=0, atol=1e-5)
    for other in found:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.usefixtures("last_is_quickest")
def test_what_wins_is_written_into_the_network():
    tuned = engine(tune="quick")
    # The last of those that the model ranks first.
    assert schedules(tuned.module) == [ranked()[CHALLENGERS]]
    np.testing.assert_allclose(tuned(X), convolved(), rtol=0, atol=1e-5)


@pytest.mark.usefixtures("last_is_quickest")
def test_full_tries_all():
    module = parse(NETWORK)
    tune(module, host_cpu(), 1, "full")
    assert schedules(module) == [ranked()[-1]]


def test_a_network_that_was_tuned_is_not_tuned_again(
    monkeypatch: pytest.MonkeyPatch,
):
    first = engine(tune="quick")

    def refuse(*_: object) -> None:
        raise AssertionError("it is tried again")

    monkeypatch.setattr(Track, "of_contests", refuse)
    again = engine(tune="quick")
    assert schedules(again.module) == schedules(first.module)
    np.testing.assert_array_equal(again(X), first(X))
    with pytest.raises(AssertionError, match="tried again"):
        engine(threads=2, tune="quick")


@pytest.mark.usefixtures("last_is_quickest")
def test_a_schedule_that_is_given_stays():
    given = ranked()[-1]
    module = parse(network(f"{{trt.schedule = {given}}}"))
    tune(module, host_cpu(), 1, "quick")
    assert schedules(module) == [given]


@pytest.mark.usefixtures("last_is_quickest")
def test_equal_kernels_have_one_winner_and_each_change_is_told():
    module = parse(TWICE)
    with collect() as remarks:
        tune(module, host_cpu(), 1, "quick")
    first, second = schedules(module)
    assert first == second
    assert [remark.layers for remark in remarks] == [("a",), ("b",)]
    assert all(": pixels = " in remark.reason for remark in remarks)
    assert all("in place of" in remark.reason for remark in remarks)


TWICE = """
func.func @main(%x: tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32> {
  %v = trt.constant #trt.weight<"v" : tensor<16x16x1x1xf32>>
  %w = trt.constant #trt.weight<"w" : tensor<16x16x1x1xf32>>
  %a = trt.convolution %x, %v layers ["a"]
    : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
  %r = trt.activation relu %a layers ["r"]
    : tensor<1x16x4x4xf32> -> tensor<1x16x4x4xf32>
  %s = trt.shuffle %r reshape = [16, 16] layers ["s"]
    : tensor<1x16x4x4xf32> -> tensor<16x16xf32>
  %t = trt.shuffle %s reshape = [1, 16, 4, 4] layers ["t"]
    : tensor<16x16xf32> -> tensor<1x16x4x4xf32>
  %b = trt.convolution %t, %w layers ["b"]
    : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
  func.return %b : tensor<1x16x4x4xf32>
}
"""


@pytest.mark.usefixtures("last_is_quickest")
@pytest.mark.parametrize("content", [b"", b"[]", b'[{"pixels": 999}, 2.0]'])
def test_what_is_kept_and_is_no_winner_is_ignored_with_a_warning(
    content: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    cpu, first, again = host_cpu(), parse(NETWORK), parse(NETWORK)
    tune(first, cpu, 1, "quick")

    def load(*_: object) -> tuple[bytes]:
        return (content,)

    monkeypatch.setattr(ObjectCache, "load", load)
    with caplog.at_level(logging.WARNING):
        tune(again, cpu, 1, "quick")
    assert "is ignored" in caplog.text
    assert schedules(again) == schedules(first) != []


class Race(Contest):
    """Of schedules that took so long."""

    def __init__(self, *times: Sequence[float]):
        attributes = [ScheduleAttr.of({"pixels": n + 1}) for n in range(len(times))]
        super().__init__(cast(PlacedKernel, None), attributes)
        self.times = [list(each) for each in times]


def test_the_quickest_wins_whatever_disturbed_some_of_its_runs():
    race = Race([3.0] * 8, [2.0] * 3 + [50.0] * 5, [2.5] * 8)
    race.drop(1.1)
    assert race.running == [0, 1]
    schedule, gain = race.winner(1.03)
    assert (schedule, gain) == (race.schedules[1], 1.5)


def test_who_is_hardly_quicker_does_not_win():
    race = Race([1.02] * 4, [1.0] * 4)
    race.drop(1.1)
    assert race.winner(1.03) == (race.schedules[0], 1.0)


def test_where_the_first_is_the_quickest_by_far_nobody_runs_on():
    race = Race([1.0] * 4, [2.0] * 4)
    race.drop(1.1)
    assert race.running == []
    assert race.winner(1.03) == (race.schedules[0], 1.0)


def test_another_level_and_another_device_are_refused():
    with pytest.raises(DiagnosticError, match="did you mean 'quick'"):
        engine(tune="quik")
    with pytest.raises(DiagnosticError, match="tuning is for device host, found emu"):
        fusemlir.compile(parse(NETWORK), device="emu", tune="full")


@pytest.mark.usefixtures("last_is_quickest")
def test_fuse_run_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "network.mlir"
    path.write_text(NETWORK)
    flags = ["--device=host", "--tune=quick", "--verbose", "--compare"]
    assert main([str(path), *flags]) == 0
    said = capsys.readouterr().out
    assert "tune | " in said
    assert "y0: pixels = " in said
    assert "PASS" in said


def test_where_one_product_starts_at_a_clock_none_is_wasted():
    """Of 68 features two blocks of 48 are 96, five of 16 are 80: what is more costs
    less than loads do where two start."""
    wide, half = (HostCpuShape(16, 32, per_clock=count) for count in (2, 1))
    first, second = (
        TileSchedule.choices(14, 68, cpu, depth=68).ranked[0] for cpu in (wide, half)
    )
    assert (first.vectors, second.vectors) == (3, 1)


def test_the_shallower_a_product_the_smaller_its_tiles():
    cpu = HostCpuShape(16, 32, per_clock=1)
    tiles = (TileSchedule.choices(28, 128, cpu, depth) for depth in (8, 64, 1024))
    sums = [found.ranked[0].pixels * found.ranked[0].vectors for found in tiles]
    assert sums == sorted(sums)
    assert sums[0] < sums[-1]


def test_zen_4_computes_its_widest_vectors_in_halves():
    zen = HostCpu("x86_64-unknown-linux-gnu", "znver4", ("+avx2", "+avx512f"))
    assert zen.products_per_clock == 1
    assert replace(zen, features=("+avx2",)).products_per_clock == 2
    assert replace(zen, name="sapphirerapids").products_per_clock == 2


def test_products_per_clock_are_one_or_two():
    with pytest.raises(DiagnosticError, match="products-per-clock of 1 or 2, found 3"):
        ConvertTrtToHostPass(products_per_clock=3).apply(make_context(), parse(NETWORK))
