"""Weights: names and recipes parse, print, compare and refuse."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, StringAttr, TensorType, f16, f32, i8
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt import TRT, WeightAttr
from fusemlir.dialects.trt.base import UNKNOWN
from fusemlir.dialects.trt.constant import dense, fill, scalar_of
from fusemlir.dialects.trt.weight import ANY_NUMBER, RECIPES

MATRIX = TensorType[Attribute](f32, (2, 3))
VECTOR = TensorType[Attribute](f32, (2,))


def matrix(name: str = "w") -> WeightAttr:
    return WeightAttr.named(name, MATRIX)


def vector(name: str = "v") -> WeightAttr:
    return WeightAttr.named(name, VECTOR)


def read(text: str) -> Attribute:
    context = Context()
    context.load_dialect(TRT)
    return Parser(context, text).parse_attribute()


TEXTS = {
    '#trt.weight<"w" : tensor<2x3xf32>>': matrix(),
    '#trt.weight<transpose("w" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>>': (
        WeightAttr.derived("transpose", [matrix(), (1, 0)], TensorType(f32, (3, 2)))
    ),
    '#trt.weight<reshape("w" : tensor<2x3xf32>) : tensor<6xf32>>': (
        WeightAttr.derived("reshape", [matrix()], TensorType(f32, (6,)))
    ),
    '#trt.weight<slice("v" : tensor<2xf32>, [1], [2], [-1]) : tensor<2xf32>>': (
        WeightAttr.derived("slice", [vector(), (1,), (2,), (-1,)], VECTOR)
    ),
    '#trt.weight<transpose("s" : tensor<f32>, []) : tensor<f32>>': WeightAttr.derived(
        "transpose",
        [WeightAttr.named("s", TensorType(f32, ())), ()],
        TensorType(f32, ()),
    ),
    '#trt.weight<concatenation("v" : tensor<2xf32>, "v" : tensor<2xf32>, 0) '
    ": tensor<4xf32>>": WeightAttr.derived(
        "concatenation", [vector(), vector(), 0], TensorType(f32, (4,))
    ),
    '#trt.weight<quantize("w" : tensor<2x3xf32>, "v" : tensor<2xf32>, -1) '
    ": tensor<2x3xi8>>": WeightAttr.derived(
        "quantize", [matrix(), vector(), -1], TensorType(i8, (2, 3))
    ),
    "#trt.weight<sum(dense<[1.000000e+00, -2.000000e+00]> : tensor<2xf32>, "
    'cast("h" : tensor<2xf16>) : tensor<2xf32>) : tensor<2xf32>>': WeightAttr.derived(
        "sum",
        [
            dense(VECTOR, [1.0, -2.0]),
            WeightAttr.derived(
                "cast", [WeightAttr.named("h", TensorType(f16, (2,)))], VECTOR
            ),
        ],
        VECTOR,
    ),
}


@pytest.mark.parametrize(("text", "weight"), TEXTS.items(), ids=str)
def test_text_and_attribute_are_each_other(text: str, weight: WeightAttr):
    assert str(weight) == text
    assert read(text) == weight
    assert hash(read(text)) == hash(weight)


NUMBERS = [1e-5, 0.001, 1e-12, 0.1, 1 / 3, 1.0, 1e16, 1e22, -2.5, 5e-324, 1.7e308, -0.0]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_a_recipe_reads_back_in_full(number: float):
    weight = WeightAttr.derived(
        "batch_norm_scale", [vector(), vector(), number], VECTOR
    )
    again = read(str(weight))
    assert again == weight
    assert isinstance(again, WeightAttr)
    (found,) = again.options
    assert isinstance(found, float)
    assert (found, math.copysign(1, found)) == (number, math.copysign(1, number))


@pytest.mark.parametrize(
    "name", ["", "a", "/model.0/conv/Conv", 'a "quoted"', "back\\slash", "line\n", "\t"]
)
def test_a_name_reads_back(name: str):
    weight = read(str(matrix(name)))
    assert weight == matrix(name)
    assert isinstance(weight, WeightAttr)
    assert weight.weight_name == name


def test_weights_are_equal_where_name_recipe_and_type_are():
    assert matrix("a") == matrix("a")
    assert matrix("a") != matrix("b")
    assert matrix("a") != WeightAttr.named("a", TensorType(f16, (2, 3)))
    assert WeightAttr.derived("neg", [vector()], VECTOR) != WeightAttr.derived(
        "abs", [vector()], VECTOR
    )
    assert WeightAttr.derived("sub", [vector("a"), vector("b")], VECTOR) != (
        WeightAttr.derived("sub", [vector("b"), vector("a")], VECTOR)
    )


def test_a_name_is_no_recipe():
    assert matrix().is_named
    assert not WeightAttr.derived("neg", [vector()], VECTOR).is_named


def test_weights_and_options_of_a_recipe():
    weight = WeightAttr.derived("slice", [matrix(), (0, 1), (2, 1), (1, 1)], VECTOR)
    assert weight.weights == (matrix(),)
    assert weight.options == ((0, 1), (2, 1), (1, 1))
    assert matrix().weights == ()
    assert matrix().options == ()


OPTIONS: dict[str, list[Any]] = {
    "transpose": [(1, 0)],
    "slice": [(0,), (1,), (2,)],
    "concatenation": [0],
    "scale_deconvolution_outputs": [2],
    "batch_norm_scale": [1e-5],
    "batch_norm_shift": [1e-5],
    "quantize": [-1],
    "reduce_sum": [(0,)],
}
"""An example for each recipe that takes any."""


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_takes_its_number_of_weights(recipe: str):
    count, options = RECIPES[recipe].weights, OPTIONS.get(recipe, [])
    assert RECIPES[recipe].meaning
    if count == ANY_NUMBER:
        WeightAttr.derived(recipe, [vector()] * 7 + options, VECTOR)
        with pytest.raises(VerifyException, match=f"{recipe} takes 1 or more weights"):
            WeightAttr.derived(recipe, options, VECTOR)
        return
    WeightAttr.derived(recipe, [vector()] * count + options, VECTOR)
    for wrong in (count - 1, count + 1):
        with pytest.raises(VerifyException, match=f"{recipe} takes {count} weights"):
            WeightAttr.derived(recipe, [vector()] * wrong + options, VECTOR)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_takes_its_options_and_no_others(recipe: str):
    weights = [vector()] * abs(RECIPES[recipe].weights)
    options = OPTIONS.get(recipe, [])
    others = [[*options, 1], options[1:] if options else [(0,)]]
    others += [[0.5 if isinstance(option, int | tuple) else (0,)] for option in options]
    for other in others:
        with pytest.raises(VerifyException, match=f"options of {recipe} are"):
            WeightAttr.derived(recipe, [*weights, *other], VECTOR)


def test_a_number_may_be_whole():
    WeightAttr.derived("batch_norm_scale", [vector(), vector(), 1], VECTOR)


def test_what_is_said_of_other_options():
    message = re.escape(
        "options of slice are start, a list; size, a list; stride, a list; "
        "found [0], 1, 0.5"
    )
    with pytest.raises(VerifyException, match=message):
        WeightAttr.derived("slice", [vector(), (0,), 1, 0.5], VECTOR)


def test_what_a_weight_refuses():
    with pytest.raises(VerifyException, match="unknown recipe 'conv'"):
        WeightAttr.derived("conv", [vector()], VECTOR)
    with pytest.raises(VerifyException, match="must have a static shape"):
        WeightAttr.named("w", TensorType(f32, (UNKNOWN,)))
    with pytest.raises(VerifyException, match="weights come before numbers"):
        WeightAttr.derived("sum", [1, vector(), vector()], VECTOR)
    arguments = ArrayAttr[Attribute]([vector(), StringAttr("v")])
    with pytest.raises(VerifyException, match="a recipe does not take"):
        WeightAttr(StringAttr("neg"), arguments, VECTOR)
    for number in (math.inf, math.nan):
        with pytest.raises(VerifyException, match="a number of a recipe is finite"):
            WeightAttr.derived("batch_norm_scale", [vector(), vector(), number], VECTOR)


def test_the_number_that_a_weight_is():
    assert scalar_of(fill(2.0, MATRIX)) == 2.0
    assert scalar_of(fill(2.0, TensorType(f32, (1000,)))) == 2.0
    assert scalar_of(fill(3, TensorType(i8, (2,)))) == 3
    assert scalar_of(dense(VECTOR, [1.0, 2.0])) is None
    assert scalar_of(matrix()) is None
    assert scalar_of(WeightAttr.derived("neg", [fill(2.0, VECTOR)], VECTOR)) is None
