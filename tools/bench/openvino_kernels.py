"""Writes docs/kernel_counts.md: our kernels beside what OpenVINO executes.

`python tools/bench/openvino_kernels.py` needs the extra `bench`.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any, Literal

from measure import markdown_table
from models import ROOT, networks, seeded_inputs, seeded_model
from onnx import ModelProto

import fusemlir

PAGE = ROOT / "docs" / "kernel_counts.md"

REORDER = "Reorder"
"""OpenVINO's copy into another memory layout."""

FAMILIES = {
    "AvgPool": "pool",
    "Concat": "concatenation",
    "Convolution": "convolution",
    "FullyConnected": "matmul",
    "GroupConvolution": "convolution",
    "LRN": "lrn",
    "MatMul": "matmul",
    "MaxPool": "pool",
    "ReduceMean": "pool",
    "ShuffleChannels": "shuffle",
    "Softmax": "softmax",
    "Subgraph": "pointwise",
    "Transpose": "shuffle",
}
"""What we call what OpenVINO executes; an average over the image is a pooling."""

OUR_FAMILIES = {
    "concatenation": "concatenation",
    "conv": "convolution",
    "lrn": "lrn",
    "matmul": "matmul",
    "pool": "pool",
    "shuffle": "shuffle",
    "softmax": "softmax",
}
"""By the first word of a kernel's kind; what is not here is pointwise."""


@dataclass(frozen=True)
class Counts:
    """How one network is cut into kernels."""

    network: str
    layers: int
    """Before fusing, constants and views left out."""
    strict: Counter[str]
    practice: Counter[str]
    openvino: Counter[str]
    """By node type, what a run executed."""

    @property
    def without_reorders(self) -> Counter[str]:
        return Counter({k: n for k, n in self.openvino.items() if k != REORDER})

    def more(self) -> list[str]:
        """The families of which we have more kernels, with both counts."""
        ours, theirs = Counter[str](), Counter[str]()
        for kind, count in self.practice.items():
            ours[OUR_FAMILIES.get(kind.partition("_")[0], "pointwise")] += count
        for kind, count in self.without_reorders.items():
            theirs[FAMILIES.get(kind, kind)] += count
        return [
            f"{family} {count} for {theirs[family]}"
            for family, count in sorted(ours.items())
            if count > theirs[family]
        ]


def our_kernels(
    model: ModelProto, mode: Literal["strict", "practice"]
) -> tuple[int, Counter[str]]:
    """Layers before fusing, and the kinds of the kernels after it."""
    engine = fusemlir.compile(model, device="reference", fuse=mode)
    return engine.layers_before, Counter(kernel.kind for kernel in engine.kernels)


def executed(model: ModelProto) -> Counter[str]:
    """The node types that OpenVINO's CPU plugin executes in one run, in f32."""
    try:
        openvino: Any = import_module("openvino")
    except ImportError as error:
        raise SystemExit("needs openvino: pip install -e '.[bench]'") from error
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(model.SerializeToString()),
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "PERF_COUNT": True},
    )
    request = compiled.create_infer_request()
    request.infer(seeded_inputs(model))
    profile = request.get_profiling_info()
    return Counter(
        node.node_type for node in profile if node.status == node.Status.EXECUTED
    )


def count(network: str) -> Counts:
    model = seeded_model(network)
    layers, strict = our_kernels(model, "strict")
    _, practice = our_kernels(model, "practice")
    return Counts(network, layers, strict, practice, executed(model))


def row(counts: Counts) -> tuple[str, ...]:
    numbers = (
        counts.layers,
        counts.strict.total(),
        counts.practice.total(),
        counts.without_reorders.total(),
        counts.openvino.total(),
    )
    return (counts.network, *map(str, numbers), ", ".join(counts.more()) or "none")


def page(found: list[Counts]) -> str:
    header = (
        "network",
        "layers",
        "strict",
        "practice",
        "OpenVINO",
        "with reorders",
        "more than OpenVINO",
    )
    table = markdown_table(header, [row(counts) for counts in found])
    return f"""# Kernels of the nine networks, beside OpenVINO's

Written by `python tools/bench/openvino_kernels.py` with OpenVINO {version("openvino")}
and onnx {version("onnx")}, whose nine light models these are; their weights are those
of `test/models/seeded.py`.

* layers: what would be launched, were nothing fused. Constants and views cost nothing.
* strict, practice: our kernels, by `--trt-fuse`'s `mode`.
* OpenVINO: the nodes that its CPU plugin says were executed in one run, in f32. A node
  that it fused into another, or that is a view, is not executed. With reorders: its
  copies into another memory layout are counted, too. We have none: there is one layout.
* more than OpenVINO: where practice has more kernels of a kind, how many for how many
  of OpenVINO's, reorders left out.

{table}"""


def main() -> int:
    found = [count(network) for network in networks()]
    text = page(found)
    PAGE.write_text(text)
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
