"""The command `fuse-opt`: reads a network, runs passes over it, writes it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from fusemlir.diagnostics import did_you_mean
from fusemlir.dialects import get_all_dialects
from fusemlir.frontend.mlir import parse_module
from fusemlir.frontend.verifier import verify_module
from fusemlir.remarks import RemarkKind
from fusemlir.tools.atomic_file import write_atomically
from fusemlir.tools.command import EXIT_OK, EXIT_USER_ERROR, run_command
from fusemlir.tools.command_line import CommandLine, parse_command_line
from fusemlir.tools.explanation import Explanation
from fusemlir.tools.instrumentation import IRPrinting, PrintStyle, Timing
from fusemlir.tools.kernel_report import KernelReport
from fusemlir.tools.output_target import OutputTarget, sort_targets
from fusemlir.tools.oversight import Oversight
from fusemlir.tools.pass_manager import PassManager, blamed_on
from fusemlir.tools.pass_pipeline import describe_stages, print_pipeline
from fusemlir.tools.pass_registry import PassRegistry
from fusemlir.tools.reporter import Reporter
from fusemlir.tools.source import (
    SPLIT_MARKER,
    Source,
    import_model,
    parse_shapes,
    read_source,
)
from fusemlir.tools.switches import reporting, switched_off, with_switches
from fusemlir.tools.usage import UsageError

_REMARK_KINDS = {
    "": frozenset(RemarkKind),
    "all": frozenset(RemarkKind),
    "missed": frozenset({RemarkKind.MISSED}),
    "passed": frozenset({RemarkKind.PASSED}),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run with the words of a command line; the exit code, see `run_command`."""
    given = sys.argv[1:] if words is None else words
    return run_command("fuse-opt", lambda: _run(given))


def _run(words: Sequence[str]) -> int:
    registry = PassRegistry()
    line = parse_command_line(words, registry)
    page = _information(line, registry)
    if page is not None:
        sys.stdout.write(page)
        return EXIT_OK
    with reporting(line):
        return _Compilation.of(line, registry).run()


def _information(line: CommandLine, registry: PassRegistry) -> str | None:
    """The page that a flag asks for instead of a run."""
    pages = ("help", "version", "list-passes", "show-dialects")
    asked = next((page for page in pages if line.is_on(page)), None)
    if asked is None:
        return None
    from fusemlir.tools import help_text

    match asked:
        case "help":
            return help_text.help_page(registry)
        case "version":
            return help_text.version()
        case "list-passes":
            return help_text.list_of_passes(registry)
        case _:
            return help_text.list_of_dialects()


@dataclass(frozen=True)
class _Compilation:
    """One run of the command, with everything on its command line looked into."""

    line: CommandLine
    asked_for: tuple[ModulePass, ...]
    """The passes of the command line, those too that it switches off again."""
    manager: PassManager
    oversight: Oversight
    reporter: Reporter
    target: OutputTarget
    device: str
    """What rules may assume, as `sm_80`; the empty text for what the module says."""
    style: PrintStyle
    timing: Timing
    explanation: Explanation | None
    """None where nobody asked."""
    kernels: KernelReport | None
    """None where nobody asked."""

    @staticmethod
    def of(line: CommandLine, registry: PassRegistry) -> _Compilation:
        """Raises `UsageError`, before anything is read or written."""
        style = PrintStyle(
            generic=line.is_on("mlir-print-op-generic"),
            debuginfo=line.is_on("mlir-print-debuginfo"),
        )
        timing = Timing()
        reporter = Reporter(line.is_on("verify-diagnostics"), _remark_kinds(line))
        asked_for = registry.build(line.passes)
        target, device = sort_targets(line.values.get("target", []))
        kernels = KernelReport(target.sm) if line.is_on("kernel-stats") else None
        manager = PassManager(
            with_switches(asked_for, line),
            _printing(line, style, registry),
            timing,
            verify_each=line.is_on("verify-each", default=True),
            on_remark=reporter.remark,
            after_pass=None if kernels is None else kernels.after_pass,
        )
        explanation = Explanation.of(line)
        return _Compilation(
            line,
            asked_for,
            manager,
            Oversight.of(line),
            reporter,
            target,
            device,
            style,
            timing,
            explanation,
            kernels,
        )

    def run(self) -> int:
        shapes = parse_shapes(self.line.values.get("shape", []))
        if self.line.is_on("dump-pass-pipeline"):
            print(print_pipeline(self.manager.passes), file=sys.stderr)
            for line in describe_stages(self.manager.passes):
                print(line, file=sys.stderr)
        with self.timing.of("Input"):
            source = read_source(self.line.input)
        if source.text is not None and shapes:
            raise UsageError("flag '--shape' is for .onnx models; MLIR text has types")
        with self.oversight.over_passes():
            if source.text is None:
                output = self._model(source.name, shapes)
            else:
                output = self._text(source)
        with self.timing.of("Output"):
            self._write(output)
            if self.explanation is not None:
                failed = self.reporter.failed
                self.explanation.write(self.reporter.remarks, failed)
        if self.line.is_on("mlir-timing"):
            sys.stderr.write(self.timing.report())
        return EXIT_USER_ERROR if self.reporter.failed else EXIT_OK

    def _model(self, path: str, shapes: dict[str, tuple[int, ...]]) -> str:
        for flag in ("split-input-file", "verify-diagnostics"):
            if self.line.is_on(flag):
                raise UsageError(f"flag '--{flag}' is for MLIR text, not for a model")
        output = ""
        with self.reporter.part(path, ""):
            with blamed_on("import"), self.timing.of("Import"):
                module = import_model(path, shapes)
                verify_module(module)
            output = self._compile(_context(self.line), module)
        return output

    def _text(self, source: Source) -> str:
        """The output for each part of the input, nothing for a part that failed."""
        outputs: list[str] = []
        for chunk in source.chunks(self.line.is_on("split-input-file")):
            outputs.append("")
            with self.reporter.part(source.name, chunk):
                ctx = _context(self.line)
                with blamed_on("parser"), self.timing.of("Parser"):
                    is_bare = not self.line.is_on("no-implicit-module")
                    module = parse_module(
                        ctx, chunk, source.name, allow_implicit_module=is_bare
                    )
                outputs[-1] = self._compile(ctx, module)
        return f"{SPLIT_MARKER}\n".join(outputs)

    def _compile(self, ctx: Context, module: ModuleOp) -> str:
        # Kernels for PTX of a device are written for that device.
        device = self.device or self.target.device
        if device:
            from fusemlir.target import Target

            if self.device or not Target.is_named(module):
                Target(device).put_on(module)
        for remark in switched_off(self.asked_for, self.manager.passes, module):
            self.reporter.remark(remark)
        with self.explanation.over(module) if self.explanation else nullcontext():
            self.manager.run(ctx, module)
        if self.kernels is not None:
            with blamed_on("kernel statistics"), self.timing.of("Kernel statistics"):
                sys.stderr.write(self.kernels.text(module))
        with blamed_on(f"target '{self.target.name}'"), self.timing.of("Printer"):
            return self.target.text(module, self.style)

    def _write(self, output: str) -> None:
        path = self.line.value("o", "-")
        if path == "-":
            sys.stdout.write(output)
            sys.stdout.flush()
        elif not self.reporter.failed:
            write_atomically(path, output)


def _context(line: CommandLine) -> Context:
    ctx = Context(allow_unregistered=line.is_on("allow-unregistered-dialect"))
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return ctx


def _printing(
    line: CommandLine, style: PrintStyle, registry: PassRegistry
) -> IRPrinting:
    return IRPrinting(
        style,
        before=_passes_named(line, "mlir-print-ir-before", registry),
        after=_passes_named(line, "mlir-print-ir-after", registry),
        before_all=line.is_on("mlir-print-ir-before-all"),
        after_all=line.is_on("mlir-print-ir-after-all"),
        only_changes=line.is_on("mlir-print-ir-after-change"),
        after_failure=line.is_on("mlir-print-ir-after-failure"),
    )


def _passes_named(
    line: CommandLine, flag: str, registry: PassRegistry
) -> frozenset[str]:
    names = [name for name in line.value(flag, "").split(",") if name]
    for name in names:
        if name not in registry:
            hint = did_you_mean(name, registry.names)
            raise UsageError(f"flag '--{flag}' names an unknown pass '{name}'{hint}")
    return frozenset(names)


def _remark_kinds(line: CommandLine) -> frozenset[RemarkKind]:
    if "remarks" not in line.values:
        return frozenset()
    wanted = line.value("remarks", "")
    if wanted not in _REMARK_KINDS:
        raise UsageError(
            f"flag '--remarks' wants all, passed or missed, got '{wanted}'"
        )
    return _REMARK_KINDS[wanted]


if __name__ == "__main__":
    sys.exit(main())
