"""What the importer of an operator sees of a node, and how it adds layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    element_type_of,
    is_float,
    is_static,
    layers_attr,
    shape_of,
    volume,
)
from fusemlir.dialects.trt.constant import ConstantOp, constant_value, fill, scalar_of
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.frontend.onnx.attributes import Attributes, Unsupported
from fusemlir.weights import Array

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto


class Network(Protocol):
    """The network that is being built, as a node sees it."""

    def value(self, tensor: str) -> SSAValue:
        """The value of a tensor; a constant comes into being at its first use."""
        ...

    def known(self, tensor: str) -> Array | None:
        """The array of a tensor where that is small and known now."""
        ...

    def is_zero(self, tensor: str) -> bool:
        """Whether every element of a tensor, which may be a little larger, is."""
        ...

    def tell(self, tensor: str, array: Array) -> None:
        """Make the array of a tensor known."""
        ...

    def add(self, op: LayerOp) -> None: ...

    def beside(self, node_id: str) -> str:
        """An id for one more layer of a node."""
        ...

    def array(self, tensor: TensorProto) -> Array: ...


class Node:
    """One node: its inputs as values, its attributes, and a place for its layers."""

    def __init__(self, proto: NodeProto, id: str, opset: int, network: Network):
        self.proto = proto
        self.id = id
        self.opset = opset
        self.network = network
        self.attributes = Attributes(proto.attribute)

    @property
    def op_type(self) -> str:
        return self.proto.op_type

    @property
    def input_count(self) -> int:
        return len(self.proto.input)

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return index < self.input_count and self.proto.input[index] != ""

    def input(self, index: int) -> SSAValue:
        return self.network.value(self._name(index))

    def optional_input(self, index: int) -> SSAValue | None:
        return self.input(index) if self.has(index) else None

    def inputs(self) -> list[SSAValue]:
        """All inputs, at least one."""
        if not self.input_count:
            raise Unsupported("it has no inputs")
        return [self.input(index) for index in range(self.input_count)]

    def known(self, index: int, what: str) -> Array:
        """The array of an input that must be known now, called `what` in messages."""
        array = self.network.known(self._name(index))
        if array is None:
            raise Unsupported(
                f"{what} '{self._name(index)}' must be a constant of the model, or "
                "follow from static shapes"
            )
        return array

    def is_zero(self, index: int) -> bool:
        """Whether an input is a constant of nothing but zeros."""
        return self.network.is_zero(self._name(index))

    def known_ints(self, index: int, what: str) -> list[int]:
        return [int(number) for number in self.known(index, what).reshape(-1)]

    def axes(self, index: int | None, what: str = "axes") -> list[int] | None:
        """Axes from the attribute, or, where `index` is one, from that input."""
        if index is None:
            return self.attributes.integers(what)
        return self.known_ints(index, what) if self.has(index) else None

    def add(self, op: LayerOp) -> SSAValue:
        """Add a layer that prepares for or follows the node's main one."""
        return self._add(op, self.network.beside(self.id))

    def main(self, op: LayerOp) -> SSAValue:
        """Add the layer that has the node's own id."""
        return self._add(op, self.id)

    def constant(self, value: ConstantValue) -> SSAValue:
        """Add a constant, which is no layer of the source."""
        op = ConstantOp(value)
        self.network.add(op)
        return op.output

    def number(self, number: float, like: SSAValue) -> SSAValue:
        """A one-element constant of the type and rank of `like`."""
        rank = len(shape_of(like))
        return self.filled(number, TensorType(element_type_of(like), (1,) * rank))

    def filled(self, number: float, type: Tensor) -> SSAValue:
        """A constant of one number; `Unsupported` where its type has no such number."""
        if is_float(type.element_type):
            return self.constant(fill(number, type))
        if not float(number).is_integer():
            raise Unsupported(f"{number} is no number of type {type.element_type}")
        return self.constant(fill(int(number), type))

    def static_shape(self, value: SSAValue, why: str) -> Shape:
        """The shape of a value; `Unsupported` where a dimension is unknown."""
        shape = shape_of(value)
        if not is_static(shape):
            axis = shape.index(UNKNOWN)
            raise Unsupported(
                f"{why} needs dimension {axis} of its input, which is unknown; fix the "
                "shapes of the model's inputs"
            )
        return shape

    def reshape(self, value: SSAValue, kept: Sequence[int | None]) -> SSAValue:
        """Drop and insert dimensions of size one.

        `kept` says for each dimension of the result which one of the value it is, None
        being a new one. A constant is reshaped itself, anything else by a Shuffle.
        """
        shape = shape_of(value)
        result = [1 if axis is None else shape[axis] for axis in kept]
        if tuple(result) == shape:
            return value
        if (constant := constant_value(value)) is not None:
            return self.constant(reshaped(constant, result))
        return self.add(reshape_op(value, kept))

    def align(self, value: SSAValue, rank: int) -> SSAValue:
        """Insert leading dimensions until the value has at least `rank` dimensions."""
        own = len(shape_of(value))
        return self.reshape(value, [*[None] * (rank - own), *range(own)])

    def align_all(self, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Bring values to one rank, as numpy's broadcasting does."""
        rank = max(len(shape_of(value)) for value in values)
        return [self.align(value, rank) for value in values]

    def _name(self, index: int) -> str:
        if not self.has(index):
            raise Unsupported(f"input {index} is missing")
        return self.proto.input[index]

    def _add(self, op: LayerOp, id: str) -> SSAValue:
        op.layers = layers_attr([id])
        self.network.add(op)
        return op.results[0]


def number_of(value: SSAValue) -> float | int | None:
    """The number that every element of a constant is; None where there is no such."""
    constant = constant_value(value)
    return None if constant is None else scalar_of(constant)


def normal_axis(axis: int, rank: int) -> int:
    """An axis counted from the front; `Unsupported` where it is out of range."""
    if not -rank <= axis < rank:
        raise Unsupported(f"axis {axis} is out of range for rank {rank}")
    return axis % rank if rank else axis


def reshape_op(value: SSAValue, kept: Sequence[int | None]) -> ShuffleOp:
    """The Shuffle that drops and inserts dimensions of size one, see `Node.reshape`.

    An unknown dimension that stays in its place is copied, one that moves is inferred;
    `Unsupported` where more than one moves.
    """
    shape = shape_of(value)
    dims: list[int] = []
    for at, axis in enumerate(kept):
        unknown = axis is not None and shape[axis] == UNKNOWN
        if axis is None:
            dims.append(1)
        elif unknown:
            dims.append(0 if at == axis else -1)
        else:
            dims.append(shape[axis])
    if dims.count(-1) > 1:
        raise Unsupported(
            "more than one unknown dimension changes its place; fix the shapes of the "
            "model's inputs"
        )
    return ShuffleOp(value, reshape_dims=dims, zero_is_placeholder=volume(shape) != 0)


def reshaped(value: ConstantValue, shape: Sequence[int]) -> ConstantValue:
    """A constant in another shape of the same volume."""
    type = TensorType(value.type.element_type, shape)
    if not isinstance(value, WeightAttr):
        return DenseIntOrFPElementsAttr(cast(Any, type), value.data)
    if value.recipe.data in ("fill", "reshape"):
        return WeightAttr.derived(value.recipe.data, value.weights, type)
    return WeightAttr.derived("reshape", [value], type)
