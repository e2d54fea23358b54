"""The flags that choose fusions, sites and the target: fuse-opt's and fuse-run's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt.module_attributes import NO_FUSE
from fusemlir.frontend.mlir import parse_module
from fusemlir.network import kernels
from fusemlir.source_network import make_context
from fusemlir.target import Target
from fusemlir.tools import fuse_opt, fuse_run
from fusemlir.tools.output_target import sort_targets
from fusemlir.tools.pass_pipeline import parse_pipeline
from fusemlir.tools.pass_registry import PassRegistry
from fusemlir.transforms.trt_fuse import STAGES

T, W = "tensor<1x4x8x8xf32>", "tensor<4x4x1x1xf32>"
NETWORK = f"""
func.func @net(%x: {T}) -> {T} {{
  %w1 = trt.constant #trt.weight<"w1" : {W}>
  %w2 = trt.constant #trt.weight<"w2" : {W}>
  %conv1 = trt.convolution %x, %w1 : ({T}, {W}) -> {T}
  %relu1 = trt.activation relu %conv1 : {T} -> {T}
  %conv2 = trt.convolution %relu1, %w2 : ({T}, {W}) -> {T}
  %clip2 = trt.activation clip %conv2 alpha = 0.0 beta = 6.0 : {T} -> {T}
  %abs3 = trt.unary abs %clip2 : {T} -> {T}
  %exp3 = trt.unary exp %abs3 : {T} -> {T}
  return %exp3 : {T}
}}
"""
STRICT = "--trt-fuse=mode=strict"
SINGLE = ("--fuse-conv-relu", "--fuse-conv-clip", "--fuse-pointwise")
FUSED = ["conv1 + relu1", "conv2 + clip2", "fusedPointwiseNode(abs3, exp3)"]


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.mlir"
    path.write_text(NETWORK)
    return str(path)


def fuse(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[ModuleOp, str]:
    """What fuse-opt makes, and what it says."""
    assert fuse_opt.main(words) == 0
    out, err = capsys.readouterr()
    return parse_module(make_context(), out, "out.mlir"), err


def names(module: ModuleOp) -> list[str]:
    return [kernel.name for kernel in kernels(module)]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert fuse_opt.main(words) == 1
    return capsys.readouterr().err


@pytest.mark.parametrize("passes", [(STRICT,), SINGLE], ids=["pipeline", "single"])
class TestSwitches:
    def test_without_any_all_sites_fuse(
        self, net: str, passes: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ):
        assert names(fuse(capsys, net, *passes)[0]) == FUSED

    def test_a_rule_left_out_changes_its_site_only(
        self, net: str, passes: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ):
        flag = "--disable-rules=fuse-conv-clip,fuse-pointwise"
        module, said = fuse(capsys, net, *passes, flag, "--explain")
        # In the pipeline the generic activation takes what the rule for clips leaves.
        clip = ["conv2 + clip2"] if passes == (STRICT,) else ["conv2", "clip2"]
        assert names(module) == [FUSED[0], *clip, "abs3", "exp3"]
        assert "rules left out: fuse-conv-clip" in said

    def test_a_rule_that_runs_alone_changes_its_site_only(
        self, net: str, passes: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ):
        flag = "--only-rules=fuse-conv-clip"
        module, said = fuse(capsys, net, *passes, flag, "--explain")
        assert names(module) == ["conv1", "relu1", FUSED[1], "abs3", "exp3"]
        report = said.split("\n\n")[0]
        left_out = "rules left out: fuse-conv-relu\nrules left out: fuse-pointwise"
        alone = "rules run alone: fuse-conv-clip"
        assert (alone if passes == (STRICT,) else left_out) in report

    @pytest.mark.parametrize("pattern", ["clip2", "cl*", "[c]lip?"])
    def test_a_layer_left_alone_changes_its_site_only(
        self,
        net: str,
        passes: tuple[str, ...],
        pattern: str,
        capsys: pytest.CaptureFixture[str],
    ):
        flag = f"--no-fuse-at={pattern}"
        module, said = fuse(capsys, net, *passes, flag, "--explain")
        assert names(module) == [FUSED[0], "conv2", "clip2", FUSED[2]]
        marked = [op for op in module.walk() if NO_FUSE in op.attributes]
        assert len(marked) == 1
        assert f"layers left alone: {pattern}" in said


def test_a_pass_that_is_no_rule_runs_whatever_is_switched_off(
    net: str, capsys: pytest.CaptureFixture[str]
):
    flags = ("--only-rules=fuse-conv-relu", "--dump-pass-pipeline")
    _, said = fuse(capsys, net, "--cse", "--fuse-conv-clip", *flags)
    assert said == "builtin.module(cse)\n"


def test_what_is_switched_off_is_said_in_json_by_no_record_of_it(
    net: str, capsys: pytest.CaptureFixture[str]
):
    _, said = fuse(
        capsys, net, *SINGLE, "--disable-rules=fuse-conv-clip", "--explain=json"
    )
    rules = {record["rule"] for record in json.loads(said)}
    assert rules == {"fuse-conv-relu", "fuse-pointwise"}


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("--disable-rules=fuse-conv-cilp", "did you mean 'fuse-conv-clip'?"),
        ("--only-rules=fuse-conv-cilp", "did you mean 'fuse-conv-clip'?"),
        ("--only-rules=fuse-conv-pooling", "it runs by --fuse-conv-pooling"),
        ("--no-fuse-at=clip3", "no layer is called 'clip3'; did you mean 'clip2'?"),
        ("--target=sm80", "unknown target 'sm80' (to be written, there is mlir, llvm"),
        ("--log=loud", "flag '--log' wants one of error, warning, info, verbose"),
        ("--name-style=short", "flag '--name-style' wants catalog or engine"),
    ],
)
def test_a_value_that_means_nothing_is_refused(
    net: str, word: str, fault: str, capsys: pytest.CaptureFixture[str]
):
    assert fault in refused(capsys, net, STRICT, word)


def test_a_rule_that_runs_alone_is_checked_for_single_passes_too(
    net: str, capsys: pytest.CaptureFixture[str]
):
    said = refused(capsys, net, "--fuse-conv-clip", "--only-rules=fuse-conv-cilp")
    assert "flag '--only-rules': there is no rule 'fuse-conv-cilp'" in said


def test_mlirs_spelling_of_an_option_is_known(
    net: str, capsys: pytest.CaptureFixture[str]
):
    option = (
        "--trt-fuse=mode=strict disable-patterns=fuse-conv-relu,fuse-conv-activation"
    )
    module, _ = fuse(capsys, net, option)
    assert names(module) == ["conv1", "relu1", *FUSED[1:]]
    twice = "--trt-fuse=disable-patterns=fuse-gelu disable-rules=fuse-gelu"
    assert "given twice" in refused(capsys, net, twice)
    unknown = refused(capsys, net, "--fuse-conv-relu=disable-patterns=x")
    assert "has no option 'disable-patterns'" in unknown


def test_the_target_is_that_of_the_flag_and_stands_in_the_report(
    net: str, capsys: pytest.CaptureFixture[str]
):
    module, said = fuse(capsys, net, STRICT, "--explain", "--target=sm_70")
    assert Target.of_module(module) == Target("sm_70")
    assert said.splitlines()[0] == "6 layers in 3 kernels, target sm_70"
    module, said = fuse(capsys, net, STRICT, "--explain", "-t", "mlir", "--target=host")
    assert Target.of_module(module) == Target("host")
    _, said = fuse(capsys, net, STRICT, "--explain")
    assert said.splitlines()[0] == "6 layers in 3 kernels, target sm_80, the default"
    twice = refused(capsys, net, "--target=sm_70", "--target=sm_80")
    assert "flag '--target' is given twice, 'sm_70' and 'sm_80'" in twice


@pytest.mark.parametrize(
    ("words", "sm"),
    [
        (["ptx"], "80"),
        (["sm_90", "ptx"], "90"),
        (["ptx{sm=75}", "sm_90a"], "75"),
        (["host", "ptx"], "80"),
    ],
)
def test_code_is_for_the_device_that_rules_assume(words: list[str], sm: str):
    form, _ = sort_targets(words)
    assert (form.name, form.sm) == ("ptx", sm)


def test_a_dumped_pipeline_can_be_run_and_explains_its_stages(
    net: str, capsys: pytest.CaptureFixture[str]
):
    flags = ("--disable-rules=fuse-conv-clip", "--no-fuse-at=ab*")
    _, said = fuse(capsys, net, STRICT, *flags, "--dump-pass-pipeline")
    pipeline, *comments = said.splitlines()
    forbid, trt_fuse = PassRegistry().build(parse_pipeline(pipeline))
    assert (forbid.name, trt_fuse.name) == ("forbid-fusion", "trt-fuse")
    assert all(line.startswith("//") for line in comments)
    rows = [line.split()[1] for line in comments if line.startswith("//   ")]
    assert rows == [s.name for s in STAGES if s.name != "fuse-conv-clip"]
    assert any(line.endswith(STAGES[0].reason) for line in comments)
    assert len([line for line in comments if "until nothing changes" in line]) == 1


def test_the_log_tells_what_is_fused(net: str, capsys: pytest.CaptureFixture[str]):
    _, said = fuse(capsys, net, STRICT, "--log")
    assert "[TRT] [I] ConvReluFusion: Fusing conv1 with relu1\n" in said
    assert "[TRT] [V]" not in said
    _, said = fuse(capsys, net, STRICT, "--log=verbose", "--name-style=engine")
    assert "[TRT] [V] Running: ConvReluFusion on conv1\n" in said
    assert fuse(capsys, net, STRICT, "--log=warning")[1] == ""
    assert fuse(capsys, net, STRICT)[1] == ""


def test_names_can_be_those_of_engines(net: str, capsys: pytest.CaptureFixture[str]):
    _, said = fuse(capsys, net, STRICT, "--explain=json", "--name-style=engine")
    fused = [r["name"] for r in json.loads(said) if r["verdict"] == "fused"]
    assert fused == [*FUSED[:2], "PWN(abs3, exp3)"]


def test_a_run_takes_the_same_switches(net: str, capsys: pytest.CaptureFixture[str]):
    words = ("--device=reference", "--fuse=strict", "--summary")
    switches = ("--disable-rules=fuse-conv-relu", "--no-fuse-at=clip2")
    styled = ("--target=sm_75", "--name-style=engine", "--log")
    assert fuse_run.main((net, *words, *switches, *styled)) == 0
    out, err = capsys.readouterr()
    assert "net: 6 layers in 4 kernels, target sm_75\n" in out
    assert "rules left out: fuse-conv-relu\n" in out
    assert "layers left alone: clip2\n" in out
    assert "PWN(abs3, exp3)" in out
    assert "PointWiseFusion: Fusing abs3 with exp3" in err
    assert fuse_run.main((net, *words, "--only-rules=fuse-conv-clip")) == 0
    assert (
        "net: 6 layers in 5 kernels, target sm_80, the default"
        in capsys.readouterr().out
    )
    assert fuse_run.main((net, *words, "--target=sm80")) == 1
    assert "unknown target 'sm80'" in capsys.readouterr().err
