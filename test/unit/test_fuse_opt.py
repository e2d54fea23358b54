"""fuse-opt as a command: files, exit codes, messages, reports, and how it starts."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.arith import AddfOp
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from fusemlir.diagnostics import DiagnosticError
from fusemlir.remarks import Remark, RemarkKind, emit
from fusemlir.tools import pass_registry
from fusemlir.tools.fuse_opt import main
from fusemlir.tools.help_text import summary
from fusemlir.tools.source import Source

ADD = """func.func @f(%a: f32) -> f32 {
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %x : f32
  func.return %y : f32
}
"""


def adds(module: ModuleOp) -> list[AddfOp]:
    return [op for op in module.walk() if isinstance(op, AddfOp)]


@dataclass(frozen=True)
class RemarkingPass(ModulePass):
    """Says something of each addition."""

    name = "test-remarks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for kind, add in zip(
            (RemarkKind.MISSED, RemarkKind.PASSED), adds(op), strict=True
        ):
            emit(Remark(kind, self.name, ("a",), "as asked", location=add.location))


@dataclass(frozen=True)
class CrashingPass(ModulePass):
    """Breaks down."""

    name = "test-crash"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise KeyError("no such thing")


@dataclass(frozen=True)
class RefusingPass(ModulePass):
    """Refuses the module, at an op or without a place."""

    name = "test-refuse"

    at_op: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.at_op:
            raise DiagnosticError.at(adds(op)[0].location, "this one is not for me")
        raise PassFailedException("Not for me")


@dataclass(frozen=True)
class BreakingPass(ModulePass):
    """Leaves a use above its definition."""

    name = "test-break"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        first, second = adds(op)
        first.operands[0] = second.result


@dataclass(frozen=True)
class RenamingPass(ModulePass):
    name = "test-rename"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if isinstance(function, FuncOp):
                function.properties["sym_name"] = type(function.sym_name)("renamed")


TEST_PASSES = (RemarkingPass, CrashingPass, RefusingPass, BreakingPass, RenamingPass)


@pytest.fixture(autouse=True)
def _test_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def loader(pass_type: type[ModulePass]) -> Callable[[], type[ModulePass]]:
        return lambda: pass_type

    passes = {each.name: loader(each) for each in TEST_PASSES}
    monkeypatch.setattr(pass_registry, "get_all_passes", lambda: passes)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.mlir"
    path.write_text(ADD)
    return path


def run(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fusemlir.tools.fuse_opt", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_stdin_is_read_and_stdout_written_by_default() -> None:
    result = run(stdin=ADD.encode())
    assert result.returncode == 0
    assert b"arith.addf" in result.stdout
    assert result.stderr == b""


def test_the_output_may_be_the_input(source: Path) -> None:
    assert main([str(source), "--test-rename", "-o", str(source)]) == 0
    assert "@renamed" in source.read_text()
    assert os.listdir(source.parent) == ["in.mlir"]


def test_a_failure_leaves_the_output_as_it_was(source: Path) -> None:
    output = source.with_name("out.mlir")
    output.write_text("precious")
    assert main([str(source), "--test-refuse", "-o", str(output)]) == 1
    assert output.read_text() == "precious"
    assert sorted(os.listdir(source.parent)) == ["in.mlir", "out.mlir"]


def test_one_failed_part_writes_no_file(source: Path) -> None:
    source.write_text(f"{ADD}// -----\nnonsense\n")
    output = source.with_name("out.mlir")
    assert main([str(source), "--split-input-file", "-o", str(output)]) == 1
    assert not output.exists()


def test_parts_are_split_whatever_ends_their_lines() -> None:
    parts = list(Source("in.mlir", "a\r\n// ----- \t\r\nb\r\n").chunks(split=True))
    assert [part.strip() for part in parts] == ["a", "b"]
    assert parts[1].split("\n").index("b\r") == 2


@pytest.mark.parametrize("line", ["a // -----", "// -----// IR Dump", "// ------"])
def test_a_marker_that_does_not_fill_its_line_is_none(line: str) -> None:
    assert list(Source("in.mlir", f"{line}\nb").chunks(split=True)) == [f"{line}\nb"]


def test_the_mode_of_an_output_file_is_kept(source: Path) -> None:
    source.chmod(0o640)
    assert main([str(source), "-o", str(source)]) == 0
    assert stat.S_IMODE(source.stat().st_mode) == 0o640


def test_a_new_output_file_follows_the_umask(source: Path) -> None:
    output = source.with_name("out.mlir")
    before = os.umask(0o027)
    try:
        assert main([str(source), "-o", str(output)]) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(output.stat().st_mode) == 0o640


def test_a_symbolic_link_stays_one(source: Path) -> None:
    link = source.with_name("link.mlir")
    link.symlink_to(source)
    assert main([str(link), "--test-rename", "-o", str(link)]) == 0
    assert link.is_symlink()
    assert "@renamed" in source.read_text()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nowhere.mlir"], 1, "error: nowhere.mlir: No such file or directory"),
        (["{in}", "-o", "/nowhere/x"], 1, "error: /nowhere/x: No such file or dir"),
        (["{in}", "--test-renam"], 1, "unknown flag '--test-renam'; did you mean '--"),
        (["{in}", "--test-refuse=at-op=7"], 1, "wants true or false, got '7'"),
        (["{in}", "--test-refuse"], 1, "in.mlir:1:1: error: pass 'test-refuse' failed"),
        (["{in}", "--test-refuse=at-op"], 1, "in.mlir:2:3: error: this one is not for"),
        (["{in}", "--test-break"], 1, "further down (after pass 'test-break')"),
        (["{in}", "--shape=a=1"], 1, "'--shape' is for .onnx models"),
        (["{in}", "--test-crash"], 70, "internal error in pass 'test-crash': KeyErr"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_sets_the_exit_code(
    source: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    assert main([word.format(**{"in": source}) for word in words]) == code
    stderr = capsys.readouterr().err
    assert message in stderr
    assert ("Traceback" in stderr) == (code == 70)


def test_a_named_location_is_printed_with_the_file_it_is_in(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(ADD.replace("%a, %a : f32", '%a, %a : f32 loc("add1")'))
    assert main([str(source), "--test-refuse=at-op"]) == 1
    assert "in.mlir: 'add1': error: this one is not" in capsys.readouterr().err


def test_an_invalid_module_passes_where_verification_is_off(source: Path) -> None:
    assert main([str(source), "--test-break", "--verify-each=false"]) == 0


def test_bytes_that_are_no_text_are_refused_with_their_place() -> None:
    result = run(stdin=b"func.func @f() {\n  \xff\n}")
    assert result.returncode == 1
    assert b"<stdin>:2:3: error: byte 0xff is not UTF-8" in result.stderr


def test_a_reader_that_leaves_early_is_no_fault(source: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "fusemlir.tools.fuse_opt", str(source)]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert result.stderr == b""
    assert result.returncode == 1


def test_remarks_are_silent_unless_asked_for(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(source), "--test-remarks"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("flag", "lines"),
    [("--remarks", [2, 3]), ("--remarks=missed", [2]), ("--remarks=passed", [3])],
)
def test_remarks_are_printed_by_kind(
    source: Path, capsys: pytest.CaptureFixture[str], flag: str, lines: list[int]
) -> None:
    assert main([str(source), "--test-remarks", flag]) == 0
    stderr = capsys.readouterr().err
    kinds = {2: "Missed", 3: "Passed"}
    for line, kind in kinds.items():
        remark = (
            f"in.mlir:{line}:3: remark: [{kind}] test-remarks | Category:fusion | "
            'Reason="as asked"'
        )
        assert (remark in stderr) == (line in lines)


def test_an_expected_remark_makes_all_remarks_of_its_part_count(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = "  // expected-remark @below {{[Missed] test-remarks}}\n  %x ="
    source.write_text(ADD.replace("  %x =", expected))
    assert main([str(source), "--test-remarks", "--verify-diagnostics"]) == 1
    assert "4:3: error: unexpected remark: [Passed]" in capsys.readouterr().err


def test_remarks_do_not_disturb_a_check_of_errors(source: Path) -> None:
    assert main([str(source), "--test-remarks", "--verify-diagnostics"]) == 0


def test_a_failed_pass_can_be_looked_at(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(source), "--test-break", "--mlir-print-ir-after-failure"]
    assert main(words) == 1
    assert "IR Dump After BreakingPass Failed (test-break)" in capsys.readouterr().err


def test_an_onnx_file_is_known_by_its_content_too(tmp_path: Path) -> None:
    result = run(stdin=b"\x08\x0a\x12\x00\x3a\x00")
    assert result.returncode == 1
    assert b"an ONNX model cannot be read from stdin" in result.stderr


def test_little_is_imported_to_read_a_file(source: Path) -> None:
    program = (
        "import sys; from fusemlir.tools.fuse_opt import main; "
        "main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(source)], capture_output=True, check=True
    )
    modules = set(result.stderr.decode().split())
    assert {"xdsl.dialects.func", "xdsl.dialects.arith"} <= modules
    assert not modules & {
        "argparse",
        "cuda",
        "fusemlir.dialects.trt",
        "importlib.metadata",
        "llvmlite",
        "numpy",
        "onnx",
        "xdsl.dialects.gpu",
        "xdsl.dialects.linalg",
        "xdsl.dialects.llvm",
    }


def test_a_pass_is_summed_up_by_its_first_sentence() -> None:
    assert summary(lambda: RemarkingPass) == "Says something of each addition"


def test_a_pass_without_a_docstring_is_summed_up_by_its_module() -> None:
    assert summary(lambda: RenamingPass) == (__doc__ or "").removesuffix(".")


def test_the_launcher_of_a_checkout_runs_from_anywhere(tmp_path: Path) -> None:
    launcher = Path(__file__).parents[2] / "tools" / "fuse-opt"
    result = subprocess.run(
        [launcher, "-"],
        cwd=tmp_path,
        input=ADD.encode(),
        capture_output=True,
        check=True,
    )
    assert b"arith.addf" in result.stdout


def test_xdsl_finds_our_dialects_and_passes() -> None:
    from xdsl.universe import Universe

    universe = Universe.get_multiverse()
    assert {"trt", "nvvm", "llvm"} <= universe.all_dialects.keys()
    assert "convert-to-llvm" in universe.all_passes
