"""The builder's log: the interface is TensorRT's, and so are the lines."""

from __future__ import annotations

import re
from threading import Thread

import pytest
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir import ILogger, Logger, Severity
from fusemlir.decision_log import BUILDER_NAMES, decision_lines
from fusemlir.frontend.mlir import parse_module
from fusemlir.remarks import Remark, RemarkKind
from fusemlir.source_network import make_context
from fusemlir.transforms import PASS_NAMES

T = "tensor<1x4x8x8xf32>"
NETWORK = f"""
func.func @net(%x: {T}) -> {T} {{
  %w = trt.constant #trt.weight<"conv1.w" : tensor<4x4x1x1xf32>>
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %conv1 = trt.convolution %x, %w : ({T}, tensor<4x4x1x1xf32>) -> {T}
  %bn1 = trt.scale uniform %conv1 scale(%s : tensor<1xf32>) : {T} -> {T}
  %relu1 = trt.activation relu %bn1 : {T} -> {T}
  %dead1 = trt.unary exp %relu1 : {T} -> {T}
  %abs1 = trt.unary abs %relu1 : {T} -> {T}
  %exp1 = trt.unary exp %abs1 : {T} -> {T}
  %abs2 = trt.unary abs %relu1 : {T} -> {T}
  %sum1 = trt.element_wise sum %exp1, %abs2 : ({T}, {T}) -> {T}
  return %sum1 : {T}
}}
"""

NOT_LOGGED = {"trt-unfuse", "verify-network", "trt-fuse", "forbid-fusion"}
"""Passes that fuse and remove nothing by themselves."""


class Heard(ILogger):
    def __init__(self) -> None:
        self.lines: list[tuple[Severity, str]] = []

    def log(self, severity: Severity, msg: str) -> None:
        self.lines.append((severity, msg))

    def at(self, severity: Severity) -> list[str]:
        return [msg for found, msg in self.lines if found == severity]


class Angry(ILogger):
    def log(self, severity: Severity, msg: str) -> None:
        raise KeyError(msg)


def network() -> ModuleOp:
    return parse_module(make_context(), NETWORK, "net.mlir")


@pytest.fixture(scope="module")
def heard() -> Heard:
    logger = Heard()
    fusemlir.compile(network(), device="reference", fuse="strict", logger=logger)
    return logger


def test_severities_are_tensorrts():
    names = ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"]
    assert [severity.name for severity in Severity] == names
    assert [int(severity) for severity in Severity] == [0, 1, 2, 3, 4]
    assert [getattr(Logger, name) for name in names] == list(Severity)


def test_a_line_has_time_origin_and_severity(capsys: pytest.CaptureFixture[str]):
    Logger(Logger.VERBOSE).log(Logger.VERBOSE, "Removing a")
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"\[\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\] \[TRT\] \[V\] Removing a\n", err
    )


def test_each_severity_has_its_letter(capsys: pytest.CaptureFixture[str]):
    logger = Logger(Logger.VERBOSE)
    for severity in Severity:
        logger.log(severity, "x")
    assert re.findall(r"\[(.)\] x", capsys.readouterr().err) == list("FEWIV")


def test_only_what_is_bad_enough_is_printed(capsys: pytest.CaptureFixture[str]):
    logger = Logger()
    logger.log(Logger.INFO, "quiet")
    logger.log(Logger.WARNING, "loud")
    logger.min_severity = Logger.INFO
    logger.log(Logger.INFO, "now")
    assert re.findall(r"\w+$", capsys.readouterr().err, re.MULTILINE) == ["loud", "now"]


def test_lines_of_several_threads_stay_whole(capsys: pytest.CaptureFixture[str]):
    logger = Logger(Logger.INFO)

    def say() -> None:
        for _ in range(50):
            logger.log(Logger.INFO, "a" * 200)

    threads = [Thread(target=say) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 400
    assert all(re.fullmatch(r"\[.*\] \[TRT\] \[I\] a{200}", line) for line in lines)


def test_a_build_is_silent_without_a_logger(capsys: pytest.CaptureFixture[str]):
    fusemlir.compile(network(), device="reference")
    assert capsys.readouterr() == ("", "")


def test_decisions_are_told_in_order_between_the_counts(heard: Heard):
    assert heard.at(Logger.INFO) == [
        "Original: 8 layers",
        "Removing dead1",
        "After dead-layer removal: 7 layers",
        "Applying ScaleNodes fusions.",
        "Fusing convolution weights from conv1 with scale bn1",
        "After scale fusion: 6 layers",
        "ConvReluFusion: Fusing conv1 + bn1 with relu1",
        "Removing abs2",
        "After dupe layer removal: 4 layers",
        "PointWiseFusion: Fusing abs1 with exp1",
        "PointWiseFusion: Fusing fusedPointwiseNode(abs1, exp1) with sum1",
        "After final dead-layer removal: 2 layers",
        "After vertical fusions: 2 layers",
    ]


def test_what_was_refused_is_told_with_its_reason_at_verbose(heard: Heard):
    lines = heard.at(Logger.VERBOSE)
    assert "Running: ConvReluFusion on conv1 + bn1" in lines
    assert (
        "GenericConvActFusion: Refused at abs1, exp1, sum1, conv1, bn1, relu1: "
        "needs a fusion of the catalog, found a pointwise layer after a convolution "
        "with an activation; to have it: mode=practice"
    ) in lines
    assert (
        "PointWiseFusion: Refused at abs2, relu1: "
        "consumed earlier by merge-duplicate-layers, which left nothing of it"
    ) in lines
    refused = [line for line in lines if ": Refused at " in line]
    assert not [line for line in refused if re.search(r"Fusing .* with", line)]


def test_nothing_is_told_twice(heard: Heard):
    decisions = [line for line in heard.at(Logger.INFO) if "using " in line]
    assert len(decisions) == len(set(decisions))


def test_what_a_logger_raises_ends_the_build():
    with pytest.raises(KeyError, match="Original: 8 layers"):
        fusemlir.compile(network(), device="reference", logger=Angry())
    # Whoever comes next is not heard by it.
    fusemlir.compile(network(), device="reference")


def test_a_rule_that_runs_alone_is_logged():
    logger = Heard()
    fusemlir.compile(
        network(), device="reference", rules=["fuse-conv-scale"], logger=logger
    )
    told = ["Fusing convolution weights from conv1 with scale bn1"]
    assert logger.at(Logger.INFO) == told


def test_every_pass_that_decides_has_a_name_of_the_builder():
    assert {*PASS_NAMES} - {*BUILDER_NAMES} == NOT_LOGGED
    assert len({*BUILDER_NAMES.values()}) == len(BUILDER_NAMES)


def test_of_what_went_only_the_last_is_called_removed():
    gone = Remark(
        RemarkKind.PASSED, "fuse-relu-relu", ("a", "b"), "erased", parts=("a", "b")
    )
    assert [line for _, line in decision_lines(gone)][1:] == [
        "ReluReluFusion: Fusing a with b",
        "Removing b",
    ]


def test_a_layer_that_became_another_is_told():
    became = Remark(
        RemarkKind.PASSED,
        "reduce-to-pooling",
        ("gap1",),
        "became trt.pooling",
        name="gap1",
        parts=("gap1",),
    )
    assert [line for _, line in decision_lines(became)] == [
        "Running: ReduceToPooling on gap1",
        "ReduceToPooling: gap1 became trt.pooling",
    ]
