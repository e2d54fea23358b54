"""Reading MLIR text: locations of ops, and where each kind of mistake is reported."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import FrameType

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FileLineColLoc,
    TensorType,
    UnknownLoc,
    bf16,
    f16,
    f32,
    f64,
)
from xdsl.ir import Operation
from xdsl.parser import Parser

from fusemlir.diagnostics import Diagnostic, DiagnosticError, SourceLocation
from fusemlir.dialects import get_all_dialects
from fusemlir.frontend.mlir import parse_module
from fusemlir.frontend.verifier import MAX_ERRORS, verify_module


def context() -> Context:
    ctx = Context()
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return ctx


def ops(text: str) -> list[Operation]:
    return list(parse_module(context(), text, "in.mlir").walk())


def place(op: Operation) -> str:
    return str(SourceLocation.of(op.location))


def errors(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        parse_module(context(), text, "in.mlir")
    return caught.value.diagnostics


def only_error(text: str) -> Diagnostic:
    [error] = errors(text)
    return error


def function(*lines: str, signature: str = "@f(%a: f32, %c: i1)") -> str:
    return "\n".join((f"func.func {signature} {{", *lines, "  func.return", "}"))


def test_every_op_knows_its_line_and_column() -> None:
    text = function(
        '  %x = "test.op"() : () -> f32', "    %y = arith.addf %x, %a : f32"
    )
    assert [f"{op.name} {place(op)}" for op in ops(text)] == [
        "builtin.module in.mlir:1:1",
        "func.func in.mlir:1:1",
        "test.op in.mlir:2:3",
        "arith.addf in.mlir:3:5",
        "func.return in.mlir:4:3",
    ]


def test_a_terminator_left_out_has_the_place_of_its_op() -> None:
    loop = "  scf.for %i = %n to %n step %n {\n  }"
    found = ops(function(loop, signature="@f(%n: index)"))
    [terminator] = [op for op in found if op.name == "scf.yield"]
    assert place(terminator) == "in.mlir:2:3"


def test_a_written_location_wins() -> None:
    text = function('  "test.op"() : () -> () loc("a.py":7:9)')
    [op] = [op for op in ops(text) if op.name == "test.op"]
    assert place(op) == "a.py:7:9"


def test_a_written_unknown_location_stays_unknown() -> None:
    text = function('  "test.op"() : () -> () loc(unknown)')
    [op] = [op for op in ops(text) if op.name == "test.op"]
    assert op.location == UnknownLoc()


def test_an_isolated_region_may_reuse_names() -> None:
    inner = "  func.func @g() {\n    %a = arith.constant true\n    func.return\n  }"
    assert any(op.name == "arith.constant" for op in ops(function(inner)))


@pytest.mark.parametrize("type", ["f16", "bf16", "f32", "f64"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 0.5])
def test_floats_of_a_dense_attribute_survive_a_print(type: str, value: float) -> None:
    element = {"f16": f16, "bf16": bf16, "f32": f32, "f64": f64}[type]
    tensor = TensorType(element, [2])
    for values in ([value, 1.0], [value, value]):
        written = DenseIntOrFPElementsAttr.from_list(tensor, values)
        text = function(f'  "test.op"() {{v = {written}}} : () -> ()')
        [op] = [op for op in ops(text) if op.name == "test.op"]
        read = op.attributes["v"]
        assert isinstance(read, DenseIntOrFPElementsAttr)
        assert np.array_equal(read.get_values(), values, equal_nan=True)


def test_text_without_ops_is_an_empty_module() -> None:
    [module] = ops("// nothing but a comment\n")
    assert place(module) == "in.mlir:1:1"


def test_an_error_prints_its_line_and_a_caret() -> None:
    text = function("  %x = arith.addf %a, %nowhere : f32")
    assert str(only_error(text)) == (
        "in.mlir:2:23: error: value '%nowhere' is used but not defined\n"
        "  %x = arith.addf %a, %nowhere : f32\n"
        "                      ^"
    )


def test_a_caret_stands_under_its_column_after_a_tab() -> None:
    text = function("\t%x = arith.addf %a, %nowhere : f32")
    assert str(only_error(text)).splitlines()[2] == "\t" + " " * 20 + "^"


def test_a_value_of_another_function_is_not_defined() -> None:
    text = function('  "test.op"(%x) : (f32) -> ()')
    text += function("  %x = arith.addf %a, %a : f32", signature="@g(%a: f32)")
    assert "2:13: error: value '%x' is used but not defined" in str(only_error(text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  %x = arith.adddf %a, %a : f32", "2:8: error: unknown operation 'arith.ad"),
        ('  "nowhere.op"() : () -> ()', "2:4: error: unknown dialect 'nowhere'"),
        ("  %x = arith.addf %a, %a : f64", "2:19: error: operand is used with type f6"),
        ("  %x = arith.addf %a %a : f32", "2:22: error: expected ','"),
        ('  "test.op"() {v = #nowhere.x} : () -> ()', "error: 'nowhere.x' is not regi"),
        ("  ¤", "2:3: error: unexpected character"),
        ('  "test.op', "error: "),
        ("  %k = arith.constant 300 : i8", "2:3: error: integer value 300 is out of"),
        ("  %x = arith.addf %a, %c : f32", "2:23: error: operand is used with type f3"),
        ("  cf.br ^nowhere", "error: region ends with missing block declarations"),
        ("  func.return %a : f32", "2:3: error: 'func.return' must be the last"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_where_it_is(line: str, expected: str) -> None:
    assert any(expected in str(error) for error in errors(function(line)))


def test_a_use_above_the_definition_is_refused_with_the_name() -> None:
    error = only_error(
        function("  %1 = arith.addf %a, %2 : f32", "  %2 = arith.addf %a, %a : f32")
    )
    assert "2:3: error: 'arith.addf' op uses '%2', which is defined only" in str(error)
    assert "3:3: note: it is defined here" in str(error)


def test_a_value_used_twice_by_one_op_is_reported_once() -> None:
    lines = ("  %x = arith.addf %y, %y : f32", "  %y = arith.addf %a, %a : f32")
    assert only_error(function(*lines)).location.line == 2


def test_a_value_undefined_outside_any_function_is_reported_where_it_is_used() -> None:
    error = only_error('"test.op"(%x) : (i32) -> ()\n"test.op"() : () -> ()\n')
    assert "in.mlir:1:11: error: value '%x' is used but not" in str(error)


def test_a_cycle_is_refused() -> None:
    cycle = ("  %x = arith.addf %a, %y : f32", "  %y = arith.addf %a, %x : f32")
    assert "uses '%y', which is defined only further down" in str(
        only_error(function(*cycle))
    )


def test_an_op_cannot_use_its_own_result() -> None:
    error = only_error(function("  %x = arith.addf %a, %x : f32"))
    assert "uses '%x', which is defined only further down" in str(error)


def test_a_use_above_inside_a_nested_region_is_refused() -> None:
    loop = (
        "  scf.if %c {",
        "    %x = arith.addf %a, %y : f32",
        "  }",
        "  %y = arith.addf %a, %a : f32",
    )
    assert "in.mlir:3:5: error: 'arith.addf' op uses '%y'" in str(
        only_error(function(*loop))
    )


@pytest.mark.parametrize("path", ["one", "other"])
def test_a_value_on_only_one_path_is_refused(path: str) -> None:
    definition = "  %x = arith.addf %a, %a : f32"
    branches = (
        "  cf.cond_br %c, ^one, ^other",
        "^one:",
        definition if path == "one" else "",
        "  cf.br ^both",
        "^other:",
        definition if path == "other" else "",
        "  cf.br ^both",
        "^both:",
        '  "test.op"(%x) : (f32) -> ()',
    )
    error = only_error(function(*branches))
    assert "10:3: error: 'test.op' op uses '%x', whose definition does" in str(error)


def test_a_value_on_every_path_is_accepted() -> None:
    branches = (
        "  cf.br ^first",
        "^last:",
        '  "test.op"(%x) : (f32) -> ()',
        "  func.return",
        "^first:",
        "  %x = arith.addf %a, %a : f32",
        "  cf.cond_br %c, ^last, ^first2",
        "^first2:",
        "  cf.br ^last",
        "^unreachable:",
        '  "test.op"(%x) : (f32) -> ()',
    )
    assert ops(function(*branches))


def test_a_value_does_not_pass_an_isolated_region() -> None:
    inner = '  func.func @g() {\n    "test.op"(%a) : (f32) -> ()\n    func.return\n  }'
    assert (
        "3:15: error: value '%a' is defined outside 'func.func', which is isolated"
        in str(only_error(function(inner)))
    )


def test_a_value_put_into_an_isolated_region_is_noticed() -> None:
    outer = "  %x = arith.addf %a, %a : f32"
    inner = '  func.func @g(%i: f32) {\n    "test.op"(%i) : (f32) -> ()\n'
    text = function(outer, inner + "    func.return\n  }")
    module = parse_module(context(), text, "in.mlir")
    [definition] = [op for op in module.walk() if op.name == "arith.addf"]
    [use] = [op for op in module.walk() if op.name == "test.op"]
    use.operands[0] = definition.results[0]
    with pytest.raises(DiagnosticError, match="defined outside 'func"):
        verify_module(module)


def test_moving_a_use_out_of_its_region_is_noticed() -> None:
    body = ("  scf.if %c {", "    %x = arith.addf %a, %a : f32", "  }")
    text = function(*body, "  %y = arith.addf %a, %a : f32")
    module = parse_module(context(), text, "in.mlir")
    inner, outer = [op for op in module.walk() if op.name == "arith.addf"]
    outer.operands[0] = inner.results[0]
    with pytest.raises(DiagnosticError, match="defined in a region that it cannot see"):
        verify_module(module)


def test_all_errors_are_reported_up_to_a_limit() -> None:
    wrong = "func.func @f{}(%a: f32) {{ func.return %a : f32 }}"
    lines = [wrong.format(number) for number in range(MAX_ERRORS + 3)]
    assert len(errors("\n".join(lines))) == MAX_ERRORS
    assert [error.location.line for error in errors("\n".join(lines[:3]))] == [1, 2, 3]


def test_locations_cost_little() -> None:
    adds = "\n".join(f"  %x{i} = arith.addf %a, %a : f32" for i in range(200))
    text = function(adds)

    def calls(parse: Callable[[Context], object]) -> int:
        """Calls made while parsing: unlike time, the same on a busy machine."""
        ctx = context()
        for dialect in ("builtin", "func", "arith"):
            ctx.get_dialect(dialect)
        count = 0

        def on_event(frame: FrameType, event: str, argument: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(on_event)
        try:
            parse(ctx)
        finally:
            sys.setprofile(None)
        return count

    plain = calls(lambda ctx: Parser(ctx, text, "in.mlir").parse_module())
    located = calls(lambda ctx: parse_module(ctx, text, "in.mlir", verify=False))
    assert located < 1.25 * plain


def test_locations_are_not_shared_between_ops() -> None:
    found = ops(function('  "test.op"() : () -> ()', '  "test.op"() : () -> ()'))
    places = [op.location for op in found if op.name == "test.op"]
    assert [type(each) for each in places] == [FileLineColLoc, FileLineColLoc]
    assert places[0] != places[1]
