"""Groups: the kind that a body has, and what a group takes from its body."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from trt_values import value
from xdsl.dialects.builtin import f16, f32, i8
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects import trt
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    PoolingType,
    ReduceOperation,
    ScaleMode,
    TopKOperation,
    UnaryOperation,
)
from fusemlir.dialects.trt.fused import derive_kind

X = value(2, 4, 8, 8)
LAYERS: dict[str, Callable[[], Operation]] = {
    "conv": lambda: trt.ConvolutionOp(X, value(4, 4, 3, 3)),
    "deconv": lambda: trt.DeconvolutionOp(X, value(4, 4, 3, 3)),
    "matmul": lambda: trt.MatrixMultiplyOp(X, X),
    "pool": lambda: trt.PoolingOp(PoolingType.MAX, X, (2, 2)),
    "relu": lambda: trt.ActivationOp(ActivationType.RELU, X),
    "gelu_erf": lambda: trt.ActivationOp(ActivationType.GELU_ERF, X),
    "sum": lambda: trt.ElementWiseOp(ElementWiseOperation.SUM, X, X),
    "sqrt": lambda: trt.UnaryOp(UnaryOperation.SQRT, X),
    "scale": lambda: trt.ScaleOp(ScaleMode.UNIFORM, X),
    "reduce_avg": lambda: trt.ReduceOp(
        ReduceOperation.AVG, X, (1,), keep_dimensions=True
    ),
    "softmax": lambda: trt.SoftMaxOp(X, 1),
    "topk": lambda: trt.TopKOp(TopKOperation.MAX, X, 1, 1),
    "shuffle": lambda: trt.ShuffleOp(X),
    "cast": lambda: trt.CastOp(X, f16),
    "dequantize": lambda: trt.DequantizeOp(
        value(2, 4, element=i8), value(), to_type=f32
    ),
    "quantize": lambda: trt.QuantizeOp(X, value(), to_type=i8),
    "constant": lambda: trt.ConstantOp(dense(value(1).type, [1.0])),  # pyright: ignore[reportArgumentType]
    "yield": lambda: trt.YieldOp([X]),
}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("relu", "pointwise"),
        ("scale relu", "pointwise"),
        ("relu sum sqrt", "pointwise"),
        ("conv", "conv"),
        ("conv relu", "conv_relu"),
        ("conv sum relu", "conv_sum_relu"),
        ("conv sum relu sqrt", "conv_pointwise"),
        ("conv sum relu pool", "conv_sum_relu_pool"),
        ("conv sum relu sqrt pool relu", "conv_pointwise_pool_relu"),
        ("deconv gelu_erf", "deconv_gelu_erf"),
        ("matmul sum", "matmul_sum"),
        ("shuffle reduce_avg", "shuffle_reduce_avg"),
        ("softmax topk", "softmax_topk"),
        ("conv cast relu", "conv_cast_relu"),
        ("constant conv constant sum relu yield", "conv_sum_relu"),
        ("constant relu yield", "pointwise"),
        ("conv sum constant relu sqrt", "conv_pointwise"),
        ("conv quantize", "conv_quantize"),
        ("conv relu conv relu", "conv_relu_conv_relu"),
        ("relu sum conv", "relu_sum_conv"),
        (
            "constant dequantize dequantize conv sum relu quantize",
            "dequantize_conv_sum_relu_quantize",
        ),
        ("dequantize relu relu quantize", "dequantize_relu_relu_quantize"),
        ("dequantize relu sum sqrt quantize", "dequantize_pointwise_quantize"),
        (
            "dequantize conv relu quantize dequantize conv quantize",
            "dequantize_conv_relu_quantize_dequantize_conv_quantize",
        ),
    ],
)
def test_the_kind_of_a_body(body: str, kind: str):
    assert derive_kind([LAYERS[name]() for name in body.split()]) == kind


def group(ids: tuple[tuple[str, ...], ...]) -> trt.FusedOp:
    """A chain of ReLUs with these ids, after a constant that is not in the chain."""
    x = value(4)
    block = Block(arg_types=[x.type])
    last: SSAValue = block.args[0]
    constant = trt.ConstantOp(dense(value(1).type, [1.0]), layers=("c",))  # pyright: ignore[reportArgumentType]
    block.add_op(constant)
    for layers in ids:
        layer = trt.ActivationOp(ActivationType.RELU, last, layers=layers)
        block.add_op(layer)
        last = layer.output
    block.add_op(trt.YieldOp([last]))
    return trt.FusedOp([x], Region(block))


def test_a_group_takes_kind_layers_and_types_from_its_body():
    fused = group((("a", "b"), (), ("c2",)))
    fused.verify()
    assert fused.kind.data == "pointwise"
    assert fused.layer_ids == ("a", "b", "c2")
    assert fused.outputs[0].type == value(4).type
    assert [op.name for op in fused.layer_ops] == [
        "trt.constant",
        "trt.activation",
        "trt.activation",
        "trt.activation",
    ]
    assert len(fused.terminator.outputs) == 1


def test_a_layer_that_two_ops_compute_is_named_once():
    assert group((("a",), ("a",))).layer_ids == ("a",)


def test_a_group_without_ids_has_no_layers():
    fused = group(((),))
    assert fused.layers is None
    assert fused.layer_ids == ()


def test_a_changed_body_is_refused_until_the_group_is_refreshed():
    fused = group((("a",),))
    softmax = trt.SoftMaxOp(fused.terminator.outputs[0], 0)
    fused.block.insert_op_before(softmax, fused.terminator)
    with pytest.raises(VerifyException, match="kind is 'pointwise', the body is"):
        fused.verify_()
    fused.refresh()
    assert fused.kind.data == "relu_softmax"
