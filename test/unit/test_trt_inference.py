"""The types that constructors infer for their results."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from trt_values import shape, value
from xdsl.dialects import test as dialect_test
from xdsl.dialects.builtin import TensorType, bf16, f16, f32, i1, i8, i32, i64
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects import trt
from fusemlir.dialects.trt.base import UNKNOWN, broadcast, shapes_agree, show_shape
from fusemlir.dialects.trt.constant import fill, scalar_of
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    MatrixOperation,
    ReduceOperation,
    SampleMode,
    ScaleMode,
    TopKOperation,
    UnaryOperation,
)

NONE, TRANSPOSE, VECTOR = MatrixOperation


def element(layer: trt.LayerOp, result: int = 0) -> Attribute:
    layer.verify()
    type = layer.results[result].type
    assert isinstance(type, TensorType)
    return type.element_type


def _operand(batch: tuple[int, ...], rows: int, columns: int, how: MatrixOperation):
    """Shape of an operand that enters as rows x columns, a vector as that many."""
    match how:
        case MatrixOperation.NONE:
            return (*batch, rows, columns)
        case MatrixOperation.TRANSPOSE:
            return (*batch, columns, rows)
        case MatrixOperation.VECTOR:
            return (*batch, rows * columns)


BATCHES = [((), ()), ((5,), (5,)), ((1,), (5,)), ((5,), (1,)), ((1, 7), (5, 1))]


@pytest.mark.parametrize(("batch0", "batch1"), BATCHES)
def test_matrix_multiply_shapes_are_those_of_numpy(
    batch0: tuple[int, ...], batch1: tuple[int, ...]
):
    for op0, op1 in product(MatrixOperation, repeat=2):
        rows = 1 if op0 == VECTOR else 2
        columns = 1 if op1 == VECTOR else 4
        product_of_matrices = np.matmul(
            np.zeros((*batch0, rows, 3)), np.zeros((*batch1, 3, columns))
        )
        # A vector enters as a matrix of one row or column, which the result drops.
        dropped = [-2] * (op0 == VECTOR) + [-1] * (op1 == VECTOR)
        wanted = product_of_matrices.squeeze(tuple(dropped)).shape
        layer = trt.MatrixMultiplyOp(
            value(*_operand(batch0, rows, 3, op0)),
            value(*_operand(batch1, 3, columns, op1)),
            op0=op0,
            op1=op1,
        )
        layer.verify()
        assert shape(layer.output) == wanted, (op0, op1)


def test_matrix_multiply_of_unknown_dimensions():
    layer = trt.MatrixMultiplyOp(value(None, 2, None), value(1, 3, 4))
    assert shape(layer.output) == (None, 2, 4)
    layer = trt.MatrixMultiplyOp(value(None, 2, None), value(6, 3, None))
    assert shape(layer.output) == (6, 2, None)


def test_broadcasting_is_that_of_numpy_for_equal_ranks():
    for a, b in product(product((0, 1, 2, 3), repeat=2), repeat=2):
        try:
            wanted = np.broadcast_shapes(a, b)
        except ValueError:
            with pytest.raises(VerifyException, match="which must be equal or one"):
                broadcast(a, b)
            continue
        assert broadcast(a, b) == wanted


def test_broadcasting_unknown_dimensions():
    assert broadcast((UNKNOWN, 1, UNKNOWN), (4, UNKNOWN, UNKNOWN)) == (
        4,
        UNKNOWN,
        UNKNOWN,
    )


@pytest.mark.parametrize("keep_dimensions", [True, False])
def test_reduced_shapes_are_those_of_numpy(keep_dimensions: bool):
    array = np.zeros((2, 3, 4))
    for axes in [(0,), (1,), (2,), (0, 1), (2, 0), (1, 2), (0, 1, 2)]:
        layer = trt.ReduceOp(
            ReduceOperation.SUM, value(2, 3, 4), axes, keep_dimensions=keep_dimensions
        )
        layer.verify()
        wanted = array.sum(axis=axes, keepdims=keep_dimensions).shape
        assert shape(layer.output) == wanted
        assert layer.axes == tuple(sorted(axes))


@pytest.mark.parametrize("to_type", [f32, f16, bf16, i1, i8, i32, i64])
def test_cast_gives_the_type_that_is_asked_for(to_type: Attribute):
    layer = trt.CastOp(value(None, 3), to_type)
    assert element(layer) == to_type
    assert shape(layer.output) == (None, 3)


@pytest.mark.parametrize("index", [i32, i64])
def test_top_k_gives_the_index_type_that_is_asked_for(index: Attribute):
    assert index in (i32, i64)
    layer = trt.TopKOp(
        TopKOperation.MAX, value(2, None, element=f16), 5, 1, indices_type=index
    )
    assert (element(layer, 0), element(layer, 1)) == (f16, index)
    assert shape(layer.values) == shape(layer.indices) == (2, 5)


def test_quantize_and_dequantize_give_the_type_that_is_asked_for():
    quantized = trt.QuantizeOp(value(2, 3), value(), to_type=i8)
    assert element(quantized) == i8
    real = trt.DequantizeOp(quantized.output, value(), to_type=f16)
    assert element(real) == f16
    assert shape(real.output) == (2, 3)


@pytest.mark.parametrize("operation", ElementWiseOperation)
def test_element_wise_results(operation: ElementWiseOperation):
    taken = i1 if operation.is_logical else f16
    layer = trt.ElementWiseOp(
        operation, value(2, 1, element=taken), value(1, 3, element=taken)
    )
    assert element(layer) == (i1 if operation.is_comparison else taken)
    assert shape(layer.output) == (2, 3)


@pytest.mark.parametrize("operation", UnaryOperation)
def test_unary_results(operation: UnaryOperation):
    taken = i1 if operation == UnaryOperation.NOT else bf16
    gives_truth = operation in (UnaryOperation.ISINF, UnaryOperation.ISNAN)
    layer = trt.UnaryOp(operation, value(None, element=taken))
    assert element(layer) == (i1 if gives_truth else taken)


@pytest.mark.parametrize("kind", ActivationType)
def test_activations_take_alpha_and_beta_exactly_where_they_use_them(
    kind: ActivationType,
):
    for alpha, beta in product((None, 0.5), repeat=2):
        legal = (alpha is not None, beta is not None) == (
            kind.takes_alpha,
            kind.takes_beta,
        )
        if legal:
            assert element(trt.ActivationOp(kind, value(4), alpha, beta)) == f32
            continue
        with pytest.raises(VerifyException, match=r"needs|takes no"):
            trt.ActivationOp(kind, value(4), alpha, beta)


@pytest.mark.parametrize(
    ("mode", "axis", "count"),
    [
        (ScaleMode.UNIFORM, None, 1),
        (ScaleMode.CHANNEL, None, 3),
        (ScaleMode.CHANNEL, 3, 5),
        (ScaleMode.ELEMENTWISE, None, 60),
        (ScaleMode.ELEMENTWISE, 2, 20),
    ],
)
def test_scale_counts_its_weights(mode: ScaleMode, axis: int | None, count: int):
    layer = trt.ScaleOp(mode, value(2, 3, 4, 5), scale=value(count), channel_axis=axis)
    assert element(layer) == f32
    assert layer.weight_count == count
    with pytest.raises(VerifyException, match=f"must have {count} elements"):
        trt.ScaleOp(mode, value(2, 3, 4, 5), shift=value(count + 1), channel_axis=axis)


def test_slices_are_those_of_numpy():
    array = np.arange(24).reshape(4, 6)
    layer = trt.SliceOp(value(4, 6), (1, 5), (2, 3), (2, -2))
    layer.verify()
    assert shape(layer.output) == array[1::2, 5::-2].shape


def test_a_slice_that_may_leave_its_input_is_of_any_size():
    for mode in set(SampleMode) - {SampleMode.STRICT_BOUNDS}:
        layer = trt.SliceOp(value(4), (-7,), (50,), mode=mode)
        layer.verify()
        assert shape(layer.output) == (50,)


def test_concatenation_adds_up_one_axis_and_unifies_the_others():
    parts = [value(None, 3), value(2, 4), value(None, 5)]
    assert shape(trt.ConcatenationOp(parts, 1).output) == (2, 12)
    parts = [value(None, 3), value(2, None)]
    assert shape(trt.ConcatenationOp(parts, 0).output) == (None, 3)


def test_layers_keep_their_ids_and_have_none_by_default():
    named = trt.IdentityOp(value(4), layers=("a", "b"))
    assert named.layer_ids == ("a", "b")
    assert trt.IdentityOp(value(4)).layer_ids == ()


def test_layers_are_built_on_tensors_only():
    (number,) = dialect_test.TestOp(result_types=[f32]).results
    with pytest.raises(VerifyException, match="expected a tensor, found f32"):
        trt.IdentityOp(number)


def test_shapes_are_shown_as_in_types():
    assert show_shape((2, UNKNOWN, 3)) == "2x?x3"
    assert show_shape(()) == "scalar"
    assert shapes_agree((UNKNOWN, 3), (2, 3))
    assert not shapes_agree((2, 3), (2, 3, 1))


@pytest.mark.parametrize("count", [1, 64, 65])
def test_fill_is_one_number_whatever_its_size(count: int):
    constant = trt.ConstantOp(fill(0.5, TensorType(f16, (count,))))
    assert element(constant) == f16
    assert scalar_of(constant.value) == 0.5
    assert isinstance(constant.value, trt.WeightAttr) == (count > 64)
