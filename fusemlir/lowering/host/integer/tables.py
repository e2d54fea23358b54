"""What the sums of bytes begin with and are multiplied by, one number a feature.

The formula is that of `fusemlir.reference.quantized`: all of it that does not depend on
the pixels is computed when a network is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType, f32, i32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import QuantizeOp
from fusemlir.dialects.trt.base import Shape, volume
from fusemlir.dialects.trt.constant import dense, fill
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.lowering.host.host_kernel import Table
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.packing import packed_features, reshaped


@dataclass(frozen=True)
class FeatureTables:
    """Tables of a contraction whose features are packed in blocks of `width`."""

    weighted: ByteWeighted
    groups: int
    width: int
    excess: int
    """By how much a pixel's numbers are multiplied as greater than they are."""

    def start(self) -> Table:
        """The bias as a sum of products of bytes, less what the excess adds; in i32,
        which wraps around."""

        def table(inputs: Sequence[ConstantValue | None]) -> ConstantValue:
            found = self.weighted
            known = _Known(found, inputs)
            type = TensorType(i32, (found.features,))
            total = fill(0, type)
            if found.bias is not None:
                bias = reshaped(known.value(found.bias), (found.features,))
                total = WeightAttr.derived(
                    "nearest_quotient", [bias, known.unit()], type
                )
            if self.excess:
                kernel = found.as_convolution(known.value(found.kernel))
                axes = tuple(range(1, len(kernel.type.get_shape())))
                sums = WeightAttr.derived("reduce_sum", [kernel, axes], type)
                factor = dense(TensorType(i32, (1,)), [-self.excess])
                more = WeightAttr.derived("prod", [sums, factor], type)
                total = WeightAttr.derived("sum", [total, more], type)
            return packed_features(total, self.groups, self.width)

        return table

    def units(self) -> Table:
        """What a sum stands for: both scales' product."""
        return lambda inputs: self._packed(_Known(self.weighted, inputs).unit())

    def factors(self) -> Mapping[SSAValue, Table]:
        """What sums are multiplied by, by the results that they become, of those that
        are used."""
        found = self.weighted
        used = {*found.outputs, *(v for op in found.layers for v in op.operands)}
        tables = {found.result: self.units()}
        tables |= {op.output: self.multipliers(op) for op in found.requantized}
        return {result: table for result, table in tables.items() if result in used}

    def multipliers(self, op: QuantizeOp) -> Table:
        """Of a sum to the steps of a Quantize: both scales' product over its own."""

        def table(inputs: Sequence[ConstantValue | None]) -> ConstantValue:
            known = _Known(self.weighted, inputs)
            scales = [*known.scales(), known.value(op.scale)]
            type = TensorType(f32, known.shape())
            return self._packed(WeightAttr.derived("rescale", scales, type))

        return table

    def _packed(self, value: ConstantValue) -> ConstantValue:
        features = self.weighted.features
        if volume(value.type.get_shape()) == 1:
            value = WeightAttr.derived("fill", [value], TensorType(f32, (features,)))
        return packed_features(value, self.groups, self.width)


@dataclass(frozen=True)
class _Known:
    """The constants of a kernel: its inputs and those in its body."""

    weighted: ByteWeighted
    inputs: Sequence[ConstantValue | None]

    def value(self, value: SSAValue) -> ConstantValue:
        body = self.weighted.body
        given = dict(zip(body.inputs, self.inputs, strict=True))
        own: dict[SSAValue, ConstantValue] = {
            op.output: op.value for op in body.constants
        }
        found = own.get(value) or given[value]
        assert found is not None
        return found

    def scales(self) -> list[ConstantValue]:
        return [
            self.value(op.scale) for op in (self.weighted.data, self.weighted.weights)
        ]

    def shape(self) -> Shape:
        """Of the product of the scales."""
        return self.value(self.weighted.weights.scale).type.get_shape()

    def unit(self) -> ConstantValue:
        type = TensorType(f32, self.shape())
        return WeightAttr.derived("prod", self.scales(), type)
