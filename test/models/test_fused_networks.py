"""The nine CNNs of the onnx package, fused: how many kernels, and what they compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from kernel_counts import count_kernels, golden_counts
from onnx import numpy_helper
from seeded import NETWORKS, light_model, seeded_inputs, seeded_model
from xdsl.context import Context

import fusemlir
from fusemlir.frontend.onnx import import_model
from fusemlir.remarks import RemarkKind
from fusemlir.runtime.engine import Engine
from fusemlir.transforms.trt_fuse import TrtFusePass

TOLERANCE = 1e-4
"""Largest error over the largest output."""


def compiled(model: Path) -> Engine:
    return fusemlir.compile(model, device="reference")


def assert_close(found: Sequence[Any], expected: Sequence[Any]) -> None:
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert float(np.abs(a - b).max()) <= TOLERANCE * float(np.abs(b).max())


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_with_the_weights_of_the_package_gives_its_outputs(network: str):
    path = light_model(network)
    engine = compiled(path)
    # The input that the package's own runner feeds these models.
    (tensor,) = engine.inputs
    shape = [dim or 1 for dim in tensor.shape]
    ramp = np.arange(np.prod(shape)).reshape(shape) / np.prod(shape)
    expected = onnx.TensorProto.FromString(
        path.with_name(f"{path.stem}_output_0.pb").read_bytes()
    )
    found = engine.run([ramp.astype(np.float32)])
    assert_close(found, [numpy_helper.to_array(expected)])


@pytest.mark.parametrize("network", NETWORKS)
def test_a_fused_network_computes_what_onnxruntime_does(network: str, tmp_path: Path):
    path = tmp_path / "model.onnx"
    model = seeded_model(light_model(network))
    path.write_bytes(model.SerializeToString())
    inputs = seeded_inputs(model)
    del model
    engine = compiled(path)
    assert count_kernels(engine) == golden_counts()[network], (
        "if this is meant, run test/models/kernel_counts.py"
    )
    found = engine.run(list(inputs.values()))
    del engine
    expected = run_onnxruntime(path, inputs)
    path.unlink()
    assert all(float(array.std()) > 1e-5 for array in expected), "nothing to compare"
    assert_close(found, expected)


def run_onnxruntime(path: Path, inputs: dict[str, Any]) -> list[Any]:
    options = onnxruntime.SessionOptions()
    # It warns of initializers that the light models never use.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, inputs))


@pytest.fixture(scope="module")
def resnet() -> Engine:
    return compiled(light_model("resnet50"))


def test_resnet_is_no_more_than_60_kernels(resnet: Engine):
    assert len(resnet.kernels) <= 60


def test_each_convolution_of_resnet_is_one_kernel_with_what_follows_it(resnet: Engine):
    # In the model 33 batch norms and 16 sums are followed by a relu, 4 by nothing.
    convolutions = [k for k in resnet.kernels if "conv" in k.kind]
    kinds = [kernel.kind for kernel in convolutions]
    assert sorted(set(kinds)) == ["conv", "conv_relu", "conv_sum_relu"]
    assert [kinds.count(kind) for kind in sorted(set(kinds))] == [4, 33, 16]
    alone = {k.kind for k in resnet.kernels} - set(kinds)
    assert not alone & {"scale", "relu", "pointwise"}


def test_every_node_of_resnet_is_in_a_kernel_or_is_a_view(resnet: Engine):
    model = onnx.load(light_model("resnet50"))
    op_types = {node.name: node.op_type for node in model.graph.node if node.name}
    computed = Counter(node for k in resnet.kernels for node in k.onnx_nodes)
    assert computed.keys() <= op_types.keys()
    absent = op_types.keys() - computed.keys()
    assert {op_types[name] for name in absent} == {"Reshape"}
    # A Gemm is a product and a sum, which are not fused.
    twice = [name for name, count in computed.items() if count > 1]
    assert {op_types[name] for name in twice} <= {"Gemm"}


def test_what_resnet_fused_is_told(resnet: Engine):
    passed = [r.rule for r in resnet.remarks if r.kind is RemarkKind.PASSED]
    counts = {rule: passed.count(rule) for rule in set(passed)}
    assert counts["fuse-conv-scale"] == 53
    assert counts["fuse-conv-elementwise"] == 16
    assert counts["fuse-conv-relu"] == 49


@pytest.mark.parametrize(
    ("network", "count"), [("densenet121", 59), ("inception_v2", 69)]
)
def test_convolution_norm_product_sum_and_relu_are_one_kernel(network: str, count: int):
    """In these models a batch norm is followed by its affine part as Mul and Add."""
    kernels = compiled(light_model(network)).kernels
    op_types = {n.name: n.op_type for n in onnx.load(light_model(network)).graph.node}
    chain = ["Conv", "BatchNormalization", "Mul", "Add", "Relu"]
    found = [
        kernel
        for kernel in kernels
        if [op_types.get(node) for node in kernel.onnx_nodes] == chain
    ]
    assert [kernel.kind for kernel in found] == ["conv_relu"] * count


@pytest.mark.parametrize("network", NETWORKS)
def test_fusing_twice_is_fusing_once(network: str):
    module = import_model(light_model(network))
    TrtFusePass().apply(Context(), module)
    once = str(module)
    TrtFusePass().apply(Context(), module)
    assert str(module) == once
