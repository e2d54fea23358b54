"""The LLVM intrinsics that are known to be supported, and from which target on.

Where no target is given it is sm_75. LLVM ends the process at an intrinsic that its
target lacks: none is added without a trial.
"""

from __future__ import annotations

INTRINSIC_OPS = frozenset(
    {
        "ceil",
        "copysign",
        "fabs",
        "floor",
        "fma",
        "fmuladd",
        "maximum",
        "maxnum",
        "minimum",
        "minnum",
        "round",
        "roundeven",
        "smax",
        "smin",
        "sqrt",
        "trunc",
        "umax",
        "umin",
    }
)
"""Operations `llvm.intr.X` that become a call of `llvm.X.<type>`."""

MINIMUM_SM_BY_INTRINSIC = {
    "llvm.nvvm.bar.warp.sync": 75,
    "llvm.nvvm.cp.async.ca.shared.global.16": 80,
    "llvm.nvvm.cp.async.ca.shared.global.16.s": 80,
    "llvm.nvvm.cp.async.ca.shared.global.4": 80,
    "llvm.nvvm.cp.async.ca.shared.global.4.s": 80,
    "llvm.nvvm.cp.async.ca.shared.global.8": 80,
    "llvm.nvvm.cp.async.ca.shared.global.8.s": 80,
    "llvm.nvvm.cp.async.cg.shared.global.16": 80,
    "llvm.nvvm.cp.async.cg.shared.global.16.s": 80,
    "llvm.nvvm.cp.async.commit.group": 80,
    "llvm.nvvm.cp.async.wait.all": 80,
    "llvm.nvvm.cp.async.wait.group": 80,
    "llvm.nvvm.ex2.approx.ftz.f": 75,
    "llvm.nvvm.idp4a.s.s": 75,
    "llvm.nvvm.idp4a.u.u": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3": 75,
    "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3": 75,
    "llvm.nvvm.lg2.approx.ftz.f": 75,
    "llvm.nvvm.mma.m16n8k16.row.col.bf16": 80,
    "llvm.nvvm.mma.m16n8k16.row.col.f32.f32": 80,
    "llvm.nvvm.mma.m16n8k16.row.col.s8": 80,
    "llvm.nvvm.mma.m16n8k32.row.col.s8": 80,
    "llvm.nvvm.mma.m16n8k4.row.col.tf32": 80,
    "llvm.nvvm.mma.m16n8k8.row.col.bf16": 80,
    "llvm.nvvm.mma.m16n8k8.row.col.f32.f32": 75,
    "llvm.nvvm.mma.m16n8k8.row.col.tf32": 80,
    "llvm.nvvm.rcp.approx.ftz.f": 75,
    "llvm.nvvm.rsqrt.approx.ftz.f": 75,
    "llvm.nvvm.tanh.approx.f32": 75,
}
"""Intrinsics that `llvm.call_intrinsic` may name, and the oldest target of each."""

_VECTORS_OF_BYTES = ("avx512vnni avx512vl", "avxvnni")

PREFETCH = "llvm.prefetch.p0"

CPU_FEATURES_BY_INTRINSIC = {
    PREFETCH: ("",),
    "llvm.x86.avx512.vpdpbusd.128": _VECTORS_OF_BYTES,
    "llvm.x86.avx512.vpdpbusd.256": _VECTORS_OF_BYTES,
    "llvm.x86.avx512.vpdpbusd.512": ("avx512vnni",),
}
"""Those for a CPU, and the features that it has to have: any of these sets."""

KNOWN_INTRINSICS = frozenset({*MINIMUM_SM_BY_INTRINSIC, *CPU_FEATURES_BY_INTRINSIC})
