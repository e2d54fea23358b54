"""What a model declares: opset, inputs, outputs, element types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from fusemlir.dialects.trt.base import UNKNOWN, Tensor, show_shape
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.weights import element_of

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

OLDEST_OPSET = 7
DEFAULT_DOMAINS = ("", "ai.onnx")

Shapes = Mapping[str, Sequence[int]]


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's default operators, 0 where the model uses none of them.

    `Unsupported` where it is missing or too old.
    """
    versions = [o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS]
    if not versions:
        if any(node.domain in DEFAULT_DOMAINS for node in model.graph.node):
            raise Unsupported("the model does not say which opset of ONNX it uses")
        return 0
    opset = max(versions)
    if opset < OLDEST_OPSET:
        raise Unsupported(
            f"the model uses opset {opset}, older than {OLDEST_OPSET}; convert it with "
            "onnx.version_converter"
        )
    return opset


def element_type(data_type: int) -> Attribute:
    """The element type for an `onnx.TensorProto.DataType`."""
    from onnx import TensorProto, helper

    try:
        element = element_of(helper.tensor_dtype_to_np_dtype(data_type))
        name = TensorProto.DataType.Name(data_type)
    except (KeyError, ValueError):
        element, name = None, str(data_type)
    if element is None:
        raise Unsupported(
            f"element type {name} is not supported; supported are FLOAT, FLOAT16, "
            "BFLOAT16, INT8, UINT8, INT32, INT64 and BOOL"
        )
    return element


def input_type(info: ValueInfoProto, shapes: Shapes) -> Tensor:
    """The tensor type of an input of the model, its shape fixed by `shapes`."""
    if not info.type.HasField("tensor_type"):
        raise Unsupported(f"input '{info.name}' is not a tensor")
    tensor = info.type.tensor_type
    element = element_type(tensor.elem_type)
    given = shapes.get(info.name)
    if not tensor.HasField("shape"):
        if given is None:
            raise Unsupported(
                f"the rank of input '{info.name}' is unknown; give its shape"
            )
        return TensorType(element, given)
    declared = [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else UNKNOWN
        for dim in tensor.shape.dim
    ]
    if given is None:
        return TensorType(element, declared)
    if len(given) != len(declared) or any(
        UNKNOWN != dim != fixed for dim, fixed in zip(declared, given, strict=True)
    ):
        raise Unsupported(
            f"input '{info.name}' is {show_shape(declared)} in the model, the shape "
            f"given is {show_shape(given)}"
        )
    return TensorType(element, given)


def check_shapes(shapes: Shapes, inputs: Iterable[str]) -> None:
    """`Unsupported` where a shape is given for no input, or is no shape."""
    names = list(inputs)
    for name, shape in shapes.items():
        if name not in names:
            known = ", ".join(f"'{known}'" for known in names) or "none"
            raise Unsupported(f"there is no input '{name}'; the inputs are {known}")
        if any(dim < 0 for dim in shape):
            raise Unsupported(f"shape {list(shape)} of input '{name}' is negative")
