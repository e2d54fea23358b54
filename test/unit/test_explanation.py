"""Why each fusion happened or did not: as a person and as a program read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import onnx
import pytest

from fusemlir.remarks import TAKEN, Remark, RemarkKind
from fusemlir.tools import fuse_opt
from fusemlir.tools.explanation import explain

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
NETWORKS = {"resnet50": (176, 57), "squeezenet": (65, 39)}
"""Layers, and the kernels that they become."""

KEYS = [
    "rule",
    "verdict",
    "layers",
    "name",
    "reason",
    "constraint",
    "required",
    "observed",
    "blocker",
    "suggestion",
    "location",
]


def missed(rule: str, number: int, blocker: str = "", constraint: str = "x") -> Remark:
    return Remark(
        RemarkKind.MISSED,
        rule,
        (f"relu{number}", f"conv{number}", f"bn{number}", f"pad{number}"),
        "needs 1 user, found 2",
        constraint=constraint,
        required="1 user",
        observed="2 users",
        blocker=blocker,
    )


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> str:
    return request.param


def said(network: str, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    model = str(LIGHT / f"light_{network}.onnx")
    assert fuse_opt.main((model, "--trt-fuse", "-o", "/dev/null", *words)) == 0
    return capsys.readouterr().err


def test_nothing_is_explained_unless_asked(
    network: str, capsys: pytest.CaptureFixture[str]
):
    assert said(network, capsys) == ""


def test_a_network_is_explained_in_a_page(
    network: str, capsys: pytest.CaptureFixture[str]
):
    text = said(network, capsys, "--explain")
    layers, kernels = NETWORKS[network]
    head, table, *sections = text.split("\n\n")
    assert head == f"{layers} layers in {kernels} kernels, target sm_80, the default"
    assert table.splitlines()[0].split() == [
        "rule",
        "sites",
        "fused",
        "taken",
        "missed",
    ]
    for row in table.splitlines()[1:]:
        _, sites, *parts = row.split()
        assert int(sites) == sum(map(int, parts))
    # As many lines as rules and reasons, however many sites there are.
    assert len(text.splitlines()) < 40
    assert all(len(line) < 120 for section in sections for line in section.splitlines())


def test_a_network_is_explained_to_a_program(
    network: str, capsys: pytest.CaptureFixture[str]
):
    records = json.loads(said(network, capsys, "--explain=json"))
    assert all(list(record) == KEYS for record in records)
    assert {record["verdict"] for record in records} == {"fused", "missed"}
    sites = [(r["rule"], r["verdict"], *r["layers"]) for r in records]
    assert len(sites) == len(set(sites))
    layers, _ = NETWORKS[network]
    assert len(records) < 4 * layers
    for record in records:
        assert record["layers"]
        assert (record["verdict"] == "missed") == bool(record["constraint"])


def test_equal_reasons_are_told_once_with_their_number():
    text = explain([missed("fuse-conv-relu", n) for n in range(1000)], "text")
    [reason] = re.findall(r".*needs 1 user", text)
    assert reason.split() == ["fuse-conv-relu", "1000", "needs", "1", "user"]
    assert "such as relu0 with conv0, bn0, …: found 2 users\n" in text


def test_what_became_of_a_layer_that_was_not_grouped_is_told():
    became = Remark(
        RemarkKind.PASSED,
        "reduce-to-pooling",
        ("gap1",),
        "became trt.pooling",
        name="gap1",
        parts=("gap1",),
    )
    assert "   gap1: became trt.pooling\n" in explain([became], "text")
    dead = Remark(RemarkKind.PASSED, "erase-dead-layers", ("a",), "erased: no use")
    assert "   a: erased: no use\n" in explain([dead], "text")


def test_a_blocker_is_named_where_the_reason_does_not():
    text = explain([missed("fuse-conv-relu", 1, blocker="'cat1'")], "text")
    assert "found 2 users; in the way: 'cat1'\n" in text
    text = explain([missed("fuse-conv-relu", 1, blocker="2 users")], "text")
    assert "in the way" not in text


def test_what_another_rule_took_is_apart_from_what_was_refused():
    refused = missed("fuse-conv-relu", 1)
    taken = missed("fuse-pointwise", 2, constraint=TAKEN)
    sections = explain([refused, taken], "text").split("\n\n")
    assert "fuse-conv-relu                 1       0       0       1" in sections[0]
    assert "fuse-pointwise                 1       0       1       0" in sections[0]
    assert sections[2].startswith("rules that did not, and why\n  fuse-conv-relu ")
    assert sections[3].startswith("rules that came after another")
    assert "fuse-pointwise" in sections[3]


def test_without_a_rule_too_late_there_is_no_section_of_them():
    assert "came after" not in explain([missed("fuse-conv-relu", 1)], "text")
