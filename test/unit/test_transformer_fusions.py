"""A transformer's layer as exporters write it: normalisations and attention are found,
and the network gives what onnxruntime gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from lit_files import context
from onnx import NodeProto
from onnx_models import imported, main, model, node, normal
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt import FusedOp
from fusemlir.network import kernels
from fusemlir.reference import run
from fusemlir.transforms import load_pass
from fusemlir.transforms.fusion import FusionMode
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights

WIDTH, HEADS = 16, 4
INPUTS = {"x": normal(2, 5, WIDTH), "mask": normal(2, 1, 1, 5, seed=1)}


class Block:
    """The nodes and weights of a layer that normalises, attends, adds, normalises."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, Any] = {}
        self._normalization("x", "h", "ln1")
        for seed, name in enumerate("qkv"):
            self._projection("h", name, seed)
        self._attention("h", "attended")
        self.add("Add", "attended", "x", to="sum")
        self._normalization("sum", "y", "ln2")

    def add(self, operator: str, *inputs: str, to: str, **attributes: Any) -> None:
        self.nodes.append(node(operator, list(inputs), [to], name=to, **attributes))

    def weight(self, name: str, array: Any) -> str:
        self.weights[name] = np.asarray(array)
        return name

    def number(self, value: float) -> str:
        return self.weight(f"c{value}", np.float32(value))

    def _normalization(self, x: str, to: str, name: str) -> None:
        mean, centred, squares = f"{name}/mean", f"{name}/centred", f"{name}/squares"
        variance, raised = f"{name}/variance", f"{name}/raised"
        self.add("ReduceMean", x, to=mean, axes=[-1])
        self.add("Sub", x, mean, to=centred)
        self.add("Pow", centred, self.number(2.0), to=squares)
        self.add("ReduceMean", squares, to=variance, axes=[-1])
        self.add("Add", variance, self.number(1e-5), to=raised)
        self.add("Sqrt", raised, to=f"{name}/root")
        self.add("Div", centred, f"{name}/root", to=f"{name}/normal")
        gamma = self.weight(f"{name}/gamma", normal(WIDTH, seed=3))
        beta = self.weight(f"{name}/beta", normal(WIDTH, seed=4))
        self.add("Mul", f"{name}/normal", gamma, to=f"{name}/scaled")
        self.add("Add", f"{name}/scaled", beta, to=to)

    def _projection(self, x: str, name: str, seed: int) -> None:
        kernel = normal(WIDTH, WIDTH, seed=10 + seed) * np.float32(0.2)
        bias = self.weight(f"{name}/bias", normal(WIDTH, seed=20 + seed))
        heads = self.weight("heads", np.array([0, 0, HEADS, WIDTH // HEADS]))
        self.add("MatMul", x, self.weight(f"{name}/kernel", kernel), to=f"{name}/xw")
        self.add("Add", bias, f"{name}/xw", to=f"{name}/rows")
        self.add("Reshape", f"{name}/rows", heads, to=f"{name}/heads")
        order = [0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]
        self.add("Transpose", f"{name}/heads", to=name, perm=order)

    def _attention(self, x: str, to: str) -> None:
        self.add("MatMul", "q", "k", to="scores")
        self.add("Div", "scores", self.number(2.0), to="scaled")
        self.add("Add", "scaled", "mask", to="masked")
        self.add("Softmax", "masked", to="weights", axis=-1)
        self.add("MatMul", "weights", "v", to="values")
        self.add("Transpose", "values", to="rows", perm=[0, 2, 1, 3])
        self.add("Reshape", "rows", self.weight("flat", np.array([0, 0, WIDTH])), to=to)


def fused(folder: Path, mode: FusionMode) -> tuple[ModuleOp, Any]:
    """The layer after attention and all other fusions, and onnxruntime's result."""
    block = Block()
    built = model(block.nodes, INPUTS, ["y"], block.weights, opset=13)
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    module = imported(folder, built)
    load_pass("fuse-attention")(mode=mode).apply(context(), module)
    TrtFusePass(mode=mode).apply(context(), module)
    return module, session.run(None, INPUTS)[0]


def kinds(module: ModuleOp) -> list[str]:
    return [
        kernel.node.kind.data if isinstance(kernel.node, FusedOp) else kernel.node.name
        for kernel in kernels(module)
    ]


@pytest.mark.parametrize("mode", list(FusionMode))
def test_a_transformer_layer_means_the_same(tmp_path: Path, mode: FusionMode):
    module, wanted = fused(tmp_path, mode)
    found = run(main(module), list(INPUTS.values()), Weights.of_module(module))[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_normalisations_and_attention_are_found_in_practice(tmp_path: Path):
    found = kinds(fused(tmp_path, FusionMode.PRACTICE)[0])
    assert found.count("trt.normalization") == 2
    assert found.count("matmul_div_sum_softmax_matmul") == 1
    assert not any("reduce" in kind for kind in found)


def test_strict_mode_leaves_both_written_out(tmp_path: Path):
    found = kinds(fused(tmp_path, FusionMode.STRICT)[0])
    assert "trt.normalization" not in found
    assert found.count("trt.softmax") == 1
    assert found.count("trt.reduce") == 4
