"""Every change that the fusions make to the nine networks keeps the values, as run in
the reference before and after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from seeded import NETWORKS, light_model, seeded_model
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from fusemlir.frontend.onnx import import_model
from fusemlir.remarks import RemarkKind, collect
from fusemlir.transforms.check_each_fusion import CheckEachFusion
from fusemlir.transforms.replacement import watched_by
from fusemlir.transforms.trt_fuse import TrtFusePass

QUICK = ("squeezenet", "shufflenet")
"""Seconds each; the others take up to a minute."""

CHANGES = {
    "bvlc_alexnet": 12,
    "densenet121": 1149,
    "inception_v1": 60,
    "inception_v2": 691,
    "resnet50": 119,
    "shufflenet": 109,
    "squeezenet": 28,
    "vgg19": 23,
    "zfnet512": 10,
}
"""At least as many are checked."""


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.nightly)
        for name in NETWORKS
    ],
)
def test_every_change_of_a_network_keeps_the_values(network: str, tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_bytes(seeded_model(light_model(network)).SerializeToString())
    module = import_model(path)
    checking = CheckEachFusion(0, nothing_to_save)
    with watched_by(checking), collect() as remarks:
        TrtFusePass().apply(Context(), module)
    path.unlink()
    told = [remark for remark in remarks if remark.kind == RemarkKind.ANALYSIS]
    assert told == [], "all shapes are known, so all can be run"
    assert checking.checked >= CHANGES[network]


def nothing_to_save(name: str, module: ModuleOp) -> str:
    return f"{name}, not written"
