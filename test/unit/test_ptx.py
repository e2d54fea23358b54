"""LLVM IR to PTX, and PTX to machine code where there is ptxas."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from fusemlir.codegen import ptx
from fusemlir.codegen.ptx import CodegenError, assemble, emit_ptx, find_ptxas
from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.llvm_intrinsics import INTRINSIC_OPS, MINIMUM_SM_BY_INTRINSIC

needs_ptxas = pytest.mark.skipif(find_ptxas() is None, reason="no ptxas found")

COPY = """
define ptx_kernel void @copy(ptr %x, ptr %y) "nvvm.maxntid"="128,1,1" {
  %a = load float, ptr %x
  store float %a, ptr %y
  ret void
}
"""

RETURN_AND_ARGUMENTS = {
    "llvm.nvvm.bar.warp.sync": "void i32",
    "llvm.nvvm.cp.async.ca.shared.global.16": "void ptr(3) ptr(1)",
    "llvm.nvvm.cp.async.ca.shared.global.16.s": "void ptr(3) ptr(1) i32",
    "llvm.nvvm.cp.async.ca.shared.global.4": "void ptr(3) ptr(1)",
    "llvm.nvvm.cp.async.ca.shared.global.4.s": "void ptr(3) ptr(1) i32",
    "llvm.nvvm.cp.async.ca.shared.global.8": "void ptr(3) ptr(1)",
    "llvm.nvvm.cp.async.ca.shared.global.8.s": "void ptr(3) ptr(1) i32",
    "llvm.nvvm.cp.async.cg.shared.global.16": "void ptr(3) ptr(1)",
    "llvm.nvvm.cp.async.cg.shared.global.16.s": "void ptr(3) ptr(1) i32",
    "llvm.nvvm.cp.async.commit.group": "void",
    "llvm.nvvm.cp.async.wait.all": "void",
    "llvm.nvvm.cp.async.wait.group": "void 1",
    "llvm.nvvm.ex2.approx.ftz.f": "float float",
    "llvm.nvvm.idp4a.s.s": "i32 i32 i32 i32",
    "llvm.nvvm.idp4a.u.u": "i32 i32 i32 i32",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3": "i32 ptr(3)",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3": "i32 ptr(3)",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3": "{i32,i32} ptr(3)",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3": "{i32,i32} ptr(3)",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3": "{i32,i32,i32,i32} ptr(3)",
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3": "{i32,i32,i32,i32} ptr(3)",
    "llvm.nvvm.lg2.approx.ftz.f": "float float",
    "llvm.nvvm.mma.m16n8k16.row.col.bf16": "{float,float,float,float}"
    + 6 * " i32"
    + 4 * " float",
    "llvm.nvvm.mma.m16n8k16.row.col.f32.f32": "{float,float,float,float}"
    + 6 * " half2"
    + 4 * " float",
    "llvm.nvvm.mma.m16n8k16.row.col.s8": "{i32,i32,i32,i32}" + 3 * " i32" + 4 * " i32",
    "llvm.nvvm.mma.m16n8k32.row.col.s8": "{i32,i32,i32,i32}" + 6 * " i32" + 4 * " i32",
    "llvm.nvvm.mma.m16n8k4.row.col.tf32": "{float,float,float,float}"
    + 3 * " i32"
    + 4 * " float",
    "llvm.nvvm.mma.m16n8k8.row.col.bf16": "{float,float,float,float}"
    + 3 * " i32"
    + 4 * " float",
    "llvm.nvvm.mma.m16n8k8.row.col.f32.f32": "{float,float,float,float}"
    + 3 * " half2"
    + 4 * " float",
    "llvm.nvvm.mma.m16n8k8.row.col.tf32": "{float,float,float,float}"
    + 6 * " i32"
    + 4 * " float",
    "llvm.nvvm.rcp.approx.ftz.f": "float float",
    "llvm.nvvm.rsqrt.approx.ftz.f": "float float",
    "llvm.nvvm.tanh.approx.f32": "float float",
}

TYPES = {"ptr(3)": "ptr addrspace(3)", "ptr(1)": "ptr addrspace(1)", "1": "i32"}
TYPES["half2"] = "<2 x half>"

ARITY = {"fma": 3, "fmuladd": 3, "copysign": 2}
FLOAT_TYPES = {"f16": "half", "bf16": "bfloat", "f32": "float"}


def target_intrinsic_kernel(name: str) -> str:
    """A kernel that calls an intrinsic of NVPTX on its arguments."""
    returned, *words = RETURN_AND_ARGUMENTS[name].split()
    types = [TYPES.get(word, word) for word in words]
    is_constant = [word == "1" for word in words]
    parameters = ", ".join(f"{ty} %a{k}" for k, ty in enumerate(types))
    passed = ", ".join(
        f"{ty} {'1' if constant else f'%a{k}'}"
        for k, (ty, constant) in enumerate(zip(types, is_constant, strict=True))
    )
    keep = "" if returned == "void" else f"  store {returned} %r, ptr %out\n"
    result = "" if returned == "void" else "%r = "
    arguments = ", ".join(filter(None, ["ptr %out", parameters]))
    return (
        f"declare {returned} @{name}({', '.join(types)})\n"
        f"define ptx_kernel void @k({arguments}) {{\n"
        f"  {result}call {returned} @{name}({passed})\n{keep}  ret void\n}}\n"
    )


def generic_intrinsic_kernels() -> str:
    """One kernel for each `llvm.intr` operation and type it may have."""
    text = ""
    for name in sorted(INTRINSIC_OPS):
        is_integer = name[1:] in ("max", "min")
        is_binary = is_integer or name.startswith(("max", "min"))
        integers = {ty: ty for ty in ("i8", "i32", "i64")}
        for suffix, ty in (integers if is_integer else FLOAT_TYPES).items():
            arity = 2 if is_binary else ARITY.get(name, 1)
            parameters = ", ".join(f"{ty} %a{k}" for k in range(arity))
            intrinsic = f"@llvm.{name}.{suffix}"
            text += f"declare {ty} {intrinsic}({', '.join([ty] * arity)})\n"
            text += (
                f"define ptx_kernel void @{name}_{suffix}(ptr %o, {parameters}) {{\n"
            )
            text += f"  %r = call {ty} {intrinsic}({parameters})\n"
            text += f"  store {ty} %r, ptr %o\n  ret void\n}}\n"
    return text


def emit_apart(text: str, sm: str) -> str:
    """PTX made in a process of its own, which LLVM may end."""
    program = (
        "import sys; from fusemlir.codegen.ptx import emit_ptx; "
        f"sys.stdout.write(emit_ptx(sys.stdin.read(), {sm!r}))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("sm", "version"), [("75", "7.0"), ("80", "7.0"), ("90", "7.8"), ("90a", "8.0")]
)
def test_ptx_is_no_newer_than_the_target_asks(sm: str, version: str):
    text = emit_ptx(COPY, sm)
    assert f".version {version}\n.target sm_{sm}\n" in text
    assert ".maxntid 128, 1, 1" in text
    assert ".visible .entry copy(" in text
    assert "ld.global.b32" in text, "a generic pointer argument is known to be global"


def test_a_newer_ptx_version_can_be_asked_for():
    assert ".version 8.6" in emit_ptx(COPY, "sm_80", ptx_version=86)


@pytest.mark.parametrize("version", [63, 91])
def test_a_ptx_version_out_of_range_is_refused(version: int):
    with pytest.raises(CodegenError, match=f"from 70 to 90, found {version}"):
        emit_ptx(COPY, "80", ptx_version=version)


def test_an_unknown_target_is_refused_by_name():
    with pytest.raises(CodegenError, match=r"wanted one of sm_75, .*, found sm_33"):
        emit_ptx(COPY, "33")


def test_wrong_llvm_ir_is_reported_with_the_message_of_llvm():
    with pytest.raises(DiagnosticError, match="expected instruction opcode"):
        emit_ptx("define void @f() { nonsense }", "80")


def test_an_intrinsic_too_new_for_the_target_is_refused_before_llvm():
    text = target_intrinsic_kernel("llvm.nvvm.cp.async.commit.group")
    with pytest.raises(CodegenError, match="wants sm_80 or newer, found sm_75"):
        emit_ptx(text, "75")


@pytest.mark.parametrize("sm", ["75", "90"])
def test_intrinsics_of_operations_are_instructions_on_every_target(sm: str):
    text = emit_apart(generic_intrinsic_kernels(), sm)
    assert text.count(".entry") == generic_intrinsic_kernels().count("define")
    assert "call" not in re.sub(r"//.*", "", text)


def test_every_intrinsic_with_a_minimum_target_is_tried():
    assert RETURN_AND_ARGUMENTS.keys() == MINIMUM_SM_BY_INTRINSIC.keys()


@pytest.mark.parametrize("sm", ["75", "80"])
def test_target_intrinsics_are_supported_from_their_minimum_on(sm: str):
    kernels = [
        target_intrinsic_kernel(name).replace("@k(", f"@k{index}(")
        for index, (name, minimum) in enumerate(MINIMUM_SM_BY_INTRINSIC.items())
        if minimum <= int(sm)
    ]
    text = emit_apart("".join(kernels), sm)
    assert text.count(".entry") == len(kernels)
    if find_ptxas() is not None:
        assert len(assemble(text, sm).kernels) == len(kernels)


@needs_ptxas
def test_ptxas_says_what_a_kernel_needs():
    assembly = assemble(emit_ptx(COPY, "80"), "80")
    assert assembly.cubin.startswith(b"\x7fELF")
    kernel = assembly.kernel("copy")
    assert 0 < kernel.registers < 32
    assert (kernel.spill_stores, kernel.spill_loads, kernel.shared_memory) == (0, 0, 0)
    with pytest.raises(KeyError):
        assembly.kernel("paste")


@needs_ptxas
def test_what_ptxas_refuses_is_reported_with_its_log():
    broken = emit_ptx(COPY, "80").replace("ld.global.b32", "ld.global.b33")
    with pytest.raises(CodegenError, match=r"(?s)refuses the PTX:.*line \d+"):
        assemble(broken, "80")


def test_a_missing_ptxas_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ptx, "find_ptxas", lambda: None)
    with pytest.raises(CodegenError, match="none on the PATH"):
        assemble("", "80")


def test_the_log_of_several_kernels_is_read_apart():
    log = """ptxas info    : Compiling entry function 'a' for 'sm_80'
ptxas info    : Function properties for a
    0 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 1024 bytes smem, 380 bytes cmem[0]
ptxas info    : Compiling entry function 'b' for 'sm_80'
ptxas info    : Used 10 registers, 376 bytes cmem[0]
"""
    first, second = ptx.parse_ptxas_log(log)
    assert first == ptx.AssembledKernel("a", 40, 12, 8, 1024)
    assert second == ptx.AssembledKernel("b", 10, 0, 0, 0)
