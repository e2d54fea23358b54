"""Conversions to and from bf16 and f16 on the CPU: bit for bit those of numpy and
ml_dtypes, with the CPU's own instructions and without."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from kernels_on_host import parse

import fusemlir
from fusemlir.codegen import native
from fusemlir.codegen.native import HostCpu

NATIVE = native.host_cpu()

CPUS = {
    "the one at hand": NATIVE,
    "no conversions": HostCpu(NATIVE.triple, "x86-64", ("-f16c",)),
}

TYPES: dict[str, Any] = {"bf16": ml_dtypes.bfloat16, "f16": np.float16}

LOWER = np.array(
    [0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF],
    np.uint32,
)
"""Lower halves of an f32: ties of both types, and what is next to them."""


@pytest.fixture(params=CPUS)
def cpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> HostCpu:
    chosen = CPUS[request.param]
    if not chosen.triple.startswith(("x86_64", "aarch64")):
        pytest.skip(f"what {chosen.triple} has is not known")
    if chosen.name == "x86-64" and not chosen.triple.startswith("x86_64"):
        pytest.skip("a CPU of another make has these conversions")
    monkeypatch.setattr(native, "host_cpu", lambda: chosen)
    return chosen


def cast(array: np.ndarray, source: str, target: str) -> np.ndarray:
    before, after = (f"tensor<{array.size}x{element}>" for element in (source, target))
    text = f"""
    func.func @main(%x: {before}) -> {after} {{
      %y = trt.cast %x : {before} -> {after}
      func.return %y : {after}
    }}"""
    (found,) = fusemlir.compile(parse(text), device="host").run([array])
    return found


def assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    """Zeros have a sign; any NaN is as good as another of its sign."""
    one, other = found.astype(np.float32), wanted.astype(np.float32)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.signbit(one), np.signbit(other))


@pytest.mark.parametrize("element", TYPES)
def test_every_upper_half_of_an_f32_is_rounded_half_to_even(cpu: HostCpu, element: str):
    """Subnormal numbers, infinities, NaN and what overflows among them."""
    upper = np.arange(2**16, dtype=np.uint32) << 16
    x = (upper[:, None] | LOWER).reshape(-1).view(np.float32)
    with np.errstate(all="ignore"):
        wanted = x.astype(TYPES[element])
    assert_same(cast(x, "f32", element), wanted)


@pytest.mark.parametrize("element", TYPES)
def test_every_half_becomes_the_f32_of_its_value(cpu: HostCpu, element: str):
    halves = np.arange(2**16, dtype=np.uint16).view(TYPES[element])
    assert_same(cast(halves, element, "f32"), halves.astype(np.float32))


@pytest.mark.parametrize("element", TYPES)
def test_nothing_is_computed_in_a_type_that_the_cpu_has_not(cpu: HostCpu, element: str):
    """An absolute value of what was f16 or bf16 is one of f32."""
    x = np.array([-1.5, np.inf, -0.0, 3, 0.25], TYPES[element])
    type = f"tensor<5x{element}>"
    text = f"""
    func.func @main(%x: {type}) -> {type} {{
      %1 = trt.unary abs %x : {type} -> {type}
      %y = trt.element_wise pow %1, %1 : ({type}, {type}) -> {type}
      func.return %y : {type}
    }}"""
    (found,) = fusemlir.compile(parse(text), device="host").run([x])
    wide = np.abs(x.astype(np.float64))
    assert_same(found, (wide**wide).astype(TYPES[element]))


@pytest.mark.parametrize("element", TYPES)
def test_what_is_only_moved_keeps_its_bits(cpu: HostCpu, element: str):
    """A NaN's too, where what is read depends on a condition."""
    x = np.array([[0x7F81, 0xFF85, 0x7C01, 1]], np.uint16).view(TYPES[element])
    before, after = (f"tensor<1x{size}x{element}>" for size in (4, 6))
    text = f"""
    func.func @main(%x: {before}) -> {after} {{
      %1 = trt.constant dense<1.0> : tensor<{element}>
      %y = trt.slice %x fill(%1 : tensor<{element}>) start = [0, -1] size = [1, 6]
        mode = fill : {before} -> {after}
      func.return %y : {after}
    }}"""
    (found,) = fusemlir.compile(parse(text), device="host").run([x])
    wanted = np.pad(x, ((0, 0), (1, 1)), constant_values=TYPES[element](1))
    np.testing.assert_array_equal(found.view(np.uint16), wanted.view(np.uint16))
