"""GELU is found however its formula is associated and commuted, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lit_files import context
from xdsl.dialects.builtin import ModuleOp, TensorType, bf16, f16, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from fusemlir.dialects.trt import (
    ActivationOp,
    ConstantOp,
    ElementWiseOp,
    FusedOp,
    ScaleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    ScaleMode,
    UnaryOperation,
)
from fusemlir.frontend.verifier import verify_module
from fusemlir.network import nodes
from fusemlir.reference import Mode, evaluate
from fusemlir.transforms import expression, fuse_gelu
from fusemlir.transforms.expression import Number
from fusemlir.transforms.fuse_gelu import FuseGeluPass
from fusemlir.transforms.grouping import make_group
from fusemlir.weights import Weights, dtype_of

SHAPE = (2, 3)
SLOPES = {
    ActivationType.GELU_ERF: math.sqrt(0.5),
    ActivationType.GELU_TANH: math.sqrt(2 / math.pi),
}
CUBE = 0.044715

PROD, SUM = ElementWiseOperation.PROD, ElementWiseOperation.SUM
DIV, POW = ElementWiseOperation.DIV, ElementWiseOperation.POW


class Spelling:
    """A block into which one formula in x is drawn, each time in another way."""

    def __init__(self, draw: st.DrawFn, element: Attribute) -> None:
        self.draw = draw
        self.element = element
        self.block = Block(arg_types=[TensorType(element, SHAPE)])
        self.x: SSAValue = self.block.args[0]

    def add(self, layer: LayerOp) -> SSAValue:
        self.block.add_op(layer)
        return layer.results[0]

    def number(self, value: float) -> SSAValue:
        """A constant, rounded to the type, or what gives it."""
        one = TensorType(self.element, (1,) * len(SHAPE))
        rounded = float(np.asarray(value).astype(dtype_of(self.element)))
        spelling = self.draw(st.sampled_from(["plain", "plain", "root", "power"]))
        if value <= 0 or value == 1 or spelling == "plain":
            return self.add(ConstantOp(dense(one, [rounded])))
        square = self.add(ConstantOp(dense(one, [value * value])))
        if spelling == "root":
            return self.add(UnaryOp(UnaryOperation.SQRT, square))
        return self.element_wise(POW, square, self.exact(0.5))

    def exact(self, value: float) -> SSAValue:
        one = TensorType(self.element, (1,) * len(SHAPE))
        return self.add(ConstantOp(dense(one, [value])))

    def element_wise(
        self, kind: ElementWiseOperation, a: SSAValue, b: SSAValue
    ) -> SSAValue:
        return self.add(ElementWiseOp(kind, a, b))

    def joined(
        self, kind: ElementWiseOperation, values: Sequence[SSAValue]
    ) -> SSAValue:
        """All values, two at a time, in any order."""
        left = list(self.draw(st.permutations(values)))
        while len(left) > 1:
            at = self.draw(st.integers(0, len(left) - 2))
            left[at : at + 2] = [self.element_wise(kind, left[at], left[at + 1])]
        return left[0]

    def multiplied(self, value: SSAValue, factor: float) -> SSAValue:
        """By a product, a quotient, or a scale."""
        how = self.draw(st.sampled_from(["prod", "div", "scale"]))
        if how == "prod":
            return self.joined(PROD, [value, self.number(factor)])
        if how == "div":
            return self.element_wise(DIV, value, self.number(1 / factor))
        rounded = float(np.asarray(factor).astype(dtype_of(self.element)))
        weight = ConstantOp(dense(TensorType(self.element, (1,)), [rounded]))
        scale = self.add(weight)
        return self.add(ScaleOp(ScaleMode.UNIFORM, value, scale=scale))

    def one_of(self, *choices: Callable[[], SSAValue]) -> SSAValue:
        return self.draw(st.sampled_from(choices))()

    def argument(
        self, gelu: ActivationType, slope: float, cube: float, x: SSAValue
    ) -> SSAValue:
        if gelu == ActivationType.GELU_ERF:
            return self.multiplied(x, slope)
        return self.one_of(
            lambda: self.multiplied(
                self.joined(SUM, [x, self.power(3, [self.number(cube)], x)]), slope
            ),
            lambda: self.joined(
                PROD,
                [
                    x,
                    self.number(slope),
                    self.joined(
                        SUM,
                        [self.exact(1.0), self.power(2, [self.number(cube)], x)],
                    ),
                ],
            ),
            lambda: self.joined(
                SUM,
                [
                    self.multiplied(x, slope),
                    self.power(3, [self.number(slope), self.number(cube)], x),
                ],
            ),
        )

    def power(
        self, exponent: int, factors: Sequence[SSAValue], x: SSAValue
    ) -> SSAValue:
        """x^exponent times `factors`."""
        if self.draw(st.booleans()):
            power = self.element_wise(POW, x, self.exact(float(exponent)))
            return self.joined(PROD, [power, *factors])
        return self.joined(PROD, [*[x] * exponent, *factors])

    def gelu(
        self,
        gelu: ActivationType,
        slope: float | None = None,
        cube: float = CUBE,
        half: float = 0.5,
    ) -> SSAValue:
        x = self.x
        slope = SLOPES[gelu] if slope is None else slope
        argument = self.argument(gelu, slope, cube, x)
        function = self.add(
            UnaryOp(UnaryOperation.ERF, argument)
            if gelu == ActivationType.GELU_ERF
            else ActivationOp(ActivationType.TANH, argument)
        )
        return self.one_of(
            lambda: self.multiplied(
                self.joined(PROD, [x, self.joined(SUM, [self.exact(1.0), function])]),
                half,
            ),
            lambda: self.joined(
                PROD,
                [
                    x,
                    self.exact(half),
                    self.joined(SUM, [self.exact(1.0), function]),
                ],
            ),
            lambda: self.joined(
                PROD,
                [
                    x,
                    self.joined(
                        SUM, [self.exact(half), self.multiplied(function, half)]
                    ),
                ],
            ),
            lambda: self.joined(
                SUM,
                [
                    self.multiplied(x, half),
                    self.joined(PROD, [x, self.multiplied(function, half)]),
                ],
            ),
        )

    def module(self, *outputs: SSAValue) -> tuple[ModuleOp, FuncOp]:
        self.block.add_op(ReturnOp(*outputs))
        types = [value.type for value in outputs]
        function = FuncOp(
            "main", ([self.x.type], types), Region(self.block), visibility="public"
        )
        return ModuleOp([function]), function


GELUS = st.sampled_from(list(SLOPES))
ELEMENTS = st.sampled_from([f32, f16, bf16])
SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=tuple(HealthCheck)
)


def fused(module: ModuleOp) -> None:
    FuseGeluPass().apply(context(), module)
    verify_module(module)


def gelus(function: FuncOp) -> list[ActivationOp]:
    return [
        op
        for op in function.walk()
        if isinstance(op, ActivationOp) and op.kind in SLOPES
    ]


def original(function: FuncOp) -> FusedOp:
    """All layers of a network as one group, which the reference computes in f64."""
    group, _ = make_group(list(nodes(function)))
    return group


@SETTINGS
@given(st.data(), GELUS, ELEMENTS)
def test_every_spelling_fuses_and_means_the_same(
    data: st.DataObject, gelu: ActivationType, element: Attribute
):
    spelling = Spelling(data.draw, element)
    module, function = spelling.module(spelling.gelu(gelu))
    before = original(function)
    fused(module)
    (after,) = gelus(function)
    assert after.kind == gelu
    assert after.input is spelling.x
    assert [op for op in nodes(function) if spelling.x in op.operands] == [after]
    dtype = dtype_of(element)
    x = np.linspace(-6, 6, math.prod(SHAPE)).reshape(SHAPE).astype(dtype)
    (wanted,) = evaluate(before, [x], Weights(), Mode.WIDE)
    (found,) = evaluate(after, [x], Weights(), Mode.WIDE)
    # The constants of a network are rounded, those of the layer are not: relative to
    # its argument, the slope of x/2 (1 + f) is below one.
    tolerance = 4 * float(ml_dtypes.finfo(dtype).eps) * 6
    np.testing.assert_allclose(
        found.astype(np.float64), wanted.astype(np.float64), rtol=0, atol=tolerance
    )


WRONG: list[dict[str, Any]] = [
    {"half": 0.51},
    {"half": 0.25},
    {"half": -0.5},
    {"half": 1.0},
    {"slope": 2 / math.pi},
    {"slope": 0.75},
    {"slope": 1.0},
    {"slope": -SLOPES[ActivationType.GELU_TANH] / 2},
]
WRONG_CUBES: list[dict[str, Any]] = [
    {"cube": 0.05},
    {"cube": 0.4},
    {"cube": CUBE * 1.05},
    {"cube": -CUBE},
]


@SETTINGS
@given(st.data(), GELUS, ELEMENTS)
def test_no_near_miss_fuses(
    data: st.DataObject, gelu: ActivationType, element: Attribute
):
    cubes = WRONG_CUBES if gelu == ActivationType.GELU_TANH else []
    wrong = data.draw(st.sampled_from([*WRONG, *cubes]))
    spelling = Spelling(data.draw, element)
    module, function = spelling.module(spelling.gelu(gelu, **wrong))
    fused(module)
    assert gelus(function) == []


@SETTINGS
@given(st.data(), GELUS)
def test_no_spelling_fuses_that_returns_an_inner_value(
    data: st.DataObject, gelu: ActivationType
):
    spelling = Spelling(data.draw, f32)
    result = spelling.gelu(gelu)
    inner = [
        op.results[0]
        for op in spelling.block.ops
        if op.results[0] is not result and _depends_on(op.results[0], spelling.x)
    ]
    module, function = spelling.module(result, data.draw(st.sampled_from(inner)))
    fused(module)
    assert gelus(function) == []


def _depends_on(value: SSAValue, other: SSAValue) -> bool:
    owner = value.owner
    return value is other or (
        isinstance(owner, LayerOp)
        and any(_depends_on(operand, other) for operand in owner.operands)
    )


@SETTINGS
@given(st.data(), GELUS)
def test_no_spelling_fuses_that_uses_two_inputs(
    data: st.DataObject, gelu: ActivationType
):
    spelling = Spelling(data.draw, f32)
    result = spelling.gelu(gelu)
    other = spelling.block.insert_arg(spelling.x.type, 1)
    uses = list(spelling.x.uses)
    use = data.draw(st.sampled_from(uses))
    assume(len(uses) > 1)
    use.operation.operands[use.index] = other
    spelling.block.add_op(ReturnOp(result))
    types = [value.type for value in spelling.block.args]
    function = FuncOp("main", (types, [result.type]), Region(spelling.block))
    fused(ModuleOp([function]))
    assert gelus(function) == []


@pytest.mark.parametrize("element", [f32, f16, bf16])
@pytest.mark.parametrize(
    "ideal", [math.sqrt(2 / math.pi), math.sqrt(0.5), math.sqrt(2), CUBE, 0.3, -1.7]
)
def test_a_constant_is_near_what_rounds_to_it_alone(element: Attribute, ideal: float):
    dtype = dtype_of(element)
    nearest = np.asarray(ideal).astype(dtype)
    assert Number.rounded(float(nearest), element).is_near(ideal)
    if element == f32:
        return
    for towards in (math.inf, -math.inf):
        neighbour = np.nextafter(nearest, np.asarray(towards).astype(dtype))
        step = abs(float(neighbour) - float(nearest))
        if abs(float(neighbour) - ideal) > 0.51 * step:
            assert not Number.rounded(float(neighbour), element).is_near(ideal)


@pytest.mark.parametrize(
    ("spelled", "ideal"),
    [
        (0.7978845608, math.sqrt(2 / math.pi)),
        (0.79788456, math.sqrt(2 / math.pi)),
        (0.797885, math.sqrt(2 / math.pi)),
        (1.41421356, math.sqrt(2)),
        (0.70710678, math.sqrt(0.5)),
        (0.707107, math.sqrt(0.5)),
    ],
)
def test_a_constant_may_lack_digits(spelled: float, ideal: float):
    value = float(np.float32(spelled))
    assert Number.rounded(value, f32).is_near(ideal)
    assert not Number.rounded(value * (1 + 1e-5), f32).is_near(ideal)


def test_a_power_of_two_is_meant_as_it_is():
    assert Number.rounded(0.5, bf16).is_near(0.5)
    assert not Number.rounded(0.5, bf16).is_near(0.5 + 1e-9)
    assert Number.rounded(0.0, f32) == Number(0.0)


def _chain(length: int, square: bool) -> FuncOp:
    """erf, then products: with themselves, or with x."""
    block = Block(arg_types=[TensorType(f32, SHAPE)])
    value: SSAValue = block.args[0]
    block.add_op(erf := UnaryOp(UnaryOperation.ERF, value))
    value = erf.output
    for _ in range(length):
        other = value if square else block.args[0]
        block.add_op(product := ElementWiseOp(PROD, value, other))
        value = product.output
    block.add_op(ReturnOp(value))
    types = [argument.type for argument in block.args]
    return FuncOp("main", (types, [value.type]), Region(block))


@pytest.mark.parametrize("square", [False, True])
def test_work_grows_with_the_network_and_no_faster(
    square: bool, monkeypatch: pytest.MonkeyPatch
):
    counts: list[int] = []
    for length in (100, 200):
        count = 0
        step_of = expression.step_of

        def counted(layer: Any, step_of: Any = step_of) -> Any:
            nonlocal count
            count += 1
            return step_of(layer)

        with monkeypatch.context() as patch:
            patch.setattr(expression, "step_of", counted)
            patch.setattr(fuse_gelu, "step_of", counted)
            FuseGeluPass().apply(context(), ModuleOp([_chain(length, square)]))
        counts.append(count)
    assert counts[1] < 2.5 * counts[0]
    assert counts[1] < 200 * 4 * fuse_gelu.MAX_LAYERS
