"""What the importer makes of a model as a whole, and what it says of bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import check, imported, layers, main, model, node, normal, saved
from xdsl.context import Context
from xdsl.dialects.builtin import (
    Builtin,
    DenseIntOrFPElementsAttr,
    StringAttr,
    f32,
)
from xdsl.dialects.func import Func

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects.trt import TRT
from fusemlir.dialects.trt.base import UNKNOWN, shape_of
from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.module_attributes import WEIGHTS, WeightSourceAttr
from fusemlir.dialects.trt.weight import WeightAttr
from fusemlir.frontend.mlir import parse_module
from fusemlir.frontend.onnx import import_model
from fusemlir.weights import OnnxFile, Weights

FLOAT = TensorProto.FLOAT
X = {"x": (FLOAT, [1, 8])}


def errors_of(folder: Path, built: Any, **options: Any) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        import_model(saved(folder, built), **options)
    prefix = str(folder / "model.onnx")
    lines = str(caught.value).splitlines()
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix + ": ") for line in lines]


def test_arguments_and_results_keep_their_tensors_names(tmp_path: Path):
    built = model([node("Relu", ["in/x:0"], ["out y"])], {"in/x:0": X["x"]}, ["out y"])
    function = main(imported(tmp_path, built))
    assert function.arg_attrs is not None
    assert function.res_attrs is not None
    (argument,), (result,) = function.arg_attrs, function.res_attrs
    assert argument.data["trt.name"] == StringAttr("in/x:0")
    assert result.data["trt.name"] == StringAttr("out y")
    assert function.body.block.args[0].name_hint == "in_x"


def test_the_module_names_the_file_of_its_weights(tmp_path: Path):
    built = model([node("Relu", ["x"], ["y"])], X)
    source = imported(tmp_path, built).attributes[WEIGHTS]
    assert isinstance(source, WeightSourceAttr)
    path = tmp_path / "model.onnx"
    assert source.path.data == str(path)
    assert source.sha256.data == OnnxFile(path).sha256


def test_layers_have_the_ids_and_locations_of_their_nodes(tmp_path: Path):
    nodes = [
        node("Relu", ["x"], ["a"], name="first"),
        node("Relu", ["a"], ["b"]),
        node("Relu", ["b"], ["c"], name="first"),
        node("Relu", ["c"], ["d"], name="Relu_1"),
        node("Relu", ["d"], ["y"], name="first"),
    ]
    ops = layers(imported(tmp_path, model(nodes, X)))
    ids = [op.layer_ids for op in ops]
    assert ids == [
        ("first",),
        ("Relu_1#2",),
        ("first#2",),
        ("Relu_1",),
        ("first#3",),
    ]
    place = SourceLocation.of(ops[2].location)
    assert place == SourceLocation(str(tmp_path / "model.onnx"), name="first#2")


def test_the_main_layer_of_several_has_the_nodes_id(tmp_path: Path):
    nodes = [
        node("Mish", ["x"], ["a"], name="mish"),
        node("Relu", ["a"], ["y"], name="mish.1"),
    ]
    ops = layers(imported(tmp_path, model(nodes, X)))
    ids = [id for op in ops for id in op.layer_ids]
    assert ids == ["mish.2", "mish.3", "mish", "mish.1"]


def test_small_initializers_are_dense_and_large_ones_named(tmp_path: Path):
    small, large = normal(1, 64), normal(65, 64)
    nodes = [
        node("Add", ["x", "small"], ["a"]),
        node("MatMul", ["a", "large"], ["y"]),
    ]
    given = {"small": small, "large": large.T, "unused": normal(3)}
    built = model(nodes, {"x": (FLOAT, [1, 64])}, ["y"], given)
    module = imported(tmp_path, built)
    constants = [op for op in layers(module) if isinstance(op, ConstantOp)]
    assert [op.layer_ids for op in constants] == [(), ()]
    first, second = (op.value for op in constants)
    assert isinstance(first, DenseIntOrFPElementsAttr)
    assert isinstance(second, WeightAttr)
    assert second.weight_name == "large"
    weights = Weights.of_module(module)
    np.testing.assert_array_equal(weights.array(first), small)
    np.testing.assert_array_equal(weights.array(second), large.T)


def test_constant_nodes_are_constants_with_the_nodes_id(tmp_path: Path):
    value = helper.make_tensor("", FLOAT, [1, 8], [0.5] * 8)
    nodes = [
        node("Constant", [], ["c"], name="half", value=value),
        node("Add", ["x", "c"], ["y"]),
    ]
    ops = layers(imported(tmp_path, model(nodes, X)))
    assert [op.layer_ids for op in ops] == [("half",), ("Add_1",)]


def test_constant_of_shape_is_never_made(tmp_path: Path):
    nodes = [
        node("ConstantOfShape", ["shape"], ["c"], name="zeros"),
        node("Add", ["x", "c"], ["y"]),
    ]
    shape = np.array([100_000, 1, 8], np.int64)
    built = model(nodes, X, ["y"], {"shape": shape})
    (constant,) = [
        op
        for op in layers(imported(tmp_path, built))
        if isinstance(op, ConstantOp) and op.layer_ids
    ]
    assert isinstance(constant.value, WeightAttr)
    assert constant.value.recipe.data == "fill"


def test_constants_are_reshaped_instead_of_shuffled_to_broadcast(tmp_path: Path):
    built = model([node("Add", ["x", "b"], ["y"])], X, ["y"], {"b": normal(8)})
    constant, add = layers(imported(tmp_path, built))
    assert isinstance(constant, ConstantOp)
    assert shape_of(constant.output) == (1, 8)
    assert add.layer_ids == ("Add_0",)


def test_values_of_lower_rank_are_shuffled_to_broadcast(tmp_path: Path):
    inputs = {"x": (FLOAT, [2, 3, 8]), "b": (FLOAT, ["n", 8])}
    built = model([node("Add", ["x", "b"], ["y"])], inputs)
    shuffle, add = layers(imported(tmp_path, built))
    assert shape_of(shuffle.results[0]) == (1, UNKNOWN, 8)
    assert shape_of(add.results[0]) == (2, 3, 8)


def test_unknown_dimensions_stay_unknown_unless_fixed(tmp_path: Path):
    built = model([node("Relu", ["x"], ["y"])], {"x": (FLOAT, ["batch", 8])})
    (relu,) = layers(imported(tmp_path, built))
    assert shape_of(relu.results[0]) == (UNKNOWN, 8)
    (relu,) = layers(imported(tmp_path, built, shapes={"x": (3, 8)}))
    assert shape_of(relu.results[0]) == (3, 8)


def test_shapes_of_inputs_that_do_not_fit_are_refused(tmp_path: Path):
    built = model([node("Relu", ["x"], ["y"])], {"x": (FLOAT, ["batch", 8])})
    assert errors_of(tmp_path, built, shapes={"z": (1, 8)}) == [
        "error: there is no input 'z'; the inputs are 'x'"
    ]
    wanted = ["error: input 'x' is ?x8 in the model, the shape given is 1x9"]
    assert errors_of(tmp_path, built, shapes={"x": (1, 9)}) == wanted
    (error,) = errors_of(tmp_path, built, shapes={"x": (1, 8, 1)})
    assert error.endswith("the shape given is 1x8x1")


def test_the_text_of_a_module_reads_back_with_its_places(tmp_path: Path):
    from io import StringIO

    from xdsl.printer import Printer

    nodes = [node("Gemm", ["x", "w", "b"], ["y"], name="fc/1")]
    given = {"w": normal(8, 80), "b": np.float32([np.inf] + [0] * 79)}
    module = imported(tmp_path, model(nodes, X, ["y"], given))
    context = Context()
    for dialect in (Builtin, Func, TRT):
        context.load_dialect(dialect)
    text = StringIO()
    Printer(text, print_debuginfo=True).print_op(module)
    again = parse_module(context, text.getvalue(), "again.mlir")
    assert again.is_structurally_equivalent(module)
    place = SourceLocation.of(layers(again)[-1].location)
    assert place == SourceLocation(str(tmp_path / "model.onnx"), name="fc/1")


def test_the_shapes_that_models_compute_are_followed(tmp_path: Path):
    """Flatten as PyTorch exports it: Shape, Gather, Unsqueeze, Concat, Reshape."""
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "rest"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["y"]),
    ]
    given = {
        "zero": np.array(0),
        "axes": np.array([0]),
        "rest": np.array([-1]),
    }
    built = model(nodes, {"x": (FLOAT, [2, 3, 4])}, ["y"], given)
    (shuffle,) = layers(imported(tmp_path, built))
    assert shape_of(shuffle.results[0]) == (2, 12)
    unknown = model(nodes, {"x": (FLOAT, ["n", 3, 4])}, ["y"], given)
    (error,) = errors_of(tmp_path, unknown)
    assert error.startswith("'Shape_0': error: operator Shape (opset 17)")
    assert "needs dimension 0 of its input, which is unknown" in error


def test_a_shape_may_be_chosen_by_comparing_shapes(tmp_path: Path):
    """As torch exports `expand(batch, -1, -1)`."""
    one = numpy_helper.from_array(np.array([1]))
    nodes = [
        node("Shape", ["x"], ["shape"], end=1),
        node("Concat", ["shape", "kept"], ["given"], axis=0),
        node("ConstantOfShape", ["rank"], ["ones"], value=one),
        node("Mul", ["ones", "minus_one"], ["unset"]),
        node("Equal", ["given", "unset"], ["is_unset"]),
        node("Where", ["is_unset", "ones", "given"], ["wanted"]),
        node("Expand", ["token", "wanted"], ["tokens"]),
        node("Concat", ["tokens", "x"], ["y"], axis=1),
    ]
    numbers = {
        "token": normal(1, 1, 4),
        "kept": np.array([-1, -1]),
        "rank": np.array([3]),
        "minus_one": np.array(-1),
    }
    x = normal(2, 3, 4, seed=1)
    check(tmp_path, nodes, {"x": x}, numbers)


def test_all_that_is_unsupported_is_told_at_once(tmp_path: Path):
    nodes = [
        node("Foo", ["x"], ["a"], name="one"),
        node("Relu", ["a"], ["b"], name="after one"),
        node("Gelu", ["x"], ["c"], name="two", domain="com.microsoft"),
        node("Bar", ["b"], ["d"], name="three"),
        node("Concat", ["x", "v"], ["y"], name="four", axis=2),
        node("Relu", ["x"], ["z"], name="five", colour=1),
    ]
    inputs = {**X, "v": (FLOAT, [1, 3])}
    assert errors_of(tmp_path, model(nodes, inputs, ["y", "d"])) == [
        "'one': error: operator Foo (opset 17) is not supported: no layer computes it",
        "'two': error: operator com.microsoft.Gelu (opset unknown) is not supported: "
        "nothing is known of domain 'com.microsoft'",
        "'three': error: operator Bar (opset 17) is not supported: no layer computes "
        "it",
        "'four': error: operator Concat (opset 17) is not supported: axis 2 is out of "
        "range for rank 2",
        "'five': error: operator Relu (opset 17) is not supported: attribute 'colour' "
        "is not understood",
    ]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("Relu", ["u"], ["y"])], "input 'u' is not defined"),
        (
            [node("Relu", ["b"], ["y"]), node("Relu", ["y"], ["b"], name="r")],
            "input 'b' is made by node 'r', which comes later: the graph has a cycle",
        ),
        (
            [node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])],
            "output 'y' is defined twice",
        ),
        ([node("Relu", [""], ["y"])], "input 0 is missing"),
        ([node("Elu", ["x"], ["y"], alpha=1)], "attribute 'alpha' must be a float"),
        ([node("Concat", ["x", "x"], ["y"], axis=5)], "axis 5 is out of range"),
        ([node("MatMul", ["x", "x"], ["y"])], "contracted dimensions are 8 and 1"),
        (
            [node("Adam", ["x"], ["y"], domain="ai.onnx.preview.training")],
            "it trains; only inference is compiled",
        ),
        (
            [node("Where", ["x", "x", "x"], ["y"])],
            "there is no layer that selects between floats",
        ),
    ],
)
def test_a_bad_node_is_told_clearly(tmp_path: Path, nodes: Any, message: str):
    error, *_ = errors_of(tmp_path, model(nodes, X))
    assert message in error


def test_control_flow_is_refused(tmp_path: Path):
    value = helper.make_tensor_value_info("b", FLOAT, [1, 8])
    branch = helper.make_graph([node("Relu", ["x"], ["b"])], "branch", [], [value])
    choice = node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    inputs = {**X, "c": (TensorProto.BOOL, [])}
    (error,) = errors_of(tmp_path, model([choice], inputs))
    assert "operator If (opset 17) is not supported: a network has no control" in error


def test_a_bad_model_is_told_clearly(tmp_path: Path):
    relu = [node("Relu", ["x"], ["y"])]
    (error,) = errors_of(tmp_path, model(relu, X, opset=6))
    assert "the model uses opset 6, older than 7" in error
    (error,) = errors_of(tmp_path, model([], X, []))
    assert "the model has no outputs" in error
    (error,) = errors_of(tmp_path, model(relu, X, ["z"]))
    assert "output 'z' is not defined" in error
    (error,) = errors_of(tmp_path, model(relu, X, {"y": TensorProto.INT32}))
    assert "output 'y' is declared as i32, computed as f32" in error
    (error,) = errors_of(tmp_path, model(relu, {"x": (TensorProto.DOUBLE, [1])}))
    assert "element type DOUBLE is not supported" in error
    (error,) = errors_of(tmp_path, model(relu, {"x": (FLOAT, None)}))
    assert "the rank of input 'x' is unknown; give its shape" in error
    unversioned = model(relu, X)
    del unversioned.opset_import[:]
    (error,) = errors_of(tmp_path, unversioned)
    assert "does not say which opset" in error


def test_an_input_without_rank_is_fixed_by_a_shape(tmp_path: Path):
    built = model([node("Relu", ["x"], ["y"])], {"x": (FLOAT, None)})
    module = imported(tmp_path, built, shapes={"x": (2, 3)})
    assert shape_of(layers(module)[0].results[0]) == (2, 3)
    assert f32 == main(module).function_type.inputs.data[0].element_type


def test_training_is_refused(tmp_path: Path):
    parameters = {name: normal(8) for name in "abcd"}
    norm = node("BatchNormalization", ["x", *"abcd"], ["y"], training_mode=1)
    (error,) = errors_of(tmp_path, model([norm], X, ["y"], parameters))
    assert "training_mode: only inference is compiled" in error


def test_a_truncated_model_is_no_traceback(tmp_path: Path):
    path = saved(tmp_path, model([node("Relu", ["x"], ["y"])], X))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DiagnosticError, match="is no ONNX model, or damaged"):
        import_model(path)
