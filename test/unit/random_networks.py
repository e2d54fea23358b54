"""Random small networks whose arithmetic is exact in f32."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp, TensorType, UnitAttr, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConstantOp,
    ConvolutionOp,
    ElementWiseOp,
    IdentityOp,
    ReduceOp,
    ScaleOp,
    ShuffleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp, shape_of
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    ReduceOperation,
    ScaleMode,
    UnaryOperation,
)
from fusemlir.dialects.trt.module_attributes import NO_FUSE

SHAPE = (1, 2, 3, 3)
CHANNELS = (1, 2, 1, 1)

JOINS = (
    ElementWiseOperation.SUM,
    ElementWiseOperation.SUB,
    ElementWiseOperation.MAX,
    ElementWiseOperation.MIN,
)


class Growing:
    """A block that layers are drawn into, over the values that it has."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.block = Block(arg_types=[TensorType(f32, SHAPE)] * 2)
        self.values: list[SSAValue] = list(self.block.args)

    def add(self, layer: LayerOp) -> SSAValue:
        self.block.add_op(layer)
        return layer.results[0]

    def value(self) -> SSAValue:
        """Any value of the full shape, the youngest ones rather than the others."""
        back = self.draw(st.sampled_from([1, 1, 1, 2, 3, 5]))
        return self.values[-min(back, len(self.values))]

    def constant(self, shape: Sequence[int], numbers: Sequence[float]) -> SSAValue:
        count = 1
        for dim in shape:
            count *= dim
        data = self.draw(
            st.lists(st.sampled_from(numbers), min_size=count, max_size=count)
        )
        return self.add(ConstantOp(dense(TensorType(f32, shape), data)))

    def grow(self) -> None:
        layer = self.draw(st.sampled_from(LAYERS))(self)
        if self.draw(st.integers(0, 15)) == 0:
            layer.attributes[NO_FUSE] = UnitAttr()
        self.values.append(self.add(layer))


def convolution(net: Growing) -> LayerOp:
    depthwise = net.draw(st.booleans())
    kernel = net.constant((2, 1 if depthwise else 2, 1, 1), (-1.0, 0.0, 1.0))
    bias = net.constant((2,), (-1.0, 2.0)) if net.draw(st.booleans()) else None
    return ConvolutionOp(net.value(), kernel, bias, num_groups=2 if depthwise else 1)


def activation(net: Growing) -> LayerOp:
    return ActivationOp(ActivationType.RELU, net.value())


def unary(net: Growing) -> LayerOp:
    kind = net.draw(st.sampled_from([UnaryOperation.ABS, UnaryOperation.NEG]))
    return UnaryOp(kind, net.value())


def join(net: Growing) -> LayerOp:
    return ElementWiseOp(net.draw(st.sampled_from(JOINS)), net.value(), net.value())


def join_constant(net: Growing) -> LayerOp:
    shape = net.draw(
        st.sampled_from([CHANNELS, CHANNELS, (1, 1, 1, 1), (1, 1, 3, 1), SHAPE])
    )
    kind = net.draw(st.sampled_from([*JOINS, ElementWiseOperation.PROD]))
    operands = [net.values[-1], net.constant(shape, (-1.0, 0.0, 1.0, 2.0))]
    if net.draw(st.booleans()):
        operands.reverse()
    return ElementWiseOp(kind, *operands)


def join_reduced(net: Growing) -> LayerOp:
    """A value of each channel joins all of its pixels."""
    reduced = net.add(
        ReduceOp(
            ReduceOperation.MAX, net.value(), reduce_axes=[2, 3], keep_dimensions=True
        )
    )
    return ElementWiseOp(net.draw(st.sampled_from(JOINS)), net.value(), reduced)


def scale(net: Growing) -> LayerOp:
    mode = net.draw(st.sampled_from([ScaleMode.UNIFORM, ScaleMode.CHANNEL]))
    axis = net.draw(st.sampled_from([1, 1, 2])) if mode == ScaleMode.CHANNEL else None
    count = 1 if axis is None else SHAPE[axis]
    scale, shift = (
        net.constant((count,), (-1.0, 0.5, 1.0, 2.0))
        if net.draw(st.booleans())
        else None
        for _ in range(2)
    )
    return ScaleOp(mode, net.value(), scale=scale, shift=shift, channel_axis=axis)


def identity(net: Growing) -> LayerOp:
    return IdentityOp(net.value())


def transpose(net: Growing) -> LayerOp:
    return ShuffleOp(net.value(), first_transpose=[0, 1, 3, 2])


LAYERS: tuple[Callable[[Growing], LayerOp], ...] = (
    convolution,
    convolution,
    activation,
    activation,
    unary,
    join,
    join,
    join_constant,
    join_constant,
    join_reduced,
    scale,
    scale,
    identity,
    transpose,
)


@st.composite
def networks(draw: st.DrawFn) -> ModuleOp:
    """A module of one network: shared values, dead layers, one to three outputs."""
    net = Growing(draw)
    for _ in range(draw(st.integers(1, 12))):
        net.grow()
    outputs = [net.values[-1]]
    outputs += [net.value() for _ in range(draw(st.integers(0, 2)))]
    assert all(shape_of(value) == SHAPE for value in outputs)
    net.block.add_op(ReturnOp(*outputs))
    types = (net.block.arg_types, [value.type for value in outputs])
    return ModuleOp([FuncOp("network", types, Region(net.block))])
