"""The nine CNNs of the onnx package, with weights that a comparison can see through."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, numpy_helper
from xdsl.dialects.builtin import TensorType, f32

from fusemlir.weights import SeededSource

NETWORKS = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)

DAMPING = {"inception_v2": 2.0**-6, "resnet50": 2.0**-13, "shufflenet": 2.0**-17}
"""Factor of the last kernel, where activations grow: else the softmax would saturate,
and show no difference."""

Role: TypeAlias = tuple[str, int]

_FACTORS = (("BatchNormalization", 1), ("BatchNormalization", 4), ("Mul", 1))


def light_model(network: str) -> Path:
    """The file of a network of `NETWORKS`; its weights are `ConstantOfShape` nodes."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    return folder / f"light_{network}.onnx"


def seeded_model(path: str | Path) -> ModelProto:
    """The model in `path`, its weights made initializers, the same in every process.

    Kernels are normal with variance 2/fan_in, factors and the variances of batch
    normalisations uniform in [0.5, 1.5), biases and means in [-0.1, 0.1): no two
    channels are alike, and activations keep their size through the network.
    """
    model = onnx.load(path)
    graph = model.graph
    shapes = {
        tensor.name: tuple(numpy_helper.to_array(tensor).tolist())
        for tensor in graph.initializer
        if tensor.name.endswith("__SHAPE")
    }
    fillers = [node for node in graph.node if node.op_type == "ConstantOfShape"]
    names = {node.output[0]: shapes[node.input[0]] for node in fillers}
    # Small weights are initializers already, constant ones.
    for tensor in graph.initializer:
        if tensor.name not in shapes and tensor.data_type == onnx.TensorProto.FLOAT:
            names[tensor.name] = tuple(tensor.dims)
    roles = _roles(graph)
    kept = [t for t in graph.initializer if t.name not in {*shapes, *names}]
    made = [
        numpy_helper.from_array(_weight(name, shape, roles.get(name)), name)
        for name, shape in names.items()
    ]
    damping = DAMPING.get(Path(path).stem.removeprefix("light_"), 1.0)
    last = graph.node[-2].input[1] if damping != 1 else ""
    for tensor in made:
        if tensor.name == last:
            array = numpy_helper.to_array(tensor) * np.float32(damping)
            tensor.raw_data = array.tobytes()
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    inputs = [i for i in graph.input if i.name not in {*shapes, *names}]
    inputs = [i for i in inputs if i.name not in {tensor.name for tensor in kept}]
    for field, values in (
        (graph.initializer, [*kept, *made]),
        (graph.node, nodes),
        (graph.input, inputs),
    ):
        del field[:]
        field.extend(values)
    # From this version on an initializer need not be an input.
    model.ir_version = max(model.ir_version, 4)
    return model


def _roles(graph: GraphProto) -> dict[str, Role]:
    """Operator and input position of the first use of each tensor; through reshapes."""
    roles: dict[str, Role] = {}
    for node in reversed(graph.node):
        for position, name in enumerate(node.input):
            roles[name] = (node.op_type, position)
            if node.op_type == "Unsqueeze":
                roles[name] = roles[node.output[0]]
    return roles


def _weight(name: str, shape: tuple[int, ...], role: Role | None) -> Any:
    array = SeededSource().array(name, TensorType(f32, shape))
    if len(shape) > 1 or role in _FACTORS:
        return array
    return (array - np.float32(1)) / np.float32(5)


def seeded_inputs(model: ModelProto) -> dict[str, Any]:
    """An input for each one of the model: normal, the same in every process."""
    rng = np.random.default_rng(7)
    return {
        info.name: rng.standard_normal(
            [dim.dim_value for dim in info.type.tensor_type.shape.dim], np.float32
        )
        for info in model.graph.input
    }
