"""fuse-run as a command: what it runs, prints, writes, compares and refuses."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse
from onnx import TensorProto, helper, numpy_helper
from xdsl.dialects.builtin import ModuleOp

from fusemlir import pipeline
from fusemlir.codegen.native import host_cpu
from fusemlir.dialects.trt import ActivationOp
from fusemlir.reference import RULES
from fusemlir.remarks import Remark
from fusemlir.runtime import cuda
from fusemlir.runtime.cuda import CudaUnavailable
from fusemlir.runtime.signature import TensorInfo
from fusemlir.tools import fuse_run, progress
from fusemlir.tools.comparison import (
    HALF_TOLERANCE,
    QUANTIZED_TOLERANCE,
    TOLERANCE,
    Difference,
    default_tolerance,
)
from fusemlir.tools.fuse_run import main
from fusemlir.tools.run_command_line import FLAGS
from fusemlir.tools.run_data import random_inputs, read_arrays, write_arrays

NET = """func.func @net(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x3x1x1xf32>>
  %c = trt.convolution %x, %w layers ["conv1"]
    : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32>
  %r = trt.activation relu %c layers ["relu1"]
    : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %r : tensor<1x4x8x8xf32>
}
"""

SHARED = """func.func @net(%x: tensor<1x3x8x8xf32>)
    -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<4x3x1x1xf32>>
  %c = trt.convolution %x, %w layers ["conv1"]
    : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32>
  %r = trt.activation relu %c layers ["relu1"]
    : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %r, %c : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>
}
"""


QUANTIZED = """%s = trt.constant dense<0.5> : tensor<f32>
      %q = trt.quantize %y, %s : (tensor<2xf32>, tensor<f32>) -> tensor<2xi8>"""


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "probe", lambda **_: CudaUnavailable("no NVIDIA driver"))


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.mlir"
    path.write_text(NET)
    return str(path)


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip()


def test_a_run_says_what_it_did(net: str, capsys: pytest.CaptureFixture[str]):
    assert main([net, "--threads=2"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = [line.strip() for line in captured.out.splitlines()]
    assert lines[:4] == [
        "net",
        f"device    host ({host_cpu().name}, 2 threads): no NVIDIA driver",
        "network   2 layers in 1 kernel",
        "input     x 1x3x8x8 float32, random, seed 0",
    ]
    assert re.fullmatch(r"run       \d+\.\d{3} s", lines[4])
    assert lines[5] == "output    r 1x4x8x8 float32"
    assert re.fullmatch(r"([\d.e-]+ ){6}…", lines[6])
    assert re.fullmatch(r"min 0, max [\d.]+, mean [\d.]+", lines[7])


def test_outputs_are_those_of_the_inputs(net: str, tmp_path: Path):
    inputs, outputs = str(tmp_path / "x.npz"), str(tmp_path / "y.npz")
    np.savez(inputs, x=np.ones((1, 3, 8, 8), np.float32))
    assert main([net, "--inputs", inputs, f"--outputs={outputs}"]) == 0
    ones = read_arrays(outputs)
    np.savez(inputs, x=np.full((1, 3, 8, 8), 2, np.float32))
    assert main([net, "--inputs", inputs, f"--outputs={outputs}"]) == 0
    twos = read_arrays(outputs)
    assert list(ones) == ["r"]
    assert ones["r"].any()
    np.testing.assert_array_equal(twos["r"], 2 * ones["r"])


def test_random_inputs_follow_the_seed(net: str, tmp_path: Path):
    found: list[Any] = []
    for seed in ("0", "0", "1"):
        path = str(tmp_path / "y.npz")
        assert main([net, "--seed", seed, "--outputs", path]) == 0
        found.append(read_arrays(path)["r"])
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_comparing_passes_and_fails_by_the_tolerance(
    net: str, capsys: pytest.CaptureFixture[str]
):
    assert main([net, "--compare"]) == 0
    out = capsys.readouterr().out
    assert "PASS      against the network as read, 0.0001 relative allowed" in out
    assert main([net, "--compare", "--tol=1e-20"]) == 1
    out = capsys.readouterr().out
    assert "FAIL      against the network as read, 1e-20 relative allowed" in out


def test_comparing_finds_a_wrong_answer(
    net: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    relu = RULES[ActivationOp]

    def off_by_a_little(op: Any, operands: Any, context: Any) -> Any:
        wrong = 1.001 if context.mode == "typed" else 1
        return relu(op, operands, context) * wrong

    monkeypatch.setitem(RULES, ActivationOp, off_by_a_little)
    assert main([net, "--compare", "--device=reference"]) == 1
    assert re.search(r"compare   r: .* 0\.001 relative", capsys.readouterr().out)


def test_comparing_is_with_the_network_before_any_pass(
    net: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def break_it(module: ModuleOp, _: Any) -> tuple[Remark, ...]:
        for op in module.walk():
            if isinstance(op, ActivationOp):
                op.output.replace_all_uses_with(op.input)
        return ()

    monkeypatch.setattr(pipeline, "run_passes", break_it)
    assert main([net, "--compare"]) == 1
    assert "FAIL" in capsys.readouterr().out


def test_comparing_constant_outputs_is_said_to_prove_little(
    net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = str(tmp_path / "x.npz")
    np.savez(path, x=np.zeros((1, 3, 8, 8), np.float32))
    assert main([net, "--compare", "--inputs", path]) == 0
    assert "all of r is one number: this proves little" in capsys.readouterr().out


def test_a_summary_tells_what_was_fused(net: str, capsys: pytest.CaptureFixture[str]):
    assert main([net, "--summary"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"fuse-conv-relu +1   conv1 \+ relu1", out)
    assert re.search(r"^  conv_relu +1$", out, re.MULTILINE)
    assert re.search(r"1  conv_relu +conv1 \+ relu1", out)


def test_a_summary_tells_what_was_not_fused_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "shared.mlir"
    path.write_text(SHARED)
    assert main([str(path), "--summary"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"fuse-conv-relu +1   needs an intermediate value that is no", out)
    assert "such as relu1 with conv1: found it is an output of the network" in out


def test_verbose_tells_every_remark(net: str, capsys: pytest.CaptureFixture[str]):
    assert main([net, "--verbose"]) == 0
    captured = capsys.readouterr()
    assert "[Passed] fuse-conv-relu | Category:fusion" in captured.out
    assert "fuse-run: compiling net took" in captured.err


@pytest.mark.parametrize(
    "flag",
    [
        "--no-fusion",
        "--fuse=none",
        "--disable-rules=fuse-conv-relu,fuse-conv-activation",
        "--rules=",
    ],
)
def test_fusion_can_be_switched_off(
    net: str, capsys: pytest.CaptureFixture[str], flag: str
):
    assert main([net, flag]) == 0
    assert "2 layers in 2 kernels" in capsys.readouterr().out


PRODUCT = """func.func @net(%x: tensor<64x64xf32>, %y: tensor<64x64xf32>)
    -> tensor<64x64xf32> {
  %p = trt.matrix_multiply %x, %y
    : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  func.return %p : tensor<64x64xf32>
}
"""


@pytest.mark.parametrize("device", ["host", "emu"])
def test_devices_without_a_gpu_give_the_answer(
    device: str, net: str, capsys: pytest.CaptureFixture[str]
):
    assert main([net, f"--device={device}", "--compare", "--threads=2"]) == 0
    printed = capsys.readouterr().out
    assert re.search(rf"device +{device} \(", printed)
    assert "PASS" in printed


def test_tensor_cores_round_f32_where_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "net.mlir"
    path.write_text(PRODUCT)
    arguments = [str(path), "--device=emu", "--compare"]
    assert main(arguments) == 0
    assert main([*arguments, "--tf32"]) == 1
    assert main([*arguments, "--tf32", "--tol=1e-2"]) == 0


def test_a_network_is_read_from_stdin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    stdin = io.TextIOWrapper(io.BytesIO(NET.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["-", "--rules=fuse-conv-relu"]) == 0
    assert "2 layers in 1 kernel" in capsys.readouterr().out


@pytest.fixture
def model(tmp_path: Path) -> str:
    """y = x + w over any batch."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"], "add")],
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 100])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 100])],
        [numpy_helper.from_array(np.arange(100, dtype=np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    path = tmp_path / "sum.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets).SerializeToString())
    return str(path)


def test_unknown_dimensions_are_fixed_by_a_flag(
    model: str, capsys: pytest.CaptureFixture[str]
):
    message = fails(capsys, model)
    assert "input 'x ?x100 float32' has unknown dimensions" in message
    assert "--shape x=<dims>" in message
    assert main([model, "--shape", "x=2x100"]) == 0
    assert "y 2x100 float32" in capsys.readouterr().out


def test_weights_come_from_the_file_that_is_named(model: str, tmp_path: Path):
    path, inputs = tmp_path / "net.mlir", str(tmp_path / "x.npz")
    path.write_text(
        "func.func @f(%x: tensor<1x100xf32>) -> tensor<1x100xf32> {\n"
        '  %w = trt.constant #trt.weight<reshape("w" : tensor<100xf32>) '
        ": tensor<1x100xf32>>\n"
        "  %y = trt.element_wise sum %x, %w : (tensor<1x100xf32>, tensor<1x100xf32>)"
        " -> tensor<1x100xf32>\n"
        "  func.return %y : tensor<1x100xf32>\n}"
    )
    np.savez(inputs, x=np.zeros((1, 100), np.float32))
    outputs = str(tmp_path / "y.npz")
    assert main([str(path), f"--weights={model}", "--inputs", inputs,
                 "--outputs", outputs]) == 0  # fmt: skip
    np.testing.assert_array_equal(read_arrays(outputs)["y"][0], np.arange(100))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which network?"),
        (["a.onnx", "b.onnx"], "one network is run at a time"),
        (["{net}", "--devcie=cuda"], "'--devcie'; did you mean '--device'?"),
        (["{net}", "--device=refrence"], "did you mean 'reference'?"),
        (["{net}", "--device=cuda"], "cuda cannot be used: no NVIDIA driver"),
        (["{net}", "--rules=fuse-conv-rel"], "did you mean 'fuse-conv-relu'?"),
        (["{net}", "--disable-rules=x"], "unknown rule 'x'"),
        (["{net}", "--fuse=all"], "known: practice, strict, none"),
        (["{net}", "--no-fusion", "--fuse=strict"], "contradict each other"),
        (["{net}", "--no-fusion", "--rules=a"], "contradict each other"),
        (["{net}", "--seed=x"], "'--seed' wants 0 or more, got 'x'"),
        (["{net}", "--threads=0"], "'--threads' wants 1 or more, got '0'"),
        (["{net}", "--tf32", "--device=host"], "tf32 is for a GPU and its emulator"),
        (["{net}", "--tol=nan"], "'--tol' wants a number as in 1e-4, got 'nan'"),
        (["{net}", "--shape=x=1"], "has types"),
        (["{net}", "--outputs=/no/such/y.npz"], "there is no folder"),
        (["{net}", "--inputs=missing.npz"], "missing.npz: No such file"),
        (["{net}", "--inputs={net}"], "is no .npz file of arrays, or damaged"),
        (["{net}", "--weights={net}"], "is no ONNX model, or damaged"),
        (["missing.onnx"], "missing.onnx: error: cannot be read: No such file"),
        (["missing.mlir"], "missing.mlir: No such file"),
    ],
)
def test_mistakes_are_explained(
    net: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    assert message in fails(capsys, *(word.format(net=net) for word in words))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((1, 3, 8, 8), np.float32)}, "there is no input 'X'"),
        ({"x": np.zeros((1, 3, 8, 9), np.float32)}, "shape 1x3x8x8, found 1x3x8x9"),
        ({"x": np.zeros((1, 3, 8, 8))}, "must be float32, found float64"),
        ({}, "input 'x' is missing"),
    ],
)
def test_wrong_inputs_are_explained(
    net: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arrays: dict[str, Any],
    message: str,
):
    path = str(tmp_path / "x.npz")
    np.savez(path, **arrays)
    assert message in fails(capsys, net, "--inputs", path)


def test_damaged_text_points_at_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "bad.mlir"
    path.write_text("func.func @f() {\n  oops\n}\n")
    assert fails(capsys, str(path)).startswith(f"{path}:2:3: error: ")


def test_help_and_version_need_no_network(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == main(["--version"]) == 0
    out = capsys.readouterr().out
    for flag in FLAGS:
        assert f"--{flag.name}" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "fuse-run 0." in out


def test_outputs_are_written_whole_or_not_at_all(net: str, tmp_path: Path):
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "y.npz"
    path.write_bytes(b"before")
    bad = str(tmp_path / "x.npz")
    np.savez(bad, x=np.zeros(1, np.float32))
    assert main([net, "--inputs", bad, "--outputs", str(path)]) == 1
    assert path.read_bytes() == b"before"
    assert main([net, "--outputs", str(path)]) == 0
    assert [file.name for file in folder.iterdir()] == ["y.npz"]
    assert list(read_arrays(str(path))) == ["r"]


def test_any_name_and_type_goes_through_a_file(tmp_path: Path):
    path = str(tmp_path / "a.npz")
    arrays = {
        "gpu_0/data": np.arange(3, dtype=np.int8),
        "file": np.array([True, False]),
        "bf16": np.array([1.5, -2], ml_dtypes.bfloat16),
        "scalar": np.array(7, np.int64),
    }
    write_arrays(path, arrays)
    found = read_arrays(path)
    assert list(found) == list(arrays)
    bf16 = TensorInfo("bf16", (2,), np.dtype(ml_dtypes.bfloat16))
    found["bf16"] = bf16.check(found["bf16"])
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def test_random_inputs_suit_their_types():
    types = [np.float16, ml_dtypes.bfloat16, np.int8, np.uint8, np.int64, np.bool_]
    infos = [TensorInfo(str(i), (1000,), np.dtype(t)) for i, t in enumerate(types)]
    arrays = random_inputs(infos, seed=3)
    for info in infos:
        info.check(arrays[info.name])
    assert abs(float(arrays["0"].astype(np.float64).std()) - 1) < 0.1
    assert (arrays["2"].min(), arrays["2"].max()) == (-8, 7)
    assert (arrays["3"].min(), arrays["3"].max()) == (0, 7)
    assert 0 < arrays["5"].mean() < 1


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("found", "wanted", "absolute", "relative"),
    [
        ([1, 2], [1, 2], 0, 0),
        ([1, 2.5], [1, 2], 0.5, 0.25),
        ([0, 0], [0, 0], 0, 0),
        ([1, 0], [0, 0], 1, INF),
        ([NAN, 1], [NAN, 1], 0, 0),
        ([NAN, 1], [1, 1], INF, INF),
        ([INF, 1], [INF, 2], 1, 0.5),
        ([INF, 1], [-INF, 1], INF, INF),
        ([1], [1, 1], INF, INF),
        ([], [], 0, 0),
    ],
)
def test_a_difference_is_relative_to_the_largest_value(
    found: list[float], wanted: list[float], absolute: float, relative: float
):
    difference = Difference.of("y", np.float32(found), np.float32(wanted))
    assert (difference.absolute, difference.relative) == (absolute, relative)
    assert difference.within(0.1) == (relative <= 0.1)


@pytest.mark.parametrize(
    ("element", "after", "allowed"),
    [
        ("f32", "", TOLERANCE),
        ("f16", "", HALF_TOLERANCE),
        ("f32", QUANTIZED, QUANTIZED_TOLERANCE),
    ],
)
def test_what_is_allowed_follows_the_narrowest_type(
    element: str, after: str, allowed: float
):
    text = f"""func.func @net(%x: tensor<2x{element}>) -> tensor<2x{element}> {{
      %y = trt.unary abs %x : tensor<2x{element}> -> tensor<2x{element}>
      {after}
      func.return %y : tensor<2x{element}>
    }}"""
    assert default_tolerance(parse(text)) == allowed


def test_a_step_that_takes_long_says_so_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.step("waiting"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.step("waiting"):
        pass
    assert "fuse-run: waiting took 0.0 s" in capsys.readouterr().err


def test_what_is_counted_is_one_line_on_a_terminal_and_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with progress.counting("kernels") as count:
        assert count is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.counting("kernels") as count:
        assert count is not None
        count(3, 41)
    clear = "\r\033[K"
    assert capsys.readouterr().err == f"{clear}fuse-run: 3 of 41 kernels{clear}"


def test_a_fault_of_ours_has_its_own_exit_code(
    net: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def crash(*_: Any, **__: Any) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(fuse_run, "_print_outputs", crash)
    assert main([net]) == 70
    assert "fuse-run: internal error in the driver: KeyError" in capsys.readouterr().err
