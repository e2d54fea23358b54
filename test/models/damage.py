"""Random damage to models: what no importer should meet with a traceback."""

from __future__ import annotations

from random import Random
from typing import Any

from onnx import AttributeProto, ModelProto

_TYPES = (1, 2, 3, 6, 7, 9, 10, 11, 16)
_OPSETS = (7, 9, 10, 11, 12, 13, 17, 18, 21)


def damage(model: ModelProto, rng: Random) -> None:
    """Change one thing in `model`: an attribute, input, type, shape, or the opset."""
    rng.choice([_attribute, _inputs, _shape, _type, _initializer, _opset])(model, rng)


def _attribute(model: ModelProto, rng: Random) -> None:
    attributes = list(rng.choice(model.graph.node).attribute)
    if not attributes:
        return
    attribute = rng.choice(attributes)
    match attribute.type:
        case AttributeProto.INT:
            attribute.i = rng.choice([-100, -5, -1, 0, 1, 2, 7, 99])
        case AttributeProto.INTS:
            attribute.ints.append(rng.choice([-9, -1, 0, 1, 5]))
            if rng.random() < 0.5:
                del attribute.ints[0]
        case AttributeProto.FLOAT:
            attribute.f = rng.choice([float("nan"), float("inf"), 0.0, -1.0])
        case _:
            attribute.s = b"\xff?"


def _inputs(model: ModelProto, rng: Random) -> None:
    names = rng.choice(model.graph.node).input
    if not names:
        return
    at = rng.randrange(len(names))
    if rng.random() < 0.5:
        names[at] = ""
    else:
        del names[at]


def _shape(model: ModelProto, rng: Random) -> None:
    dims = _tensor(model, rng).shape.dim
    if not dims or rng.random() < 0.3:
        dims.add().dim_value = rng.choice([1, 3])
    elif rng.random() < 0.5:
        rng.choice(dims).dim_value = rng.choice([0, 1, 2, 50])
    else:
        rng.choice(dims).dim_param = "n"


def _type(model: ModelProto, rng: Random) -> None:
    _tensor(model, rng).elem_type = rng.choice(_TYPES)


def _initializer(model: ModelProto, rng: Random) -> None:
    if not model.graph.initializer:
        return
    tensor = rng.choice(model.graph.initializer)
    if tensor.raw_data and rng.random() < 0.6:
        tensor.raw_data = rng.randbytes(len(tensor.raw_data))
    else:
        tensor.dims.append(rng.choice([0, 1, 2]))


def _opset(model: ModelProto, rng: Random) -> None:
    model.opset_import[0].version = rng.choice(_OPSETS)


def _tensor(model: ModelProto, rng: Random) -> Any:
    if not model.graph.input:
        model.graph.input.add().name = "unused"
    return rng.choice(model.graph.input).type.tensor_type
