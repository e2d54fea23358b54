"""Networks of Q/DQ layers built over arrays, and their int8 groups by the formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from lit_files import context
from xdsl.dialects.builtin import ModuleOp, TensorType, f32, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.dialects import trt
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.constant import dense
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.reference import evaluate, integer_results
from fusemlir.transforms import load_pass
from fusemlir.weights import Weights, element_of

CONTRACTIONS = (
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-conv-clip",
    "fuse-conv-elementwise",
    "fuse-conv-relu",
    "fuse-matmul-bias",
    "fuse-matmul-activation",
    "fuse-conv-activation",
    "fuse-qdq-conv",
    "fuse-qdq-matmul",
    "fuse-depthwise-separable",
)
"""What makes int8 groups of contractions, in order."""


class Builder:
    """A network while it is being built; `arrays` are its inputs so far."""

    def __init__(self, real: Attribute = f32) -> None:
        self.block = Block()
        self.arrays: list[np.ndarray] = []
        self.real = real

    def input(self, array: np.ndarray) -> SSAValue:
        self.arrays.append(array)
        element = element_of(array.dtype)
        assert element is not None
        type = TensorType(element, array.shape)
        return self.block.insert_arg(type, len(self.block.args))

    def constant(self, values: Any, type: Attribute = f32) -> SSAValue:
        array = np.asarray(values)
        tensor: Any = TensorType(type, array.shape)
        return self.add(trt.ConstantOp(dense(tensor, array.flatten().tolist())))

    def add(self, layer: LayerOp) -> SSAValue:
        self.block.add_op(layer)
        return layer.results[0]

    def dequantize(
        self, array: np.ndarray | SSAValue, scale: Any, axis: int | None = None
    ) -> SSAValue:
        value = self.input(array) if isinstance(array, np.ndarray) else array
        made = self.constant(scale)
        return self.add(trt.DequantizeOp(value, made, axis=axis, to_type=self.real))

    def quantize(self, value: SSAValue, scale: float) -> SSAValue:
        return self.add(trt.QuantizeOp(value, self.constant(scale), to_type=i8))

    def module(self, result: SSAValue) -> ModuleOp:
        self.block.add_op(ReturnOp(result))
        types = (self.block.arg_types, [result.type])
        module = ModuleOp([FuncOp("main", types, Region(self.block))])
        module.verify()
        return module


def fuse(module: ModuleOp, passes: Sequence[str] = CONTRACTIONS) -> FuncOp:
    for name in passes:
        load_pass(name)().apply(context(), module)
    module.verify()
    (function,) = functions(module)
    return function


def is_integer(group: trt.FusedOp) -> bool:
    """Whether the formula says what a group gives."""
    parts = group.kind.data.split("_")
    return parts[0] == "dequantize" and parts[1] in ("conv", "deconv", "matmul")


def run_integers(
    function: FuncOp, inputs: Sequence[np.ndarray], weights: Weights
) -> list[np.ndarray]:
    """The results of a network whose int8 contractions give what kernels owe."""
    block = function.body.block
    values: dict[SSAValue, np.ndarray] = dict(zip(block.args, inputs, strict=True))
    for node in nodes(function):
        operands = [values[operand] for operand in node.operands]
        if isinstance(node, trt.FusedOp) and is_integer(node):
            results = integer_results(node, operands, weights)
        else:
            results = evaluate(node, operands, weights)
        values.update(zip(node.results, results, strict=True))
    assert isinstance(block.last_op, ReturnOp)
    return [values[operand] for operand in block.last_op.operands]


def only_group(function: FuncOp) -> trt.FusedOp:
    """The one group of a network that has no other kernels."""
    (kernel,) = filter(is_kernel, nodes(function))
    assert isinstance(kernel, trt.FusedOp)
    return kernel
