"""Layers that work along axes: reduce, softmax, top-k."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    TensorType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    element_type_of,
    ints,
    is_float,
    is_integer,
    require_axis,
    shape_of,
    tensor_type,
)
from fusemlir.dialects.trt.enums import (
    ReduceOperation,
    ReduceOperationAttr,
    TopKOperation,
    TopKOperationAttr,
)

MAX_K = 3840
"""Largest k of TensorRT's top-k."""


@irdl_op_definition
class ReduceOp(LayerOp):
    """Mirrors `IReduceLayer`: sum, product, maximum, minimum or mean along axes.

    NOTE: axes are a sorted list, not TensorRT's bit mask. With `keep_dimensions` a
    reduced axis stays with size one, else it is dropped. Not for i1. An empty
    reduction gives 0, 1, the least, the greatest value, and NaN.
    """

    name = "trt.reduce"

    operation = prop_def(ReduceOperationAttr)
    reduce_axes = prop_def(DenseArrayBase.constr(i64))
    keep_dimensions = opt_prop_def(UnitAttr)

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$operation $input `axes` `=` $reduce_axes "
        "(`keep_dimensions` $keep_dimensions^)? (`layers` $layers^)? attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        operation: ReduceOperation,
        input: SSAValue,
        reduce_axes: Sequence[int],
        *,
        keep_dimensions: bool,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "operation": ReduceOperationAttr(operation),
                "reduce_axes": ints(sorted(reduce_axes)),
                "keep_dimensions": UnitAttr() if keep_dimensions else None,
            },
            layers=layers,
        )

    @property
    def kind(self) -> ReduceOperation:
        return self.operation.data

    @property
    def axes(self) -> Shape:
        return self.reduce_axes.get_values()

    @property
    def keeps_dimensions(self) -> bool:
        return self.keep_dimensions is not None

    def infer(self) -> tuple[Tensor, ...]:
        shape, element = shape_of(self.input), element_type_of(self.input)
        if not (is_float(element) or is_integer(element)):
            raise VerifyException(f"reduce does not take {element}")
        if not self.axes:
            raise VerifyException("axes must not be empty")
        for axis in self.axes:
            require_axis(axis, len(shape))
        if list(self.axes) != sorted(set(self.axes)):
            raise VerifyException(f"axes must rise without repeats: {list(self.axes)}")
        kept = [
            1 if axis in self.axes else dim
            for axis, dim in enumerate(shape)
            if self.keeps_dimensions or axis not in self.axes
        ]
        return (TensorType(element, kept),)


@irdl_op_definition
class SoftMaxOp(LayerOp):
    """Mirrors `ISoftMaxLayer`: exp(x - max) / sum of exp(x - max) along one axis.

    Floats; same shape and type. TensorRT's default axis, max(0, rank - 3), is
    resolved when the layer is built.
    """

    name = "trt.softmax"

    axis = prop_def(IntegerAttr.constr(i64))
    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input `axis` `=` $axis (`layers` $layers^)? attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(self, input: SSAValue, axis: int, *, layers: Sequence[str] = ()):
        super().__init__([input], {"axis": IntegerAttr(axis, i64)}, layers=layers)

    def infer(self) -> tuple[Tensor, ...]:
        element = element_type_of(self.input)
        if not is_float(element):
            raise VerifyException(f"softmax does not take {element}")
        require_axis(self.axis.value.data, len(shape_of(self.input)))
        return (tensor_type(self.input),)


@irdl_op_definition
class TopKOp(LayerOp):
    """Mirrors `ITopKLayer`: the k largest or smallest along one axis, sorted.

    Results: values (type of the input) and indices (i32 or i64), both of the input's
    shape with dim[axis] = k. Of equal values the lower index comes first. k is at
    most 3840 and at most the dimension; the axis is one of the last four.
    """

    name = "trt.top_k"

    operation = prop_def(TopKOperationAttr)
    k = prop_def(IntegerAttr.constr(i64))
    axis = prop_def(IntegerAttr.constr(i64))

    input = operand_def(TensorType)
    values = result_def(TensorType)
    indices = result_def(TensorType)

    assembly_format = (
        "$operation $input `k` `=` $k `axis` `=` $axis (`layers` $layers^)? attr-dict "
        "`:` type($input) `->` type($values) `,` type($indices)"
    )

    def __init__(
        self,
        operation: TopKOperation,
        input: SSAValue,
        k: int,
        axis: int,
        *,
        indices_type: IntegerType = i32,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "operation": TopKOperationAttr(operation),
                "k": IntegerAttr(k, i64),
                "axis": IntegerAttr(axis, i64),
            },
            layers=layers,
            results=[input.type, TensorType(indices_type, ())],
        )

    @property
    def kind(self) -> TopKOperation:
        return self.operation.data

    def infer(self) -> tuple[Tensor, ...]:
        shape, element = shape_of(self.input), element_type_of(self.input)
        k, axis = self.k.value.data, self.axis.value.data
        if not (is_float(element) or is_integer(element)):
            raise VerifyException(f"top_k does not take {element}")
        require_axis(axis, len(shape))
        if axis < len(shape) - 4:
            raise VerifyException(f"axis {axis} is not one of the last four")
        if not 1 <= k <= MAX_K:
            raise VerifyException(f"k must be 1 to {MAX_K}, found {k}")
        if shape[axis] != UNKNOWN and k > shape[axis]:
            raise VerifyException(f"k is {k}, dimension {axis} is {shape[axis]}")
        index = element_type_of(self.indices)
        if index not in (i32, i64):
            raise VerifyException(f"indices must be i32 or i64, found {index}")
        selected = (*shape[:axis], k, *shape[axis + 1 :])
        return TensorType(element, selected), TensorType(index, selected)
