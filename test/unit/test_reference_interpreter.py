"""Running functions: inputs, groups, modes, what is freed and what is refused."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.test import Test
from xdsl.parser import Parser

from fusemlir.dialects.trt import LAYERS, TRT, ActivationOp
from fusemlir.dialects.trt.enums import (
    ActivationType,
    ElementWiseOperation,
    UnaryOperation,
)
from fusemlir.reference import RULES, Mode, evaluate, run
from fusemlir.reference.activation import ACTIVATIONS
from fusemlir.reference.pointwise import ELEMENT_WISE, UNARY
from fusemlir.weights import Weights


def parsed(text: str) -> func.FuncOp:
    context = Context()
    for dialect in (Builtin, func.Func, Test, TRT):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    (function,) = module.ops
    assert isinstance(function, func.FuncOp)
    return function


def ran(
    text: str, *inputs: np.ndarray, mode: Mode = Mode.TYPED
) -> Sequence[np.ndarray]:
    return run(parsed(text), inputs, Weights(), mode)


def test_every_layer_has_a_rule():
    assert set(RULES) == set(LAYERS)


def test_every_pointwise_operation_has_a_formula():
    assert set(ACTIVATIONS) == set(ActivationType)
    assert set(ELEMENT_WISE) == set(ElementWiseOperation)
    assert set(UNARY) == set(UnaryOperation)


FUNCTION = """
func.func @f(%x: tensor<2xf16>, %y: tensor<2xf16>) -> tensor<2xf16> {{
  {group}
}}
"""
LAYERS_ALONE = """
  %s = trt.element_wise sum %x, %y : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
  %p = trt.element_wise sub %s, %x : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
  func.return %p : tensor<2xf16>
"""
GROUPED = """
  %r = trt.fused "pointwise" (%x, %y)
      : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16> {
  ^bb0(%a: tensor<2xf16>, %b: tensor<2xf16>):
    %s = trt.element_wise sum %a, %b : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
    %p = trt.element_wise sub %s, %a : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
    trt.yield %p : tensor<2xf16>
  }
  func.return %r : tensor<2xf16>
"""
X, Y = np.array([2048, 1], np.float16), np.array([1, 2], np.float16)


@pytest.mark.parametrize(
    ("body", "mode", "expected"),
    [
        (LAYERS_ALONE, Mode.TYPED, [0, 2]),
        (LAYERS_ALONE, Mode.WIDE, [0, 2]),
        (GROUPED, Mode.TYPED, [0, 2]),
        (GROUPED, Mode.WIDE, [1, 2]),
    ],
)
def test_only_a_group_in_wide_mode_keeps_what_its_types_cannot_hold(
    body: str, mode: Mode, expected: list[float]
):
    (actual,) = ran(FUNCTION.format(group=body), X, Y, mode=mode)
    assert actual.dtype == np.float16
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(("mode", "expected"), [(Mode.TYPED, 0), (Mode.WIDE, 0)])
def test_a_cast_inside_a_group_rounds_in_both_modes(mode: Mode, expected: float):
    text = """
    func.func @f(%x: tensor<1xf32>, %y: tensor<1xf32>) -> tensor<1xf32> {
      %r = trt.fused "sum_cast_sub" (%x, %y)
          : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32> {
      ^bb0(%a: tensor<1xf32>, %b: tensor<1xf32>):
        %s = trt.element_wise sum %a, %b
            : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
        %h = trt.cast %s : tensor<1xf32> -> tensor<1xf16>
        %w = trt.cast %h : tensor<1xf16> -> tensor<1xf32>
        %p = trt.element_wise sub %w, %a
            : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
        trt.yield %p : tensor<1xf32>
      }
      func.return %r : tensor<1xf32>
    }
    """
    x, y = np.array([2048], np.float32), np.array([1], np.float32)
    (actual,) = ran(text, x, y, mode=mode)
    assert actual.item() == expected


@pytest.mark.parametrize("mode", Mode)
def test_integers_wrap_inside_a_group_in_both_modes(mode: Mode):
    text = """
    func.func @f(%x: tensor<2xi8>) -> tensor<1xi8> {
      %r = trt.fused "reduce_sum_relu" (%x) : (tensor<2xi8>) -> tensor<1xi8> {
      ^bb0(%a: tensor<2xi8>):
        %s = trt.reduce sum %a axes = [0] keep_dimensions
            : tensor<2xi8> -> tensor<1xi8>
        %p = trt.activation relu %s : tensor<1xi8> -> tensor<1xi8>
        trt.yield %p : tensor<1xi8>
      }
      func.return %r : tensor<1xi8>
    }
    """
    (actual,) = ran(text, np.array([127, 1], np.int8), mode=mode)
    assert actual.item() == 0


def test_a_group_rounds_once_at_its_edge():
    (actual,) = ran(FUNCTION.format(group=GROUPED), X, Y, mode=Mode.WIDE)
    op = next(iter(parsed(FUNCTION.format(group=GROUPED)).body.block.ops))
    (alone,) = evaluate(op, [X, Y], Weights(), Mode.WIDE)
    np.testing.assert_array_equal(alone, actual)


RELU = """
func.func @f(%x: tensor<?x3xf32> {trt.name = "image"}) -> tensor<?x3xf32> {
  %y = trt.activation relu %x layers ["relu1"] : tensor<?x3xf32> -> tensor<?x3xf32>
  func.return %y : tensor<?x3xf32>
}
"""


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_an_unknown_dimension_accepts_any_size(batch: int):
    (actual,) = ran(RELU, np.full((batch, 3), -1, np.float32))
    np.testing.assert_array_equal(actual, np.zeros((batch, 3)))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "function 'f' takes 1 inputs, found 0"),
        (
            [np.zeros((1, 4), np.float32)],
            "input 'image' must have shape .x3, found 1x4",
        ),
        ([np.zeros(3, np.float32)], "input 'image' must have shape .x3, found 3"),
        ([np.zeros((1, 3))], "input 'image' must be float32, found float64"),
    ],
)
def test_inputs_are_checked(inputs: list[np.ndarray], message: str):
    with pytest.raises(ValueError, match=message):
        ran(RELU, *inputs)


def test_an_operation_that_is_no_layer_is_refused():
    text = """
    func.func @f() {
      "test.op"() : () -> ()
      func.return
    }
    """
    with pytest.raises(ValueError, match=r"test\.op has no meaning in the reference"):
        ran(text)


def test_a_declaration_is_refused():
    with pytest.raises(ValueError, match="'f' must have a body of one block"):
        ran("func.func private @f()")


def test_dimensions_that_disagree_when_run_name_the_layer():
    text = """
    func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
      %z = trt.element_wise sum %x, %y layers ["add7"]
          : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
      func.return %z : tensor<?xf32>
    }
    """
    with pytest.raises(ValueError, match=r"trt\.element_wise 'add7'"):
        ran(text, np.zeros(2, np.float32), np.zeros(3, np.float32))


def test_a_result_that_its_type_forbids_names_the_layer():
    text = """
    func.func @f(%x: tensor<?xf32>) -> tensor<2xf32> {
      %z = trt.activation relu %x layers ["relu1"] : tensor<?xf32> -> tensor<2xf32>
      func.return %z : tensor<2xf32>
    }
    """
    with pytest.raises(ValueError, match="'relu1' gives 3 where its type says 2"):
        ran(text, np.zeros(3, np.float32))


def test_results_share_no_memory_with_inputs():
    text = """
    func.func @f(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
      %y = trt.identity %x : tensor<2xf32> -> tensor<2xf32>
      func.return %x, %y : tensor<2xf32>, tensor<2xf32>
    }
    """
    x = np.zeros(2, np.float32)
    for result in ran(text, x):
        assert not np.shares_memory(result, x)


def test_values_are_freed_after_their_last_use(monkeypatch: pytest.MonkeyPatch):
    alive: list[int] = []
    seen: list[weakref.ref[np.ndarray]] = []

    def watched(op: ActivationOp, operands: Sequence[np.ndarray], _: object) -> object:
        gc.collect()
        alive.append(sum(ref() is not None for ref in seen))
        result = operands[0] + 1
        seen.append(weakref.ref(result))
        return result

    monkeypatch.setitem(RULES, ActivationOp, watched)
    layer = "trt.activation relu"
    t = "tensor<2xf32>"
    chain = "\n".join(f"%{i + 1} = {layer} %{i} : {t} -> {t}" for i in range(6))
    text = f"func.func @f(%0: {t}) -> {t} {{\n{chain}\nfunc.return %6 : {t}\n}}"
    ran(text, np.zeros(2, np.float32))
    assert max(alive) == 1


def test_the_interpreter_warns_of_nothing_and_leaves_numpy_as_it_was():
    before = np.geterr()
    ran(RELU, np.array([[np.nan, np.inf, 1]], np.float32))
    assert np.geterr() == before
