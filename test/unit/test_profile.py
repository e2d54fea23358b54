"""Where the time of a run goes: what devices note of their steps, and what is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from kernels_on_host import parse

import fusemlir
from fusemlir.codegen.native import NativeLibrary, emit_object, host_cpu
from fusemlir.codegen.thread_team import RUN, SERVE, TEAM, c_library_symbols
from fusemlir.diagnostics import DiagnosticError
from fusemlir.network import kernels
from fusemlir.runtime.engine import Engine
from fusemlir.runtime.host_threads import HostThreads
from fusemlir.runtime.kernel import Kernel
from fusemlir.runtime.profile import KernelTime, Profile, StepTime
from fusemlir.runtime.timing import Step
from fusemlir.runtime.work import operations
from fusemlir.tools.fuse_run import main
from fusemlir.tools.profile_report import profile_table

NET = """func.func @net(%x: tensor<1x4x6x6xf32>)
    -> (tensor<1x6x4x4xf32>, tensor<2xf32>) {
  %w = trt.constant dense<0.5> : tensor<2x4x3x3xf32>
  %v = trt.constant dense<0.25> : tensor<4x4x3x3xf32>
  %two = trt.constant dense<2.0> : tensor<2xf32>
  %c = trt.convolution %x, %w layers ["c"]
    : (tensor<1x4x6x6xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c layers ["r"]
    : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %d = trt.convolution %x, %v layers ["d"]
    : (tensor<1x4x6x6xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x4xf32>
  %j = trt.concatenation %r, %d axis = 1 layers ["j"]
    : (tensor<1x2x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x6x4x4xf32>
  func.return %j, %two : tensor<1x6x4x4xf32>, tensor<2xf32>
}
"""

IN_PLACE = """func.func @net(%x: tensor<1x4x6x6xf32>) -> tensor<1x1x4x4xf32> {
  %v = trt.constant dense<0.25> : tensor<16x4x3x3xf32>
  %w = trt.constant dense<0.5> : tensor<16x4x3x3xf32>
  %u = trt.constant dense<0.125> : tensor<1x32x3x3xf32>
  %c = trt.convolution %x, %v layers ["c"]
    : (tensor<1x4x6x6xf32>, tensor<16x4x3x3xf32>) -> tensor<1x16x4x4xf32>
  %d = trt.convolution %x, %w layers ["d"]
    : (tensor<1x4x6x6xf32>, tensor<16x4x3x3xf32>) -> tensor<1x16x4x4xf32>
  %j = trt.concatenation %c, %d axis = 1 layers ["j"]
    : (tensor<1x16x4x4xf32>, tensor<1x16x4x4xf32>) -> tensor<1x32x4x4xf32>
  %k = trt.convolution %j, %u pre_padding = [1, 1] post_padding = [1, 1] layers ["k"]
    : (tensor<1x32x4x4xf32>, tensor<1x32x3x3xf32>) -> tensor<1x1x4x4xf32>
  func.return %k : tensor<1x1x4x4xf32>
}
"""

X = np.ones((1, 4, 6, 6), np.float32)

LONG_AND_SHORT = """
declare void @wait_for_all(ptr, i64)

define void @work(ptr %mine, i64 %rounds) {
entry:
  br label %next
next:
  %round = phi i64 [0, %entry], [%more, %next]
  store volatile i64 %round, ptr %mine
  %more = add i64 %round, 1
  %again = icmp ult i64 %more, %rounds
  br i1 %again, label %next, label %end
end:
  ret void
}

define void @steps(ptr %places, i64 %thread, i64 %threads, ptr %team) {
  %mine = getelementptr i64, ptr %places, i64 %thread
  call void @work(ptr %mine, i64 100)
  call void @wait_for_all(ptr %team, i64 %threads)
  call void @work(ptr %mine, i64 100000000)
  call void @wait_for_all(ptr %team, i64 %threads)
  call void @work(ptr %mine, i64 100)
  call void @wait_for_all(ptr %team, i64 %threads)
  ret void
}
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "net.mlir"
    path.write_text(NET)
    return path


@pytest.fixture(scope="module")
def engine(net: Path) -> Engine:
    return fusemlir.compile(net, device="host", threads=2)


@pytest.mark.parametrize("count", [1, 2])
def test_time_is_noted_where_it_is_spent(count: int):
    image = emit_object([LONG_AND_SHORT, TEAM], host_cpu())
    library = NativeLibrary([image], ["steps", RUN, SERVE], c_library_symbols())
    threads = HostThreads(library, count)
    places = np.zeros(count, np.int64)
    function, arguments = library.address("steps"), places.ctypes.data
    # Of some runs others took the processor for a while.
    runs = [threads.run_timed(function, arguments, 3) for _ in range(10)]
    first, second, third = np.min(runs, axis=0)
    assert 0 < 5 * max(first, third) < second
    # A run that nobody times notes nothing.
    threads.run(function, arguments)


def test_each_kernel_has_its_steps_and_its_work(engine: Engine):
    profile = engine.profile([X], 3)
    assert [timed.kernel for timed in profile.kernels] == list(engine.kernels)
    by_kind = {timed.kernel.layers: timed for timed in profile.kernels}
    assert by_kind["c", "r"].operations == 2 * (4 * 3 * 3) * (2 * 4 * 4)
    read, weights, written = 4 * 6 * 6, 2 * 4 * 3 * 3, 2 * 4 * 4
    assert by_kind["c", "r"].moved_bytes == 4 * (read + weights + written)
    (only,) = by_kind["d",].steps
    assert only.step.layers == ("d",)
    assert by_kind["j",].operations == 0
    # The output is a constant that is copied: no kernel is.
    (copied,) = profile.others
    assert copied.step.layers == ()
    assert profile.runs == 3
    timed = [*by_kind["c", "r"].steps, *profile.others]
    assert all(0 < each.seconds < profile.seconds for each in timed)
    np.testing.assert_array_equal(engine.run([X])[0], engine.run([X])[0])


def test_what_is_computed_in_place_has_no_steps():
    profile = fusemlir.compile(parse(IN_PLACE), device="host").profile([X], 1)
    (joined,) = (timed for timed in profile.kernels if timed.kernel.layers == ("j",))
    assert (joined.steps, joined.seconds) == ((), 0)
    assert all(t.steps for t in profile.kernels if t is not joined)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(
            """func.func @net(%x: tensor<1x4x5x5xf32>) -> tensor<1x6x11x11xf32> {
              %w = trt.constant dense<0.5> : tensor<4x3x3x3xf32>
              %y = trt.deconvolution %x, %w stride = [2, 2] num_groups = 2
                : (tensor<1x4x5x5xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x11x11xf32>
              func.return %y : tensor<1x6x11x11xf32>
            }""",
            2 * (4 * 5 * 5) * (3 * 3 * 3),
            id="each element of the input is multiplied by a kernel",
        ),
        pytest.param(
            """func.func @net(%x: tensor<2x3x5xf32>, %y: tensor<2x3xf32>)
                -> tensor<2x5xf32> {
              %z = trt.matrix_multiply %x, %y op0 = transpose op1 = vector
                : (tensor<2x3x5xf32>, tensor<2x3xf32>) -> tensor<2x5xf32>
              func.return %z : tensor<2x5xf32>
            }""",
            2 * 3 * (2 * 5),
            id="a vector is summed over the axis that it has",
        ),
        pytest.param(
            """func.func @net(%x: tensor<3x2x4xf32>) -> tensor<3x2x2xf32> {
              %z = trt.matrix_multiply %x, %x op1 = transpose
                : (tensor<3x2x4xf32>, tensor<3x2x4xf32>) -> tensor<3x2x2xf32>
              func.return %z : tensor<3x2x2xf32>
            }""",
            2 * 4 * (3 * 2 * 2),
            id="a product of a tensor with itself",
        ),
    ],
)
def test_operations_are_those_of_products(text: str, wanted: int):
    (group,) = kernels(parse(text))
    assert operations(group) == wanted


@pytest.mark.parametrize("device", ["reference", "emu"])
def test_devices_without_a_clock_say_so(net: Path, device: str):
    other = fusemlir.compile(net, device=device)
    with pytest.raises(DiagnosticError, match=f"host and cuda, this .* {device}"):
        other.profile([X])


def test_no_runs_have_no_median(engine: Engine):
    with pytest.raises(DiagnosticError, match="1 or more runs, found 0"):
        engine.profile([X], 0)


def test_the_longest_comes_first_and_parts_are_told():
    short = Step(("a_0",), ("a",)), 0.001
    long = [
        (Step(("copy_0",), ("b",)), 0.002),
        (Step(("b_0", "halo_0"), ("b",)), 0.004),
    ]
    kernels = (
        KernelTime(Kernel("a", "pool", ("a",), ()), (StepTime(*short),), 0, 2_000_000),
        KernelTime(
            Kernel("b + c", "conv_relu", ("b", "c"), ()),
            tuple(StepTime(*each) for each in long),
            12_000_000,
            0,
        ),
    )
    profile = Profile(kernels, (), 0.01, 7)
    head, _, *rows = profile_table(profile)
    assert "medians of 7 runs: 10.000 ms each, 7.000 ms in kernels, 3.000 ms" in head
    assert [row.split() for row in rows] == [
        ["6000.0", "60.0", "2.0", "2", "conv_relu", "b", "+", "c"],
        ["2000.0", "of", "it", "copy_0"],
        ["4000.0", "of", "it", "b_0", "and", "halo_0"],
        ["1000.0", "10.0", "2.0", "1", "pool", "a"],
    ]


def test_the_command_prints_a_table_and_writes_json(
    net: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "profile.json"
    flags = ["--profile", "--profile-runs=3", f"--profile-file={path}"]
    assert main([str(net), "--device=host", *flags]) == 0
    printed = capsys.readouterr().out
    assert "medians of 3 runs" in printed
    assert "conv_relu            c + r" in printed
    entry = json.loads(path.read_text())
    assert [kernel["layers"] for kernel in entry["kernels"]] == [
        ["c", "r"],
        ["d"],
        ["j"],
    ]
    steps = [step for kernel in entry["kernels"] for step in kernel["steps"]]
    seconds = sum(step["seconds"] for step in [*steps, *entry["others"]])
    assert seconds == pytest.approx(entry["seconds_in_kernels"])
    assert entry["runs"] == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profile-runs=3"], "flag '--profile-runs' needs '--profile'"),
        (["--profile-file=a.json"], "flag '--profile-file' needs '--profile'"),
        (["--profile", "--profile-runs=0"], "wants 1 or more, got '0'"),
        (["--profile", "--profile-file=/no/such/a.json"], "there is no folder"),
        (["--profile", "--device=emu"], "is for devices host and cuda, found emu"),
    ],
)
def test_mistakes_are_explained(
    net: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    assert main([str(net), *words]) == 1
    assert message in capsys.readouterr().err
