"""The pipeline of all fusions: its order, its switches, what it says of itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from xdsl.context import Context

from fusemlir.diagnostics import DiagnosticError
from fusemlir.frontend.mlir import parse_module
from fusemlir.network import kernels
from fusemlir.remarks import Remark, RemarkKind, collect
from fusemlir.source_network import make_context
from fusemlir.tools.explanation import explain
from fusemlir.transforms import PASS_NAMES
from fusemlir.transforms.candidates import last_words
from fusemlir.transforms.trt_fuse import (
    FUSIONS,
    PREPARATION,
    RUN_ALONE,
    STAGES,
    TrtFusePass,
)

T = "tensor<1x4x8x8xf32>"

RESIDUAL = f"""
func.func @residual(%x: {T}, %skip: {T}) -> {T} {{
  %w = trt.constant #trt.weight<"conv1.w" : tensor<4x4x1x1xf32>>
  %conv1 = trt.convolution %x, %w : ({T}, tensor<4x4x1x1xf32>) -> {T}
  %add1 = trt.element_wise sum %conv1, %skip : ({T}, {T}) -> {T}
  %relu1 = trt.activation relu %add1 : {T} -> {T}
  %exp1 = trt.unary exp %relu1 : {T} -> {T}
  return %exp1 : {T}
}}
"""


def run(mode: str = "strict", **options: object) -> tuple[list[str], list[Remark]]:
    """Names of the kernels, and what was said."""
    module = parse_module(make_context(), RESIDUAL, "residual.mlir")
    with collect() as remarks:
        TrtFusePass(mode, **options).apply(Context(), module)  # pyright: ignore[reportArgumentType]
    return [kernel.name for kernel in kernels(module)], remarks


def test_stages_are_passes_that_exist_and_each_says_why():
    assert (*PREPARATION, *FUSIONS) == STAGES
    for stage in STAGES:
        assert stage.name in PASS_NAMES
        assert stage.reason


def test_every_fusion_has_its_place_in_the_order():
    ordered = {stage.name for stage in STAGES}
    fusions = {name for name in PASS_NAMES if name.startswith("fuse-")}
    assert fusions == {name for name in ordered if name.startswith("fuse-")} | {
        *RUN_ALONE
    }
    assert not ordered & {*RUN_ALONE}


def test_a_batch_norm_is_gone_before_activations_are_fused():
    order = [stage.name for stage in STAGES]
    wanted = [
        "trt-canonicalize",
        "fuse-conv-scale",
        "fuse-conv-elementwise",
        "fuse-conv-relu",
        "fuse-pointwise",
    ]
    assert [order.index(name) for name in wanted] == sorted(map(order.index, wanted))


def test_a_residual_block_is_one_kernel():
    names, _ = run()
    assert names == ["conv1 + add1 + relu1", "exp1"]


def test_practice_lets_the_kernel_carry_one_more_layer():
    names, _ = run("practice")
    assert names == ["conv1 + add1 + relu1 + exp1"]


def test_running_it_twice_changes_nothing():
    module = parse_module(make_context(), RESIDUAL, "residual.mlir")
    TrtFusePass().apply(Context(), module)
    once = str(module)
    TrtFusePass().apply(Context(), module)
    assert str(module) == once


def test_a_rule_left_out_does_not_run():
    names, remarks = run(disable_rules=("fuse-conv-elementwise",))
    assert names == ["conv1", "fusedPointwiseNode(add1, relu1, exp1)"]
    assert "rules left out: fuse-conv-elementwise" in [r.reason for r in remarks]


def test_rules_can_run_alone():
    names, remarks = run(only_rules=("fuse-conv-elementwise",))
    assert names == ["conv1 + add1", "relu1", "exp1"]
    assert "rules run alone: fuse-conv-elementwise" in [r.reason for r in remarks]


def test_a_layer_can_be_left_alone_and_no_other_site_changes():
    names, remarks = run(no_fuse_at=("rel*",))
    assert names == ["conv1 + add1", "relu1", "exp1"]
    assert "layers left alone: rel*" in [remark.reason for remark in remarks]
    missed = [r for r in remarks if r.constraint == "no-fuse"]
    assert {remark.blocker for remark in missed} == {"'relu1'"}


def test_a_pattern_that_matches_no_layer_names_the_nearest():
    with pytest.raises(DiagnosticError, match=r"no layer is called 'relu'.*'relu1'"):
        run(no_fuse_at=("relu",))


@pytest.mark.parametrize("switch", ["disable_rules", "only_rules"])
def test_an_unknown_rule_names_the_nearest(switch: str):
    with pytest.raises(ValueError, match=r"no rule 'fuse-conv-rel'.*'fuse-conv-relu'"):
        replace(TrtFusePass(), **{switch: ("fuse-conv-rel",)})


def test_a_rule_that_is_not_part_of_it_says_why():
    for name, reason in RUN_ALONE.items():
        with pytest.raises(ValueError, match=f"'{name}' is not part .*{reason}"):
            TrtFusePass(only_rules=(name,))


def test_its_stages_are_those_that_are_left():
    everything = [stage for stage, _ in TrtFusePass().stages()]
    assert everything == list(STAGES)
    assert [again for _, again in TrtFusePass().stages()] == [
        True for _ in PREPARATION
    ] + [False for _ in FUSIONS]
    left_out = TrtFusePass(disable_rules=("fuse-conv-relu",)).stages()
    names = [stage.name for stage, _ in left_out]
    assert names == [s.name for s in STAGES if s.name != "fuse-conv-relu"]


def test_what_another_rule_took_is_said():
    _, remarks = run()
    consumed = [remark for remark in remarks if remark.constraint == "available"]
    assert [(r.rule, *r.layers) for r in consumed] == [
        ("fuse-pointwise", "relu1", "add1"),
        ("fuse-pointwise", "exp1", "relu1"),
        ("fuse-conv-activation", "add1", "conv1"),
    ]
    assert consumed[0].observed == "consumed earlier by fuse-conv-relu at 'relu1'"
    assert consumed[0].blocker == "conv1 + add1 + relu1"


def test_a_rule_that_runs_twice_has_one_word_for_a_site():
    _, remarks = run()
    missed = [r for r in remarks if r.kind == RemarkKind.MISSED]
    sites = [(remark.rule, remark.layers[0]) for remark in missed]
    assert len(sites) == len(set(sites))


def test_nothing_is_looked_for_when_nobody_listens(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise AssertionError("candidates are only for an explanation")

    monkeypatch.setattr("fusemlir.transforms.trt_fuse.find_candidates", refuse)
    module = parse_module(make_context(), RESIDUAL, "residual.mlir")
    TrtFusePass().apply(Context(), module)
    assert len(kernels(module)) == 1


def test_an_explanation_in_json_has_a_record_for_each_site():
    _, remarks = run()
    records = json.loads(explain(remarks, "json"))
    fused = [record for record in records if record["verdict"] == "fused"]
    assert [record["name"] for record in fused] == [
        "conv1 + add1",
        "conv1 + add1 + relu1",
    ]
    assert fused[0]["location"] == "residual.mlir:5:3"
    decided = [r for r in remarks if r.kind != RemarkKind.ANALYSIS]
    assert len(records) == len(set(decided))
    missed = next(r for r in records if r["constraint"] == "available")
    assert missed["reason"].startswith("consumed earlier by fuse-conv-relu")


def test_an_explanation_as_text_begins_with_a_table():
    text = explain(run()[1], "text").splitlines()
    assert text[0].split() == ["rule", "sites", "fused", "taken", "missed"]
    table = {line.split()[0]: line.split()[1:] for line in text[1 : text.index("")]}
    assert table["fuse-conv-elementwise"] == ["1", "1", "0", "0"]
    assert table["fuse-conv-activation"] == ["2", "0", "1", "1"]


def test_a_miss_is_forgotten_only_if_the_rule_spoke_of_the_site_again():
    missed, again = said(RemarkKind.MISSED, "b", "a"), said(RemarkKind.MISSED, "b", "a")
    fused = said(RemarkKind.PASSED, "a", "b")
    assert last_words([missed, fused]) == [fused]
    assert last_words([missed, again]) == [again]
    assert last_words([fused, missed]) == [fused, missed]
    other = replace(fused, rule="fuse-pointwise")
    assert last_words([missed, other]) == [missed, other]


def said(kind: RemarkKind, *layers: str) -> Remark:
    return Remark(kind, "fuse-conv-relu", layers, "")
