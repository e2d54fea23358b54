"""Wrong rules are planted, and each is stopped at, with its numbers and its layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from lit_files import TRANSFORMS, context, parse, parts_of, runs
from test_driver import PATH_THROUGH_A_SOFTMAX, WrapsAcrossASoftmax, without_guard
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.ir import SSAValue

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import ActivationOp, ConstantOp, ScaleOp, UnaryOp
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.constant import fill
from fusemlir.dialects.trt.enums import ActivationType, ScaleMode
from fusemlir.network import Node, functions, nodes
from fusemlir.reference import Mode, run
from fusemlir.remarks import RemarkKind, collect
from fusemlir.tools import fuse_run
from fusemlir.tools.fuse_opt import main
from fusemlir.tools.run_data import read_arrays
from fusemlir.transforms import fuse_conv_scale, fuse_relu_relu, load_pass
from fusemlir.transforms.check_each_fusion import (
    CheckEachFusion,
    rounding,
    same,
    terms_of,
)
from fusemlir.transforms.driver import run_fusions
from fusemlir.transforms.fusion import Contract, Fusion, Network, Rewrite
from fusemlir.transforms.replacement import watched_by
from fusemlir.weights import Weights

FILES = [
    path
    for path in sorted(TRANSFORMS.glob("*.mlir"))
    if path.stem not in ("verify_network", "forbid_fusion")
]
"""Not those of the passes that only refuse."""

CONV_SCALE = """
func.func @net(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x3x1x1xf32>>
  %b = trt.constant #trt.weight<"b" : tensor<4xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<4xf32>>
  %t = trt.constant #trt.weight<"t" : tensor<4xf32>>
  %conv1 = trt.convolution %x, %w, %b layers ["block/conv1"]
      : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>, tensor<4xf32>)
      -> tensor<1x4x8x8xf32>
  %bn1 = trt.scale channel %conv1 scale(%s : tensor<4xf32>) shift(%t : tensor<4xf32>)
      layers ["bn1"] : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %bn1 : tensor<1x4x8x8xf32>
}
"""

NEG = """
func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %n = trt.unary neg %x layers ["n"] : tensor<4x4xf32> -> tensor<4x4xf32>
  %a = trt.unary abs %n layers ["a"] : tensor<4x4xf32> -> tensor<4x4xf32>
  func.return %a : tensor<4x4xf32>
}
"""


@dataclass
class Saved:
    """Where a check writes to in these tests."""

    modules: dict[str, ModuleOp]

    def __call__(self, name: str, module: ModuleOp) -> str:
        self.modules[name] = module
        return "a file"


@pytest.fixture
def saved() -> Saved:
    return Saved({})


@dataclass(frozen=True)
class Lone:
    layer: UnaryOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.layer,)


@dataclass(frozen=True)
class NegToScale(Fusion[Lone]):
    """neg  ⇒  scale by `factor`; right where that is -1."""

    name = "planted"
    constraints = ()
    factor = -1.0

    def sites(self, node: Node, network: Network) -> Iterable[Lone]:
        if isinstance(node, UnaryOp) and str(node.kind) == "neg":
            yield Lone(node)

    def fuse(self, site: Lone, network: Network) -> Rewrite:
        def build() -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
            weight = ConstantOp(fill(self.factor, TensorType(f32, (1,))))
            layer = ScaleOp(ScaleMode.UNIFORM, site.layer.input, scale=weight.output)
            return [weight, layer], [layer.output]

        return Rewrite(site.nodes, build)


class OffByAnUlp(NegToScale):
    factor = -1.0 - 2.0**-23


class OffByRounding(OffByAnUlp):
    contract = Contract.REAL_ALGEBRA


class OffByMore(OffByRounding):
    factor = -1.0 - 2.0**-18


class ForgetsInfinity(NegToScale):
    """neg  ⇒  a scale of a clip with wide bounds, which an infinity tells from it."""

    def fuse(self, site: Lone, network: Network) -> Rewrite:
        def build() -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
            finite = ActivationOp(ActivationType.CLIP, site.layer.input, -1e30, 1e30)
            weight = ConstantOp(fill(-1.0, TensorType(f32, (1,))))
            layer = ScaleOp(ScaleMode.UNIFORM, finite.output, scale=weight.output)
            return [finite, weight, layer], [layer.output]

        return Rewrite(site.nodes, build)


class OwesFiniteValues(ForgetsInfinity):
    contract = Contract.EXACT_IF_FINITE


def check(text: str, saved: Saved, rule: type[Fusion[Any]]) -> CheckEachFusion:
    checking = CheckEachFusion(0, saved)
    with watched_by(checking):
        run_fusions(parse(text), [rule], "planted")
    return checking


def drop_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fuse-conv-scale leave the bias as it was."""
    build = fuse_conv_scale._build  # pyright: ignore[reportPrivateUsage]

    def wrong(site: Any) -> Any:
        made, values = build(site)
        made[-1].operands[2] = site.convolution.bias
        return made, values

    monkeypatch.setattr(fuse_conv_scale, "_build", wrong)


def test_a_right_rule_passes(saved: Saved):
    assert check(NEG, saved, NegToScale).checked == 1
    assert saved.modules == {}


@pytest.mark.parametrize("rule", [OffByRounding, OwesFiniteValues])
def test_a_rule_owes_no_more_than_its_contract(rule: Any, saved: Saved):
    assert check(NEG, saved, rule).checked == 1


@pytest.mark.parametrize("rule", [OffByAnUlp, OffByMore, ForgetsInfinity])
def test_a_rule_that_owes_more_than_it_gives_is_stopped(rule: Any, saved: Saved):
    with pytest.raises(DiagnosticError, match="'n' does not keep the values: largest"):
        check(NEG, saved, rule)
    assert list(saved.modules) == ["planted-n"]


def test_the_error_and_what_is_allowed_are_numbers(saved: Saved):
    """Of standard normal numbers: off by 2^-18 of the largest, 4 eps of it allowed."""
    x = np.random.default_rng(0).standard_normal((4, 4), np.float32)
    largest = float(np.abs(x).max())
    with pytest.raises(DiagnosticError) as raised:
        check(NEG, saved, OffByMore)
    found = re.search(r"largest error (\S+), allowed (\S+);", str(raised.value))
    assert found is not None
    error, allowed = map(float, found.groups())
    assert error == pytest.approx(2.0**-18 * largest, rel=0.02)
    assert allowed == pytest.approx(4 * 2.0**-23 * largest, rel=0.01)


def test_a_dropped_bias_is_found_by_name(saved: Saved, monkeypatch: pytest.MonkeyPatch):
    drop_bias(monkeypatch)
    with watched_by(CheckEachFusion(0, saved)), pytest.raises(DiagnosticError) as error:
        load_pass("fuse-conv-scale")().apply(context(), parse(CONV_SCALE))
    assert "fuse-conv-scale at 'block/conv1', 'bn1' does not keep" in str(error.value)


def test_a_wrong_change_is_not_made(saved: Saved, monkeypatch: pytest.MonkeyPatch):
    drop_bias(monkeypatch)
    module = parse(CONV_SCALE)
    with watched_by(CheckEachFusion(0, saved)), pytest.raises(DiagnosticError):
        load_pass("fuse-conv-scale")().apply(context(), module)
    assert "trt.scale" in str(module)


def test_a_group_that_waits_for_itself_is_found(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
):
    without_guard(monkeypatch, "convex")
    with pytest.raises(DiagnosticError) as raised:
        check(PATH_THROUGH_A_SOFTMAX, saved, WrapsAcrossASoftmax)
    message = str(raised.value)
    assert "is broken after planted at 'a', 'b': " in message
    assert "uses a value before it is made" in message
    assert list(saved.modules) == ["planted-a"]


def test_what_a_rule_relies_on_must_be_given(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
):
    text = NEG.replace("unary neg", "activation relu").replace(
        "unary abs", "activation relu"
    )
    checking = CheckEachFusion(0, saved)
    with watched_by(checking):
        load_pass("fuse-relu-relu")().apply(context(), parse(text))
    assert checking.checked == 1
    monkeypatch.setattr(fuse_relu_relu, "node_of", lambda _: None)
    monkeypatch.setattr(
        fuse_relu_relu, "last_activation", lambda _, __: next(iter(relus))
    )
    module = parse(text)
    relus = [op for op in module.walk() if isinstance(op, ActivationOp)]
    with watched_by(CheckEachFusion(0, saved)), pytest.raises(DiagnosticError):
        load_pass("fuse-relu-relu")().apply(context(), module)


def test_layers_of_unknown_size_are_not_checked_and_named(saved: Saved):
    with collect() as remarks:
        checking = check(NEG.replace("4x4", "?x4"), saved, OffByMore)
    assert checking.checked == 0
    (told,) = (r for r in remarks if r.kind == RemarkKind.ANALYSIS)
    assert told.layers == ("n",)
    assert told.reason == "not checked: an input of shape ?x4"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rules_keep_their_contracts_on_every_lit_case(path: Path, saved: Saved):
    for text in parts_of(path):
        for module_pass in runs(path)[0].make_passes():
            with watched_by(CheckEachFusion(0, saved)):
                module_pass.apply(context(), parse(text))
    assert saved.modules == {}


def test_zeros_are_equal_and_nans_are():
    values = np.array([np.nan, 0.0, 1.0, np.inf])
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        one = values.astype(dtype)
        other = np.array([np.nan, -0.0, 1.0, np.inf]).astype(dtype)
        assert same(one, other)
        assert not same(one, other[::-1])
        assert not same(one, one[:3])


def test_what_rounding_may_cost_grows_with_eps_size_and_terms():
    """By hand: 4 * eps * 8 * sqrt(K); inputs do not count for the size."""
    (function,) = functions(parse(NEG))
    x = function.body.block.args[0]
    n, a = (node.results[0] for node in nodes(function))
    big = np.full((4, 4), 100, np.float32)
    eight = np.array([[8, -np.inf]], np.float32)
    assert rounding({x: big, n: eight, a: eight}, 9) == 4 * 2.0**-23 * 8 * 3
    half = eight.astype(np.float16)
    assert rounding({x: big, n: half, a: eight}, 1) == 4 * 2.0**-10 * 8


def test_terms_are_those_of_the_longest_sum():
    assert terms_of(functions(parse(NEG))) == 1
    assert terms_of(functions(parse(CONV_SCALE))) == 3


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that fuse-conv-scale, with its bias dropped, makes wrong."""
    drop_bias(monkeypatch)
    path = tmp_path / "net.mlir"
    path.write_text(CONV_SCALE)
    return path


def test_the_command_stops_and_writes_the_layers(
    wrong: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([str(wrong), "--trt-fuse", "--check-each-fusion"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    written = wrong.parent / "fuse-conv-scale-block_conv1.mlir"
    assert f"{wrong}:10:3: error: fuse-conv-scale at" in captured.err
    assert str(written) in captured.err
    assert sorted(p.name for p in wrong.parent.iterdir()) == [written.name, "net.mlir"]
    assert main([str(written), "--verify-network"]) == 0


def test_what_is_written_runs_and_differs_as_was_said(
    wrong: Path, capsys: pytest.CaptureFixture[str]
):
    """Functions `before` and `after` of the file, on what --seed=3 makes."""
    words = [str(wrong), "--fuse-conv-scale", "--check-each-fusion=seed=3"]
    assert main(words) == 1
    found = re.search(r"largest error (\S+), allowed", capsys.readouterr().err)
    assert found is not None
    written = str(wrong.parent / "fuse-conv-scale-block_conv1.mlir")
    outputs: list[Any] = []
    for function in ("before", "after"):
        path = str(wrong.parent / f"{function}.npz")
        words = [written, "--function", function, "--seed=3", "--outputs", path]
        assert fuse_run.main([*words, "--no-fusion", "--device=reference"]) == 0
        outputs += read_arrays(path).values()
    error = float(np.abs(outputs[0] - outputs[1]).max())
    assert error == pytest.approx(float(found[1]), rel=0.01)
    (function,) = functions(parse(CONV_SCALE))
    x = np.random.default_rng(3).standard_normal((1, 3, 8, 8), np.float32)
    (whole,) = run(function, [x], Weights(), Mode.TYPED)
    np.testing.assert_array_equal(outputs[0], whole)


def test_a_file_that_cannot_be_written_does_not_hide_the_fault(
    wrong: Path, capsys: pytest.CaptureFixture[str]
):
    (wrong.parent / "fuse-conv-scale-block_conv1.mlir").mkdir()
    assert main([str(wrong), "--fuse-conv-scale", "--check-each-fusion"]) == 1
    error = capsys.readouterr().err
    assert "does not keep the values" in error
    assert "cannot be written (Is a directory)" in error


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("seed=x", "option 'seed' of 'check-each-fusion' wants 0 or more, got 'x'"),
        ("seeds=1", "flag '--check-each-fusion' has no option 'seeds' (it has seed)"),
        ("1", "options of 'check-each-fusion' are written"),
    ],
)
def test_the_flag_takes_a_seed_alone(
    value: str, message: str, capsys: pytest.CaptureFixture[str]
):
    assert main([f"--check-each-fusion={value}", "--trt-fuse"]) == 1
    assert message in capsys.readouterr().err
