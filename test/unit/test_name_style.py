"""Names as engines print them, `PWN(a, b)`: for display, the ids are the truth."""

from __future__ import annotations

import json

import pytest
from xdsl.context import Context

from fusemlir.frontend.mlir import parse_module
from fusemlir.name_style import NameStyle, names_as
from fusemlir.network import functions, kernels, sources
from fusemlir.remarks import collect
from fusemlir.source_network import make_context
from fusemlir.tools.explanation import explain
from fusemlir.transforms.trt_fuse import TrtFusePass


def names(body: str, style: NameStyle, element: str = "f32") -> list[str]:
    """Of the kernels that all fusions make of a network of x, y and a kernel w."""
    image, kernel = f"tensor<1x4x8x8x{element}>", f"tensor<4x4x1x1x{element}>"
    text = f"""
    func.func @net(%x: {image}, %y: {image}) -> {image} {{
      %w = trt.constant #trt.weight<"w" : {kernel}>
      {body.replace("WT", kernel).replace("T", image)}
      return %out : {image}
    }}
    """
    module = parse_module(make_context(), text, "net.mlir")
    TrtFusePass().apply(Context(), module)
    with names_as(style):
        return [kernel.name for kernel in kernels(module)]


CONV = "%conv1 = trt.convolution %x, %w : (T, WT) -> T\n"

CASES = {
    "taken by a rule of its own": (
        CONV + "%out = trt.activation relu %conv1 : T -> T",
        ["conv1 + out"],
    ),
    "an activation taken as a pointwise layer": (
        CONV + "%out = trt.activation tanh %conv1 : T -> T",
        ["conv1 + PWN(out)"],
    ),
    "a pointwise group": (
        CONV
        + "%s = trt.activation sigmoid %conv1 : T -> T\n"
        + "%out = trt.element_wise prod %conv1, %s : (T, T) -> T",
        ["conv1 + PWN(s, out)"],
    ),
    "a residual and a rule of its own, then a pointwise layer": (
        CONV
        + "%a = trt.element_wise sum %conv1, %y : (T, T) -> T\n"
        + "%r = trt.activation relu %a : T -> T\n"
        + "%out = trt.unary exp %r : T -> T",
        ["conv1 + a + r + PWN(out)"],
    ),
    "nothing but pointwise layers": (
        "%a = trt.unary exp %x : T -> T\n"
        + "%out = trt.element_wise sum %a, %y : (T, T) -> T",
        ["PWN(a, out)"],
    ),
    "a lone layer": ("%out = trt.unary exp %x : T -> T", ["out"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_tells_what_came_as_a_pointwise_part(case: str):
    body, wanted = CASES[case]
    assert names(body, NameStyle.ENGINE) == wanted


@pytest.mark.parametrize(("element", "wanted"), [("f16", "out"), ("f32", "PWN(out)")])
def test_a_gelu_is_taken_by_its_rule_in_half_precision_only(element: str, wanted: str):
    body = CONV + "%out = trt.activation gelu_erf %conv1 : T -> T"
    assert names(body, NameStyle.ENGINE, element) == [f"conv1 + {wanted}"]


def test_the_catalogs_style_is_the_default():
    group, _ = CASES["nothing but pointwise layers"]
    assert names(group, NameStyle.CATALOG) == ["fusedPointwiseNode(a, out)"]
    epilogue, _ = CASES["a pointwise group"]
    assert names(epilogue, NameStyle.CATALOG) == ["conv1 + s + out"]


AMBIGUOUS = """
func.func @net(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = trt.unary exp %x layers ["a, b"] : tensor<4xf32> -> tensor<4xf32>
  %1 = trt.unary abs %0 layers ["c + d/e"] : tensor<4xf32> -> tensor<4xf32>
  %2 = trt.unary exp %y : tensor<4xf32> -> tensor<4xf32>
  %3 = trt.unary abs %2 : tensor<4xf32> -> tensor<4xf32>
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}
"""
"""Names with what joins names in them, and layers without any."""


@pytest.mark.parametrize("style", NameStyle)
def test_ids_tell_apart_what_names_may_not(style: NameStyle):
    module = parse_module(make_context(), AMBIGUOUS, "net.mlir")
    with collect() as remarks, names_as(style):
        TrtFusePass().apply(Context(), module)
    records = json.loads(explain(remarks, "json"))
    fused = [r for r in records if r["verdict"] == "fused"]
    unnamed = ["(Unnamed Layer* 2) [Unary]", "(Unnamed Layer* 3) [Unary]"]
    assert [r["layers"] for r in fused] == [["a, b", "c + d/e"], unnamed]
    with names_as(style):
        assert [r["name"] for r in fused] == [k.name for k in kernels(module)]
    (function,) = functions(module)
    places = sources(function)
    assert set(places) == {"a, b", "c + d/e", *unnamed}
    assert all(len(where) == 1 for where in places.values())


def test_a_style_changes_no_ir():
    texts: list[str] = []
    for style in NameStyle:
        module = parse_module(make_context(), AMBIGUOUS, "net.mlir")
        with names_as(style):
            TrtFusePass().apply(Context(), module)
            texts.append(str(module))
    assert texts[0] == texts[1]
