"""The order of the stages, and how a network is read, fused and put on a device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from xdsl.dialects.builtin import ModuleOp

import fusemlir
from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt.module_attributes import TARGET
from fusemlir.frontend.mlir import parse_module
from fusemlir.pipeline import FUSE, fusion_passes
from fusemlir.remarks import RemarkKind
from fusemlir.runtime.engine import Engine
from fusemlir.source_network import TemporaryFolder, make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

CONV_RELU = """
func.func @net(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x3x1x1xf32>>
  %c = trt.convolution %x, %w layers ["conv1"]
    : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x8xf32>
  %r = trt.activation relu %c layers ["relu1"]
    : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %r : tensor<1x4x8x8xf32>
}
"""


def parse(text: str) -> ModuleOp:
    return parse_module(make_context(), text, "net.mlir")


def names(*arguments: Any, **options: Any) -> list[str]:
    return [p.name for p in fusion_passes(*arguments, **options)]


def error_of(*arguments: Any, **options: Any) -> str:
    with pytest.raises(DiagnosticError) as caught:
        fusemlir.compile(*arguments, **options)
    return str(caught.value)


def model() -> ModelProto:
    """relu(x · w + b) over any batch, as an ONNX model."""
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w", "b"], ["g"], "gemm"),
            helper.make_node("Relu", ["g"], ["y"], "relu"),
        ],
        "two_layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [
            numpy_helper.from_array(
                np.array([[1, 2], [3, 4], [5, 6]], np.float32), "w"
            ),
            numpy_helper.from_array(np.array([-20, 1], np.float32), "b"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("fuse", ["practice", "strict"])
def test_all_fusions_are_the_default(fuse: str):
    assert fusion_passes(fuse) == [TrtFusePass(mode=fuse)]
    assert fusion_passes() == [TrtFusePass(mode="practice")]


def test_no_fusion_is_no_pass_at_all():
    assert names("none") == []


def test_named_rules_run_alone_and_in_their_order():
    rules = ["fuse-pointwise", "fuse-conv-relu"]
    assert names(rules=rules) == rules
    assert names("none", rules=["fuse-conv-relu"]) == ["fuse-conv-relu"]


def test_disabled_rules_are_left_out():
    left_out = ("fuse-conv-relu",)
    assert fusion_passes(disable_rules=left_out) == [
        TrtFusePass(disable_rules=left_out)
    ]
    rules = ["fuse-conv-relu", "fuse-pointwise"]
    assert names(rules=rules, disable_rules=left_out) == ["fuse-pointwise"]


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(DiagnosticError, match=r"'fuse-conv-rleu'.*'fuse-conv-relu'"):
        fusion_passes(rules=["fuse-conv-rleu"])
    with pytest.raises(DiagnosticError, match=r"did you mean 'fuse-pointwise'"):
        fusion_passes(disable_rules=["fusepointwise"])


def test_an_unknown_choice_of_fusions_names_the_known():
    assert "'all'; known: practice, strict, none" in error_of("net.mlir", fuse="all")
    assert FUSE == ("practice", "strict", "none")


def test_a_module_is_copied_and_fused():
    module = parse(CONV_RELU)
    engine = fusemlir.compile(module, device="reference")
    assert [kernel.kind for kernel in engine.kernels] == ["conv_relu"]
    assert engine.layers_before == 2
    assert str(module) == str(parse(CONV_RELU))
    passed = [r.rule for r in engine.remarks if r.kind is RemarkKind.PASSED]
    assert passed == ["fuse-conv-relu"]


def test_a_text_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "net.mlir"
    path.write_text(CONV_RELU)
    engine = fusemlir.compile(path, fuse="none", device="reference")
    assert engine.name == "net"
    assert [kernel.kind for kernel in engine.kernels] == ["conv", "relu"]
    assert engine.remarks == ()


def expect_two_layers(engine: Engine) -> None:
    x = np.array([[1, 1, 1]], np.float32)
    np.testing.assert_array_equal(engine.run([x])[0], [[0, 13]])


def test_a_model_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "two.onnx"
    path.write_bytes(model().SerializeToString())
    engine = fusemlir.compile(str(path), device="reference")
    assert engine.name == "two"
    expect_two_layers(engine)


def test_a_model_in_memory_lives_as_long_as_its_engine():
    engine = fusemlir.compile(model(), device="reference")
    assert engine.name == "two_layers"
    expect_two_layers(engine)
    (folder,) = engine.resources
    assert isinstance(folder, TemporaryFolder)
    path = folder.path
    assert path.is_dir()
    del engine, folder
    assert not path.exists()


def test_kernels_name_the_nodes_of_the_model():
    engine = fusemlir.compile(model(), device="reference")
    nodes = [node for kernel in engine.kernels for node in kernel.onnx_nodes]
    assert set(nodes) == {"gemm", "relu"}


def test_shapes_fix_the_inputs_of_a_model():
    free = fusemlir.compile(model(), device="reference")
    fixed = fusemlir.compile(model(), device="reference", shapes={"x": (2, 3)})
    assert free.inputs[0].shape == (None, 3)
    assert fixed.inputs[0].shape == (2, 3)


def test_weights_are_found_beside_the_text_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / "two.onnx").write_bytes(model().SerializeToString())
    monkeypatch.chdir(folder)
    engine = fusemlir.compile("two.onnx", fuse="none", device="reference")
    (folder / "two.mlir").write_text(str(engine.module))
    monkeypatch.chdir(tmp_path)
    expect_two_layers(fusemlir.compile("nets/two.mlir", device="reference"))


def test_a_target_is_written_into_the_module():
    engine = fusemlir.compile(parse(CONV_RELU), device="reference", target="sm_90")
    assert str(engine.module.attributes[TARGET]) == "#trt.target<sm_90>"
    assert "unknown target 'sm90'" in error_of(parse(CONV_RELU), target="sm90")


def test_what_is_no_network_is_refused(tmp_path: Path):
    assert "wanted a file .onnx or .mlir" in error_of("net.txt")
    assert "found dict" in error_of({})
    (tmp_path / "bad.mlir").write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in error_of(tmp_path / "bad.mlir")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    assert "is no ONNX model" in error_of(tmp_path / "bad.onnx")
    with pytest.raises(FileNotFoundError):
        fusemlir.compile(tmp_path / "missing.mlir")


def test_shapes_are_not_for_what_has_types(tmp_path: Path):
    (tmp_path / "net.mlir").write_text(CONV_RELU)
    assert "has types" in error_of(tmp_path / "net.mlir", shapes={"x": (1,)})
    assert "has types" in error_of(parse(CONV_RELU), shapes={"x": (1,)})


def test_a_module_of_several_functions_is_refused():
    twice = CONV_RELU + CONV_RELU.replace("@net", "@other")
    assert "found 'net', 'other'" in error_of(parse(twice))
    assert "found none" in error_of(parse("builtin.module {}"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("func.func @f(%x: f32) -> f32 { func.return %x : f32 }", "found f32"),
        (
            "func.func @f(%x: tensor<2xf64>) -> tensor<2xf64> "
            "{ func.return %x : tensor<2xf64> }",
            "elements of type f64",
        ),
        ("func.func @f() { cf.br ^end\n^end: func.return }", "block"),
    ],
)
def test_a_function_that_is_no_network_is_refused(text: str, reason: str):
    message = error_of(parse(text))
    assert message.startswith("net.mlir:1:1: error: 'f' is no network: ")
    assert reason in message


def test_a_pass_that_refuses_is_named():
    twice = CONV_RELU.replace("relu1", "conv1")
    message = error_of(parse(twice), rules=["verify-network"])
    assert "pass 'verify-network' failed: " in message
    assert "layer 'conv1' is in conv1 and in conv1" in message


def test_devices_and_threads_are_checked():
    assert "unknown device 'gpu'" in error_of(parse(CONV_RELU), device="gpu")
    assert "threads must be 1 or more" in error_of(parse(CONV_RELU), threads=0)
