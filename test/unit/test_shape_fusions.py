"""Rules that make other layers of shuffles, paddings, scales and reductions: the numpy
reference gives the same before and after, on grids and on random cases, and each rule
does something exactly where it may."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lit_files import context
from xdsl.dialects.builtin import ModuleOp, TensorType, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt import (
    ActivationOp,
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    PaddingOp,
    PoolingOp,
    ReduceOp,
    ScaleOp,
    ShuffleOp,
    SliceOp,
)
from fusemlir.dialects.trt.base import UNKNOWN, LayerOp, Shape, Tensor, shape_of
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import (
    ActivationType,
    PaddingMode,
    ReduceOperation,
    SampleMode,
    ScaleMode,
)
from fusemlir.dialects.trt.shuffle import only_reshapes
from fusemlir.frontend.verifier import verify_module
from fusemlir.network import functions, nodes
from fusemlir.reference import run
from fusemlir.transforms import load_pass
from fusemlir.transforms.trt_fuse import TrtFusePass
from fusemlir.weights import Weights, element_of

Build = Callable[..., Sequence[LayerOp]]


def network(types: Sequence[Tensor], build: Build) -> ModuleOp:
    """A module of one network that returns the result of the last layer built."""
    block = Block(arg_types=types)
    layers = build(*block.args)
    block.add_ops(layers)
    block.add_op(ReturnOp(layers[-1].results[0]))
    outputs = [layers[-1].results[0].type]
    return ModuleOp([FuncOp("network", (types, outputs), Region(block))])


def results(module: ModuleOp, inputs: Sequence[np.ndarray]) -> np.ndarray:
    (function,) = functions(module)
    (found,) = run(function, inputs, Weights())
    return found


def apply(name: str, module: ModuleOp) -> list[LayerOp]:
    """Run a pass; the lone layers that are left, constants left out."""
    load_pass(name)().apply(context(), module)
    verify_module(module)
    (function,) = functions(module)
    left = [node for node in nodes(function) if isinstance(node, LayerOp)]
    return [layer for layer in left if not isinstance(layer, ConstantOp)]


def whole_numbers(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """Small ones, so that f32 sums them in any order without rounding."""
    rng = np.random.default_rng([seed, *shape])
    return rng.integers(-4, 5, shape).astype(np.float32)


def image(*shape: int) -> Tensor:
    return TensorType(f32, shape)


def padded(x: SSAValue, pre: Shape, post: Shape, *, as_slice: bool) -> LayerOp:
    if not as_slice:
        return PaddingOp(x, pre, post)
    shape = shape_of(x)
    start = [0] * (len(shape) - 2) + [-size for size in pre]
    sizes = [b + d + a for b, d, a in zip(pre, shape[-2:], post, strict=True)]
    return SliceOp(x, start, [*shape[:-2], *sizes], mode=SampleMode.FILL)


PADS = [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((0, 1), (2, 0))]

PROPERTIES = list(
    product(
        [(1, 1), (2, 3)],
        [(1, 1), (2, 1)],
        [((0, 0), (0, 0)), ((1, 0), (0, 2)), ((4, 3), (4, 6))],
        [PaddingMode.EXPLICIT_ROUND_DOWN, PaddingMode.EXPLICIT_ROUND_UP],
    )
)
"""Strides, dilations, padding before and after, and how sizes are rounded."""


@pytest.mark.parametrize(("pre", "post"), PADS)
@pytest.mark.parametrize("as_slice", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("depth", [(), (3,)])
@pytest.mark.parametrize("kind", [ConvolutionOp, DeconvolutionOp])
def test_a_convolution_pads_as_the_padding_did(
    kind: type[ContractionOp],
    depth: Shape,
    groups: int,
    as_slice: bool,
    pre: Shape,
    post: Shape,
):
    shapes = [(1, 4, *depth, 5, 6), (4, 4 // groups, *[2] * len(depth), 3, 2), (4,)]
    inputs = [whole_numbers(shape, seed) for seed, shape in enumerate(shapes)]
    ones = (1,) * len(depth)
    fused = 0
    for stride, dilation, own, mode in PROPERTIES:

        def build(x: SSAValue, w: SSAValue, bias: SSAValue) -> Sequence[LayerOp]:
            pad = padded(x, pre, post, as_slice=as_slice)
            layer = kind(
                pad.results[0],
                w,
                bias,
                stride=(*ones, *stride),  # noqa: B023
                dilation=(*ones, *dilation),  # noqa: B023
                pre_padding=(*ones, *own[0]),  # noqa: B023
                post_padding=(*ones, *own[1]),  # noqa: B023
                padding_mode=mode,  # noqa: B023
                num_groups=groups,
            )
            return [pad, layer]

        try:
            module = network([image(*shape) for shape in shapes], build)
        except VerifyException:  # A window that does not fit, or nothing left.
            continue
        wanted = results(module, inputs)
        left = apply("fuse-pad-conv", module)
        np.testing.assert_array_equal(results(module, inputs), wanted)
        trims = all(
            mine >= size * step
            for mine_of, size_of in zip(own, (pre, post), strict=True)
            for mine, size, step in zip(mine_of, size_of, stride, strict=True)
        )
        assert (len(left) == 1) == (kind is ConvolutionOp or trims)
        fused += len(left) == 1
    assert fused >= 4


def test_each_convolution_of_a_padding_pads_as_it_did():
    """Also one whose kernel is computed from the padded value."""

    def build(x: SSAValue, w: SSAValue) -> Sequence[LayerOp]:
        pad = PaddingOp(x, (1, 0), (2, 1))
        one = ConvolutionOp(pad.output, w)
        other = ConvolutionOp(one.output, w)
        last = ConvolutionOp(pad.output, other.output)
        return [pad, one, other, last]

    module = network([image(2, 2, 6, 6), image(2, 2, 3, 3)], build)
    inputs = [whole_numbers((2, 2, 6, 6)), whole_numbers((2, 2, 3, 3))]
    wanted = results(module, inputs)
    left = apply("fuse-pad-conv", module)
    np.testing.assert_array_equal(results(module, inputs), wanted)
    assert [type(layer) for layer in left] == [ConvolutionOp] * 3


@st.composite
def reshapes_of(draw: st.DrawFn, shape: Shape) -> tuple[Shape | None, bool]:
    """A reshape of a tensor of `shape`, as written, and whether 0 copies in it."""
    if draw(st.booleans()):
        return None, True
    dims = list(shape)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(dims) - 1))
        if dims[at] and draw(st.booleans()):
            divisors = [d for d in range(1, dims[at] + 1) if dims[at] % d == 0]
            left = draw(st.sampled_from(divisors))
            dims[at : at + 1] = [left, dims[at] // left]
        elif at + 1 < len(dims):
            dims[at : at + 2] = [dims[at] * dims[at + 1]]
    target = dims[:8]
    if len(dims) > 8:
        target[-1] = math.prod(dims[7:])
    if 0 in shape:
        return tuple(target), False
    for at, dim in enumerate(target):
        if at < len(shape) and shape[at] == dim and draw(st.booleans()):
            target[at] = 0
    if draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    return tuple(target), True


@st.composite
def orders(draw: st.DrawFn, rank: int) -> list[int]:
    """A permutation; often the identity, so that reshapes meet."""
    identity = list(range(rank))
    return draw(st.one_of(st.just(identity), st.permutations(identity)))


def drawn_shuffle(
    draw: st.DrawFn, x: SSAValue, sizes: Shape
) -> tuple[ShuffleOp, Shape]:
    """A shuffle of `x`, whose true sizes are `sizes`, and those of its result."""
    first = draw(orders(len(sizes)))
    reshaped = transposed = tuple(sizes[axis] for axis in first)
    target, placeholder = draw(reshapes_of(transposed))
    if target is not None:
        wanted = [
            transposed[at] if dim == 0 and placeholder else dim
            for at, dim in enumerate(target)
        ]
        reshaped = np.empty(transposed, bool).reshape(wanted).shape
    second = draw(orders(len(reshaped)))
    layer = ShuffleOp(
        x,
        first_transpose=first,
        reshape_dims=target,
        second_transpose=second,
        zero_is_placeholder=placeholder,
    )
    return layer, tuple(reshaped[axis] for axis in second)


@st.composite
def shuffle_chains(draw: st.DrawFn) -> tuple[ModuleOp, Shape]:
    """Two to four shuffles in a row and the true sizes of the input, of which the
    network may not know all."""
    sizes = tuple(
        draw(st.lists(st.sampled_from([1, 2, 3, 4, 6, 0]), min_size=1, max_size=4))
    )
    unknown = draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    # A dimension that is not told is taken not to be 0.
    told = 0 in sizes
    types = [
        UNKNOWN if hide and not told else size
        for size, hide in zip(sizes, unknown, strict=True)
    ]
    count = draw(st.integers(2, 4))
    shared = draw(st.booleans())

    def build(x: SSAValue) -> Sequence[LayerOp]:
        layers: list[LayerOp] = []
        value, shape = x, sizes
        for _ in range(count):
            layer, shape = drawn_shuffle(draw, value, shape)
            layers.append(layer)
            value = layer.output
        if shared:
            kept = ActivationOp(ActivationType.RELU, layers[0].results[0])
            layers.insert(draw(st.integers(1, count - 1)), kept)
        return layers

    return network([image(*types)], build), sizes


@settings(max_examples=400, deadline=None)
@given(shuffle_chains())
def test_shuffles_in_a_row_move_elements_as_one(case: tuple[ModuleOp, Shape]):
    module, sizes = case
    data = np.arange(math.prod(sizes), dtype=np.float32).reshape(sizes)
    wanted = results(module, [data])
    left = apply("fuse-shuffle-shuffle", module)
    np.testing.assert_array_equal(results(module, [data]), wanted)
    assert apply("fuse-shuffle-shuffle", module) == left


PREPARATION = ("trt-canonicalize", "fuse-shuffle-shuffle", "erase-dead-layers")


@settings(max_examples=400, deadline=None)
@given(shuffle_chains())
def test_shuffles_in_a_row_come_to_one_form(case: tuple[ModuleOp, Shape]):
    """The passes that change them do not undo each other's work."""
    module, sizes = case
    data = np.arange(math.prod(sizes), dtype=np.float32).reshape(sizes)
    wanted = results(module, [data])
    TrtFusePass(only_rules=PREPARATION).apply(context(), module)
    np.testing.assert_array_equal(results(module, [data]), wanted)
    (function,) = functions(module)
    for layer in nodes(function):
        if isinstance(layer, ShuffleOp) and only_reshapes(layer):
            source, target = shape_of(layer.input), shape_of(layer.output)
            told = min(source.count(UNKNOWN), target.count(UNKNOWN)) <= 1
            is_plain = not (layer.first_transpose or layer.second_transpose)
            assert is_plain or not told or 0 in target


def test_shuffles_of_known_shapes_without_reshapes_always_become_one():
    rng = np.random.default_rng(1)
    for rank in range(2, 9):
        shape = tuple(rng.integers(1, 4, rank).tolist())
        orders = [rng.permutation(rank).tolist() for _ in range(4)]

        def build(
            x: SSAValue, orders: Sequence[Sequence[int]] = orders
        ) -> Sequence[LayerOp]:
            one = ShuffleOp(x, first_transpose=orders[0], second_transpose=orders[1])
            two = ShuffleOp(
                one.output, first_transpose=orders[2], second_transpose=orders[3]
            )
            return [one, two, ActivationOp(ActivationType.RELU, two.output)]

        module = network([image(*shape)], build)
        data = whole_numbers(shape)
        expected = data
        for order in orders:
            expected = np.transpose(expected, order)
        left = apply("fuse-shuffle-shuffle", module)
        assert sum(isinstance(layer, ShuffleOp) for layer in left) <= 1
        np.testing.assert_array_equal(results(module, [data]), np.maximum(expected, 0))


SCALES = {
    ScaleMode.UNIFORM: (None, 1),
    ScaleMode.CHANNEL: (1, 3),
    ScaleMode.ELEMENTWISE: (2, 4),
}


@pytest.mark.parametrize("mode", SCALES)
@pytest.mark.parametrize("numbers", list(product([None, 1.0, 2.0], repeat=3)))
def test_a_scale_is_erased_where_all_its_weights_are_neutral(
    mode: ScaleMode, numbers: tuple[float | None, ...]
):
    """A weight is absent, neutral, or neutral but for its last element."""
    axis, count = SCALES[mode]
    neutral = {"scale": 1.0, "shift": 0.0, "power": 1.0}
    vector = image(count)
    values = {
        name: dense(vector, [number] * (count - 1) + [number + (kind == 2.0)])
        for (name, number), kind in zip(neutral.items(), numbers, strict=True)
        if kind is not None
    }

    def build(x: SSAValue) -> Sequence[LayerOp]:
        weights = {name: ConstantOp(value) for name, value in values.items()}
        operands: dict[str, Any] = {n: op.output for n, op in weights.items()}
        before = ActivationOp(ActivationType.RELU, x)
        scale = ScaleOp(mode, before.output, channel_axis=axis, **operands)
        return [*weights.values(), before, scale]

    module = network([image(1, 3, 2, 2)], build)
    inputs = [whole_numbers((1, 3, 2, 2))]
    wanted = results(module, inputs)
    left = apply("erase-scale", module)
    np.testing.assert_array_equal(results(module, inputs), wanted)
    scales = [layer for layer in left if isinstance(layer, ScaleOp)]
    assert len(scales) == (2.0 in numbers)
    kept = [number for number in numbers if number == 2.0]
    assert all(len(scale.operands) == 1 + len(kept) for scale in scales)


@pytest.mark.parametrize(
    ("dtype", "eps"),
    [(np.float32, 2**-23), (np.float16, 2**-10), (ml_dtypes.bfloat16, 2**-7)],
)
@pytest.mark.parametrize(
    "shape", [(2, 3, 5, 7), (1, 2, 1, 1), (2, 1, 3, 4, 5), (1, 2, 64, 64)]
)
def test_a_pooling_averages_as_the_reduction_did(shape: Shape, dtype: Any, eps: float):
    axes = list(range(2, len(shape)))

    def build(x: SSAValue) -> Sequence[LayerOp]:
        return [ReduceOp(ReduceOperation.AVG, x, axes, keep_dimensions=True)]

    element = element_of(np.dtype(dtype))
    assert element is not None
    module = network([TensorType(element, shape)], build)
    data = np.random.default_rng(3).uniform(100, 200, shape).astype(dtype)
    before = results(module, [data])
    left = apply("reduce-to-pooling", module)
    assert [type(layer) for layer in left] == [PoolingOp]
    after = results(module, [data])
    np.testing.assert_array_equal(after, before)
    exact = data.astype(np.float64).mean(axis=tuple(axes), keepdims=True)
    # Rounded once to the type, after a sum in f32 or wider.
    bound = (eps + 1e-6) * np.abs(exact)
    assert (np.abs(after.astype(np.float64) - exact) <= bound).all()
