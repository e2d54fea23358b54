"""The llvm and nvvm dialects as LLVM IR text, read back by LLVM itself."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import (
    BFloat16Type,
    Builtin,
    Float16Type,
    Float32Type,
    Float64Type,
    ModuleOp,
)
from xdsl.dialects.gpu import GPU
from xdsl.ir import Attribute
from xdsl.parser import Parser

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.llvm import LLVM
from fusemlir.dialects.nvvm import NVVM
from fusemlir.lowering.llvm_spelling import number_text, quoted
from fusemlir.lowering.llvm_text import print_llvm


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, GPU, LLVM, NVVM):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


def body_of(lines: str, arguments: str = "", attributes: str = "") -> str:
    """What LLVM reads of a function of these llvm operations, verified by LLVM."""
    text = print_llvm(
        parse(
            f"llvm.func @f({arguments}) {attributes} {{\n{lines}\nllvm.return\n}}\n",
        )
    )
    return str(read_by_llvm(text))


def read_by_llvm(text: str) -> Any:
    module = import_module("llvmlite.binding").parse_assembly(text)
    module.verify()
    return module


@pytest.mark.parametrize(
    ("value", "ty", "text"),
    [
        (0.5, Float16Type(), "0x3FE0000000000000"),
        (0.1, Float16Type(), "0x3FB9980000000000"),
        (0.1, Float32Type(), "0x3FB99999A0000000"),
        (0.1, Float64Type(), "0x3FB999999999999A"),
        (0.1, BFloat16Type(), "0xR3DCD"),
        (1.00390625, BFloat16Type(), "0xR3F80"),  # half way: to even
        (1.01171875, BFloat16Type(), "0xR3F82"),
        (float("-inf"), BFloat16Type(), "0xRFF80"),
        (float("nan"), BFloat16Type(), "0xR7FC0"),
        (float("inf"), Float32Type(), "0x7FF0000000000000"),
        (-0.0, Float32Type(), "0x8000000000000000"),
    ],
)
def test_constants_are_rounded_to_their_type(value: float, ty: Attribute, text: str):
    assert number_text(value, ty) == text


def test_constants_mean_to_llvm_what_they_say():
    text = body_of(
        """
        %h = llvm.mlir.constant(1.0e-01 : f16) : f16
        %b = llvm.mlir.constant(2.5e+00 : bf16) : bf16
        %i = llvm.mlir.constant(-1 : i8) : i8
        %v = llvm.mlir.constant(dense<[1, 2]> : vector<2xi32>) : vector<2xi32>
        llvm.store %h, %p : f16, !llvm.ptr
        llvm.store %b, %p : bf16, !llvm.ptr
        llvm.store %i, %p : i8, !llvm.ptr
        llvm.store %v, %p {alignment = 16 : i64} : vector<2xi32>, !llvm.ptr
        """,
        "%p: !llvm.ptr",
    )
    assert "store half 0xH2E66, ptr %0" in text
    assert "store bfloat 0xR4020, ptr %0" in text
    assert "store i8 -1, ptr %0" in text
    assert "store <2 x i32> <i32 1, i32 2>, ptr %0, align 16" in text


def test_quotes_and_line_ends_of_inline_assembly_are_escaped():
    assert quoted('a "b"\n\\') == '"a \\22b\\22\\0A\\5C"'


def test_kernels_have_their_calling_convention_and_launch_bound():
    attributes = (
        "attributes {nvvm.kernel, nvvm.maxntid = array<i32: 32, 4, 1>, "
        "nvvm.minctasm = 2 : i32}"
    )
    text = body_of(
        "", "%p: !llvm.ptr {llvm.noalias, llvm.align = 16 : i32}", attributes
    )
    assert "define ptx_kernel void @f(ptr noalias align 16 %0)" in text
    assert '"nvvm.maxntid"="32,4,1"' in text
    assert '"nvvm.minctasm"="2"' in text


def test_a_function_that_is_kept_apart_is_not_inlined():
    assert "noinline" in body_of("", attributes="attributes {no_inline}")
    assert "noinline" not in body_of("")


def test_fast_math_and_overflow_flags_are_kept():
    text = body_of(
        """
        %s = llvm.fadd %x, %x {fastmathFlags = #llvm.fastmath<contract>} : f32
        %m = llvm.intr.maximum(%s, %x) {fastmathFlags = #llvm.fastmath<nnan>}
          : (f32, f32) -> f32
        %a = llvm.add %i, %i overflow<nsw, nuw> : i64
        llvm.store %m, %p : f32, !llvm.ptr
        llvm.store %a, %p : i64, !llvm.ptr
        """,
        "%x: f32, %i: i64, %p: !llvm.ptr",
    )
    assert "fadd contract float" in text
    assert "call nnan float @llvm.maximum.f32" in text
    assert "add nuw nsw i64" in text


def test_address_spaces_reach_pointers_globals_and_element_pointers():
    text = print_llvm(
        parse(
            """
            "gpu.module"() <{sym_name = "m"}> ({
              llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16}
                : !llvm.array<64 x f32>
              llvm.func @f(%i: i64, %x: f32) {
                %t = llvm.mlir.addressof @tile : !llvm.ptr<3>
                %e = llvm.getelementptr inbounds %t[%i]
                  : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, f32
                llvm.store %x, %e : f32, !llvm.ptr<3>
                llvm.return
              }
            }) : () -> ()
            """
        )
    )
    read = str(read_by_llvm(text))
    assert "@tile = internal addrspace(3) global [64 x float] undef, align 16" in read
    assert "getelementptr inbounds float, ptr addrspace(3) @tile, i64 %0" in read


def test_branch_arguments_become_phis_of_every_predecessor():
    text = print_llvm(
        parse(
            """
            llvm.func @f(%c: i1, %x: f32) -> f32 {
              %zero = llvm.mlir.constant(0.0 : f32) : f32
              llvm.cond_br %c, ^other, ^join(%x : f32)
            ^other:
              llvm.br ^join(%zero : f32)
            ^join(%r: f32):
              llvm.return %r : f32
            }
            """
        )
    )
    read_by_llvm(text)
    [phi] = [line for line in text.splitlines() if "phi" in line]
    assert "[ %1, %b0 ]" in phi
    assert "[ 0x0000000000000000, %b1 ]" in phi


def test_barriers_and_shuffles_are_convergent_calls():
    text = body_of(
        """
        nvvm.barrier
        nvvm.barrier id = %i number_of_threads = %i
        %s = nvvm.shfl.sync bfly %i, %x, %i, %i : f32 -> f32
        llvm.store %s, %p : f32, !llvm.ptr
        """,
        "%x: f32, %i: i32, %p: !llvm.ptr",
    )
    assert "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 0) #" in text
    assert "@llvm.nvvm.barrier.cta.sync.aligned.count(i32 %1, i32 %1) #" in text
    assert "@llvm.nvvm.shfl.sync.bfly.f32(i32 %1, float %0, i32 %1, i32 %1)" in text
    assert "convergent" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%r = llvm.intr.exp(%x) : (f32) -> f32", r"llvm\.intr\.exp on \(f32\)"),
        (
            'llvm.call_intrinsic "llvm.log.f32"(%x) : (f32) -> ()',
            r"intrinsic llvm\.log\.f32 is not among those known",
        ),
        ("%r = llvm.intr.pow(%x, %x) : (f32, f32) -> f32", r"llvm\.intr\.pow"),
    ],
)
def test_what_would_end_the_process_is_refused(line: str, message: str):
    with pytest.raises(DiagnosticError, match=message):
        body_of(line, "%x: f32")


def test_kernels_that_are_not_converted_are_refused():
    text = (
        '"gpu.module"() <{sym_name = "m"}> ({ "gpu.barrier"() : () -> () }) : () -> ()'
    )
    with pytest.raises(DiagnosticError, match=r"gpu\.barrier is not of the llvm"):
        print_llvm(parse(text))
