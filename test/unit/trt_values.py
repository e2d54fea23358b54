"""Values to build layers on, for the tests of the dialect."""

from __future__ import annotations

from xdsl.dialects.builtin import TensorType, f32
from xdsl.dialects.test import TestOp
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.base import UNKNOWN


def value(*shape: int | None, element: Attribute = f32) -> SSAValue:
    """A value of a tensor type; None is an unknown dimension."""
    dims = [UNKNOWN if dim is None else dim for dim in shape]
    return TestOp(result_types=[TensorType(element, dims)]).results[0]


def shape(value: SSAValue) -> tuple[int | None, ...]:
    """The shape of a value, with None for an unknown dimension."""
    assert isinstance(value.type, TensorType)
    return tuple(None if dim == UNKNOWN else dim for dim in value.type.get_shape())
