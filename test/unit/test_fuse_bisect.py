"""fuse-bisect names the change that is wrong, and says so where none is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lit_files import context, parse
from test_check_each_fusion import CONV_SCALE
from test_driver import PATH_THROUGH_A_SOFTMAX, without_guard

from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.tools import fuse_opt
from fusemlir.tools.fuse_bisect import main
from fusemlir.transforms import fuse_conv_scale
from fusemlir.transforms.fuel import limited
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

BLOCK = """
  %w{n} = trt.constant #trt.weight<"w{n}" : tensor<3x3x1x1xf32>>
  %b{n} = trt.constant #trt.weight<"b{n}" : tensor<3xf32>>
  %s{n} = trt.constant #trt.weight<"s{n}" : tensor<3xf32>>
  %conv{n} = trt.convolution %x{n}, %w{n}, %b{n} layers ["conv{n}"]
      : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>, tensor<3xf32>)
      -> tensor<1x3x8x8xf32>
  %bn{n} = trt.scale channel %conv{n} scale(%s{n} : tensor<3xf32>) layers ["bn{n}"]
      : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
  %x{next} = trt.activation relu %bn{n} layers ["relu{n}"]
      : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
"""

NET = (
    "func.func @net(%x0: tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> {"
    + "".join(BLOCK.format(n=n, next=n + 1) for n in range(4))
    + "  func.return %x4 : tensor<1x3x8x8xf32>\n}\n"
)


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.mlir"
    path.write_text(NET)
    return str(path)


@pytest.fixture
def wrong_at_conv2(monkeypatch: pytest.MonkeyPatch) -> None:
    """fuse-conv-scale forgets to scale the bias of one convolution."""
    build = fuse_conv_scale._build  # pyright: ignore[reportPrivateUsage]

    def wrong(site: Any) -> Any:
        made, values = build(site)
        if "conv2" in site.convolution.layer_ids:
            made[-1].operands[2] = site.convolution.bias
        return made, values

    monkeypatch.setattr(fuse_conv_scale, "_build", wrong)


def first_wrong_change() -> int:
    """By trying every number of changes, with inputs of our own."""
    x = np.random.default_rng(9).standard_normal((1, 3, 8, 8), np.float32)

    def answer(limit: int) -> tuple[Any, int]:
        module = parse(NET)
        with limited(limit) as fuel:
            TrtFusePass().apply(context(), module)
        (function,) = functions(module)
        return run(function, [x], Weights(), Mode.WIDE)[0], fuel.spent

    wanted, _ = answer(0)
    for limit in range(1, 100):
        found, spent = answer(limit)
        assert spent == limit, "nothing is wrong"
        if np.abs(found - wanted).max() > 1e-3:
            return limit
    raise AssertionError


@pytest.mark.usefixtures("wrong_at_conv2")
def test_the_first_wrong_change_is_found(net: str, capsys: pytest.CaptureFixture[str]):
    assert main([net, "--device=reference"]) == 1
    captured = capsys.readouterr()
    number = first_wrong_change()
    assert f"FAIL from change {number} of 8 on: fuse-conv-scale at conv2, bn2" in (
        captured.out
    )
    assert "Traceback" not in captured.err
    assert f"with {number - 1} changes: x4: largest error" in captured.out
    assert f"with {number} changes: x4: largest error" in captured.out
    assert "that a wrong change stays wrong is assumed" in captured.out


@pytest.mark.usefixtures("wrong_at_conv2")
def test_each_probe_is_told_as_it_runs(net: str, capsys: pytest.CaptureFixture[str]):
    main([net, "--device=reference"])
    lines = capsys.readouterr().err.splitlines()
    probes = [re.match(r"fuse-bisect: with (\d+) changes: (\w+): ", n) for n in lines]
    told = [(int(probe[1]), probe[2]) for probe in probes if probe is not None]
    assert len(told) == len(lines) <= 2 + 3
    number = first_wrong_change()
    assert told[:2] == [(0, "agrees"), (8, "wrong")]
    assert all((verdict == "wrong") == (count >= number) for count, verdict in told)


@pytest.mark.usefixtures("wrong_at_conv2")
def test_the_command_that_is_printed_makes_the_change_last(
    net: str, capsys: pytest.CaptureFixture[str]
):
    assert main([net, "--device=reference", "--disable-rules=fuse-conv-relu"]) == 1
    out = capsys.readouterr().out
    (made,) = re.findall(r"made by: (.*)", out)
    (checked,) = re.findall(r"checked by: (.*)", out)
    command, *words = shlex.split(made)
    assert (command, words[1]) == ("fuse-opt", "--trt-fuse")
    assert fuse_opt.main(words) == 0
    assert "trt.fused" not in capsys.readouterr().out
    assert fuse_opt.main(shlex.split(checked)[1:]) == 1
    assert "'conv2', 'bn2' does not keep the values" in capsys.readouterr().err
    fewer = [word.replace(f"--fuel={words[-1][7:]}", "--fuel=2") for word in words]
    assert fuse_opt.main([*fewer, "--check-each-fusion"]) == 0


def test_a_right_network_passes(net: str, capsys: pytest.CaptureFixture[str]):
    assert main([net, "--device=reference", "--seed=4"]) == 0
    captured = capsys.readouterr()
    assert "inputs random, seed 4" in captured.out
    assert "PASS with all 8 changes: x4: largest error" in captured.out
    assert "0.0001 relative is allowed" in captured.out


def test_a_device_that_is_wrong_by_itself_is_told_apart(
    net: str, capsys: pytest.CaptureFixture[str]
):
    assert main([net, "--device=reference", "--tol=0"]) == 1
    captured = capsys.readouterr()
    assert "FAIL without any fusion, so none is to blame: x4" in captured.out
    assert len(captured.err.splitlines()) == 1


def test_a_change_that_breaks_the_network_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    without_guard(monkeypatch, "convex")
    path = tmp_path / "net.mlir"
    path.write_text(PATH_THROUGH_A_SOFTMAX)
    assert main([str(path), "--device=reference", "--rules=fuse-pointwise"]) == 1
    out = capsys.readouterr().out
    assert "FAIL from change 1 of 1 on: fuse-pointwise at a, b" in out
    assert "uses a value before it is made" in out
    assert f"made by: fuse-opt {path} --fuse-pointwise --fuel=1" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which network? usage: fuse-bisect <model.onnx"),
        (["--compare"], "unknown flag '--compare'"),
        (["net.mlir", "--mode=none"], "flag '--fuse' wants practice or strict"),
        (["net.mlir", "--tol=x"], "flag '--tol' wants a number"),
        (["nowhere.mlir"], "nowhere.mlir: No such file"),
    ],
)
def test_mistakes_are_told(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.mlir").write_text(CONV_SCALE)
    assert main(words) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
