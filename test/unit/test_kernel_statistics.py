"""What `--kernel-stats` says of kernels, against ptxas and the text of the PTX."""

from __future__ import annotations

from typing import Any

import pytest
from kernels_on_host import lower, parse
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen import kernel_statistics as statistics
from fusemlir.codegen.kernel_statistics import (
    arena_statistics,
    count_instructions,
    kernel_statistics,
)
from fusemlir.codegen.ptx import find_ptxas
from fusemlir.tools import fuse_run
from fusemlir.tools.kernel_report import kernel_report

NETWORK = """
func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = trt.unary neg %x layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %b = trt.unary exp %a layers ["b"] : tensor<8xf32> -> tensor<8xf32>
  %c = trt.unary neg %b layers ["c"] : tensor<8xf32> -> tensor<8xf32>
  func.return %c : tensor<8xf32>
}
"""

PTX = """
.visible .entry k(
\t.param .u64 .ptr .align 16 k_param_0
)
{
\t.reg .pred \t%p<2>;

// %bb.0:
\tld.param.b64 \t%rd1, [k_param_0];
\tsetp.gt.u32 \t%p1, %r1, 599;
\t@%p1 bra \t$L__BB0_2;
$L__BB0_2:
\tbar.sync \t0;
\tcall.uni (retval0),
\tf, (param0);
\tret;
}
"""


@pytest.fixture
def lowered() -> ModuleOp:
    return lower(parse(NETWORK))


def test_instructions_are_counted_and_nothing_else():
    assert count_instructions(PTX) == 6


def test_launches_of_one_kernel_are_counted_together(lowered: ModuleOp):
    before = str(lowered)
    found = {kernel.name: kernel for kernel in kernel_statistics(lowered, "80")}
    assert {name: kernel.launches for name, kernel in found.items()} == {
        "neg_0": 2,
        "exp_0": 1,
    }
    assert {(k.grid, k.threads) for k in found.values()} == {("1x1x1", "256x1x1")}
    assert found["exp_0"].ptx_instructions > found["neg_0"].ptx_instructions
    assert str(lowered) == before


def test_the_arena_is_compared_with_memory_for_each(lowered: ModuleOp):
    arena = arena_statistics(lowered)
    assert (arena.size, arena.separate) == (256 + 32, 64)


@pytest.mark.skipif(find_ptxas() is None, reason="no ptxas on the PATH")
def test_registers_are_those_that_ptxas_counts(lowered: ModuleOp):
    for kernel in kernel_statistics(lowered, "80"):
        assert kernel.assembled is not None
        assert kernel.assembled.name == kernel.name
        assert 4 <= kernel.assembled.registers <= 255
        assert kernel.assembled.spill_stores == 0


def test_a_missing_ptxas_is_said(lowered: ModuleOp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statistics, "find_ptxas", lambda: None)
    monkeypatch.setattr("fusemlir.codegen.ptx.find_ptxas", lambda: None)
    report = kernel_report(lowered, "80")
    assert "registers and spills are not known: there is no ptxas here" in report
    (row,) = (line.split() for line in report.splitlines() if line.endswith("neg_0"))
    assert [row[5], row[7], row[10]] == ["-", "-", "0.0"]


def test_fuse_run_tells_of_kernels_whatever_runs(capsys: Any, tmp_path: Any):
    path = tmp_path / "net.mlir"
    path.write_text(NETWORK)
    words = [str(path), "--device=reference", "--no-fusion"]
    assert fuse_run.main(words) == 0
    assert "Kernel statistics" not in capsys.readouterr().err
    assert fuse_run.main([*words, "--kernel-stats"]) == 0
    assert "kernels: 2, launched 3 times" in capsys.readouterr().err
