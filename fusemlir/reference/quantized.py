"""The integer formula of int8 groups: what their kernels compute, to the bit.

A group of Dequantizes, a contraction, an epilogue and a Quantize means, over the reals,
what its body says; the typed reference rounds there after each layer. Its kernels sum
integers, and owe this formula exactly instead. The two differ by one step of a Quantize
at most, of the same integers, where rounding a bias to u (below) is at most half a step
(u <= s_y) and the epilogue makes no difference larger; where one group holds two
contractions, the second multiplies what the first differs by.

Every rounding is to the nearest, ties to even; no product and sum are contracted into
one operation.

1. acc = sum of x_q * w_q over the contraction, exact in i32 (padding adds nothing).
2. With a bias b: bias_q = rint(f64(b) / f64(u)), saturated to i32; acc = acc + bias_q
   in i32, which wraps. Here and below u = f32(s_x * s_w), per channel where s_w is.
3. Where a Quantize follows with nothing or only relu and clip between:
   q = clamp(rint(f32(f32(acc) * m)), -128, 127) with m = f32(s_x * s_w / s_y), computed
   in f64 and rounded once; then, in order, relu is max(q, 0), and clip is
   max(lo, min(hi, q)) with lo and hi its bounds as the Quantize rounds them.
4. Else v = f32(f32(acc) * u) enters the epilogue. Its layers compute in f32, each
   result rounded to f32 once, whatever the float type of the tensors: a residual is
   f32(r_q * s_r) where it is dequantised, f32(r) where it is float. A Quantize gives
   clamp(rint(f32(v / s_y)), -128, 127); without one the result is rounded to the type
   of its tensor.

Scales are f32, or widened to it. Step 4 is exact for kernels as far as the layers are
(sums, products, maxima); of exp, erf and their like a kernel states its error, and owes
one quantisation step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.ir import Operation, SSAValue

from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.dialects.trt.fused import FusedOp, YieldOp
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.dialects.trt.pointwise import ActivationOp
from fusemlir.dialects.trt.quantize import DequantizeOp, QuantizeOp
from fusemlir.reference.interpreter import Arrays
from fusemlir.reference.numeric import widened
from fusemlir.reference.rules import RULES, Context, Mode
from fusemlir.weights import Array, Weights, dtype_of, round_to

LOWEST, HIGHEST = -128, 127


def integer_results(
    group: FusedOp, operands: Sequence[Array], weights: Weights
) -> Arrays:
    """The results of an int8 group by the integer formula, in their tensors' types.

    `operands` are the group's, in order, of their tensors' types. Groups are those of
    `fuse-qdq-conv`, `fuse-qdq-matmul` and `fuse-depthwise-separable`; of another one
    that reads a contraction whose operands no Dequantize makes, `ValueError`.
    """
    run = _IntegerRun(weights, dict(zip(group.block.args, operands, strict=True)))
    with np.errstate(all="ignore"):
        for op in group.block.ops:
            if isinstance(op, LayerOp):
                run.step(op)
    assert isinstance(group.block.last_op, YieldOp)
    yielded = group.block.last_op.outputs
    return tuple(
        round_to(run.values[value], dtype_of(element_type_of(value)))
        for value in yielded
    )


@dataclass
class _IntegerRun:
    """The values of a body so far: integers in their type, floats in f32."""

    weights: Weights
    values: dict[SSAValue, Array]
    sums: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    """acc, by the result of its contraction."""

    def step(self, op: LayerOp) -> None:
        match op:
            case ConstantOp():
                self.values[op.output] = self.weights.array(op.value)
            case ContractionOp() | MatrixMultiplyOp():
                self._contract(op)
            case QuantizeOp():
                self.values[op.output] = self._quantized(op)
            case _:
                self._evaluate(op)

    def _evaluate(self, op: LayerOp) -> None:
        context = Context(self.weights, Mode.TYPED)
        operands = [
            widened(self.values[operand], np.float32) for operand in op.operands
        ]
        results = RULES[type(op)](op, operands, context)
        arrays = results if isinstance(results, tuple) else (results,)
        for value, array in zip(op.results, arrays, strict=True):
            self.values[value] = widened(np.asarray(array), np.float32)

    def _contract(self, op: ContractionOp | MatrixMultiplyOp) -> None:
        """Sum integers as f64, which holds all sums of an i32 exactly."""
        x, kernel = op.operands[:2]
        context = Context(self.weights, Mode.WIDE)
        factors = [self._integers(value).astype(np.float64) for value in (x, kernel)]
        total = np.asarray(RULES[type(op)](op, factors, context))
        acc = total.astype(np.int64)
        unit = self._unit(op)
        if isinstance(op, ContractionOp) and op.bias is not None:
            bias = widened(self.values[op.bias]).reshape(_per_channel(op))
            levels = round_to(np.rint(bias / unit.astype(np.float64)), np.dtype("i4"))
            acc = acc + levels
        acc = acc.astype(np.int32)
        self.sums[op.output] = acc
        self.values[op.output] = acc.astype(np.float32) * unit

    def _integers(self, value: SSAValue) -> Array:
        """What a contraction multiplies: the input of a Dequantize."""
        if not isinstance(value.owner, DequantizeOp):
            raise ValueError(
                "a contraction of an int8 group reads what no Dequantize made"
            )
        return self.values[value.owner.input]

    def _scales(self, op: ContractionOp | MatrixMultiplyOp) -> Array:
        """s_x * s_w in f64, exact, shaped to broadcast over the result."""
        scales: list[Array] = []
        for value in op.operands[:2]:
            assert isinstance(value.owner, DequantizeOp)
            scales.append(self._f32(value.owner.scale).astype(np.float64))
        return (scales[0].reshape(()) * scales[1]).reshape(
            _per_channel(op) if scales[1].size > 1 else ()
        )

    def _unit(self, op: ContractionOp | MatrixMultiplyOp) -> Array:
        return self._scales(op).astype(np.float32)

    def _f32(self, value: SSAValue) -> Array:
        return widened(self.values[value], np.float32)

    def _quantized(self, op: QuantizeOp) -> Array:
        clamps: list[ActivationOp] = []
        made: Operation | object = op.input.owner
        while isinstance(made, ActivationOp) and made.kind in _CLAMPS:
            clamps.append(made)
            made = made.input.owner
        if not isinstance(made, ContractionOp | MatrixMultiplyOp):
            return self._levels(self._f32(op.input), op)
        scale = self._f32(op.scale).astype(np.float64)
        multiplier = (self._scales(made) / scale).astype(np.float32)
        q = _saturated(self.sums[made.output].astype(np.float32) * multiplier)
        for clamp in reversed(clamps):
            low, high = self._bounds(clamp, op)
            q = np.maximum(low, np.minimum(high, q))
        return q

    def _levels(self, x: Array, op: QuantizeOp) -> Array:
        """Floats as the Quantize rounds them."""
        return _saturated(x / self._f32(op.scale))

    def _bounds(self, clamp: ActivationOp, op: QuantizeOp) -> tuple[Array, Array]:
        bounds = (0.0, np.inf)
        if clamp.kind == ActivationType.CLIP:
            attributes = (clamp.alpha, clamp.beta)
            bounds = tuple(0.0 if b is None else b.value.data for b in attributes)
        low, high = (self._levels(np.asarray(b, np.float32), op) for b in bounds)
        return low, high


_CLAMPS = (ActivationType.RELU, ActivationType.CLIP)


def _saturated(x: Array) -> Array:
    """f32 to i8: to the nearest, ties to even, NaN to 0."""
    return round_to(np.rint(x), np.dtype("i1"))


def _per_channel(op: ContractionOp | MatrixMultiplyOp) -> tuple[int, ...]:
    """The shape in which a value for each channel broadcasts over the result."""
    rank = len(shape_of(op.output))
    return (-1,) if isinstance(op, MatrixMultiplyOp) else (-1, *(1,) * (rank - 2))
