"""What every layer of the `trt` dialect shares: types, shapes and the `LayerOp` base.

A layer mirrors one of TensorRT's layer interfaces: `IMatrixMultiplyLayer` becomes
`trt.matrix_multiply`, its properties are named after the setters. Result types are
inferred by `infer`, which is the verifier as well. Unknown dimensions are admitted
everywhere: two dimensions agree when they are equal or one of them is unknown.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    BFloat16Type,
    DenseArrayBase,
    Float16Type,
    Float32Type,
    IntegerType,
    NoneType,
    Signedness,
    StringAttr,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, opt_prop_def, traits_def
from xdsl.rewriter import Rewriter
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

UNKNOWN = DYNAMIC_INDEX
"""A dimension known only at run time; printed `?`."""

MAX_RANK = 8
"""TensorRT's `Dims::MAX_DIMS`."""

Shape: TypeAlias = tuple[int, ...]
Tensor: TypeAlias = TensorType[Attribute]

LayersAttr: TypeAlias = ArrayAttr[StringAttr]
"""Ids of the layers of the source network that an op came from."""

Ints: TypeAlias = DenseArrayBase[IntegerType]
"""A property that holds a list of integers."""

FLOATS = (Float32Type, Float16Type, BFloat16Type)

INTEGERS = (i8, i32, i64)

ELEMENTS = (f32, f16, bf16, *INTEGERS, i1, IntegerType(8, Signedness.UNSIGNED))
"""Element types of a network; ui8 is there to be cast from and to."""


def tensor_type(value: SSAValue) -> Tensor:
    """The tensor type of `value`; every operand and result of a layer has one."""
    if not isinstance(value.type, TensorType):
        raise VerifyException(f"expected a tensor, found {value.type}")
    return cast(Tensor, value.type)


def shape_of(value: SSAValue) -> Shape:
    return tensor_type(value).get_shape()


def element_type_of(value: SSAValue) -> Attribute:
    return tensor_type(value).element_type


def is_float(element: Attribute) -> bool:
    return isinstance(element, FLOATS)


def is_integer(element: Attribute) -> bool:
    """Whether it is i8, i32 or i64: an integer that layers compute with."""
    return element in INTEGERS


def is_static(shape: Sequence[int]) -> bool:
    return UNKNOWN not in shape


def dims_agree(a: int, b: int) -> bool:
    """Whether two dimensions are equal or one of them is unknown."""
    return UNKNOWN in (a, b) or a == b


def shapes_agree(a: Sequence[int], b: Sequence[int]) -> bool:
    return len(a) == len(b) and all(map(dims_agree, a, b))


def volume(shape: Sequence[int]) -> int:
    """Number of elements, or `UNKNOWN`."""
    return math.prod(shape) if is_static(shape) else UNKNOWN


def show_shape(shape: Sequence[int]) -> str:
    """`2x?x3`; the empty shape is `scalar`."""
    return "x".join("?" if d == UNKNOWN else str(d) for d in shape) or "scalar"


def broadcast(a: Shape, b: Shape) -> Shape:
    """Shape of an element-wise result: equal ranks, each dimension equal or one.

    Raises `VerifyException` where they do not broadcast.
    """
    if len(a) != len(b):
        raise VerifyException(
            f"operands have ranks {len(a)} and {len(b)}, which must be equal"
        )
    return tuple(map(_broadcast_dim, range(len(a)), a, b))


def _broadcast_dim(position: int, a: int, b: int) -> int:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if not dims_agree(a, b):
        raise VerifyException(
            f"dimension {position} is {a} and {b}, which must be equal or one"
        )
    return b if a == UNKNOWN else a


def require_rank(shape: Shape, ranks: Sequence[int], what: str) -> None:
    if len(shape) not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise VerifyException(f"{what} must have rank {wanted}, found {len(shape)}")


def require_axis(axis: int, rank: int) -> None:
    if not 0 <= axis < rank:
        raise VerifyException(f"axis {axis} is out of range for rank {rank}")


def require_same_element(a: Attribute, b: Attribute, what: str) -> None:
    if a != b:
        raise VerifyException(f"{what} must have the same element type: {a} and {b}")


def ints(values: Sequence[int]) -> Ints:
    return DenseArrayBase.from_list(i64, list(values))


def ints_or(attribute: Ints | None, default: Shape) -> Shape:
    """The integers of an optional property."""
    return default if attribute is None else attribute.get_values()


def ints_unless(values: Sequence[int] | None, default: int) -> Ints | None:
    """The property for `values`, absent when all are `default`.

    Absence has one spelling, so that equal layers are equal attributes.
    """
    if values is None or all(value == default for value in values):
        return None
    return ints(values)


class LayerOp(IRDLOperation, ABC):
    """A layer of the network: pure, with inferred result types and a source."""

    layers = opt_prop_def(LayersAttr)
    """Ids of the source layers this op computes, in execution order."""

    traits = traits_def(Pure())

    def __init__(
        self,
        operands: Sequence[SSAValue | Sequence[SSAValue] | None],
        properties: Mapping[str, Attribute | None],
        *,
        layers: Sequence[str] = (),
        results: Sequence[Attribute] = (NoneType(),),
    ):
        """Build the layer; `results` holds what `infer` cannot know: where the caller
        chooses the element type, a tensor type of that element."""
        super().__init__(
            operands=operands,
            result_types=results,
            properties={**properties, "layers": layers_attr(layers)},
        )
        for result, inferred in zip(self.results, self.infer(), strict=True):
            Rewriter.replace_value_with_new_type(result, inferred)

    @abstractmethod
    def infer(self) -> tuple[Tensor, ...]:
        """Result types from operands and properties.

        Raises `VerifyException` where the layer is not legal.
        """

    def verify_(self) -> None:
        for result, inferred in zip(self.results, self.infer(), strict=True):
            found = tensor_type(result)
            if found.element_type != inferred.element_type or not shapes_agree(
                found.get_shape(), inferred.get_shape()
            ):
                raise VerifyException(f"result is {found}, inferred is {inferred}")
        for value in (*self.operands, *self.results):
            _check_tensor(tensor_type(value))

    @property
    def layer_ids(self) -> tuple[str, ...]:
        # Not `self.layers`, which is slow to reach: this is asked of all layers often.
        ids = self.properties.get("layers")
        if ids is None:
            return ()
        return tuple([id.data for id in cast(LayersAttr, ids).data])


def _check_tensor(type: Tensor) -> None:
    if type.element_type not in ELEMENTS:
        raise VerifyException(f"no layer takes or gives {type.element_type}")
    if len(type.get_shape()) > MAX_RANK:
        raise VerifyException(f"rank {len(type.get_shape())} is more than {MAX_RANK}")


def layers_attr(ids: Sequence[str]) -> LayersAttr | None:
    return ArrayAttr([StringAttr(id) for id in ids]) if ids else None
