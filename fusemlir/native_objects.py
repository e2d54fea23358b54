"""Object files of lowered functions, made side by side with what lowers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import CallOp, FuncOp

from fusemlir.codegen.compiling import Compiling
from fusemlir.codegen.native import HostCpu, emit_object, llvm_errors, submit_object
from fusemlir.codegen.targets import print_llvm
from fusemlir.dialects.trt.module_attributes import HOST
from fusemlir.lowering.expand_narrow_floats import ExpandNarrowFloatsPass
from fusemlir.lowering.llvm_spelling import NO_INLINE
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass
from fusemlir.stages import run_passes

PART = 1000
"""Operations that LLVM gets at once, unless one function has more: it takes a fifth of
a second for so many. What the parts are depends on nothing else, so that code is the
same however it is compiled."""


def native_objects(
    lowered: ModuleOp, texts: Sequence[str], cpu: HostCpu, how: Compiling
) -> list[bytes]:
    """Objects of a module that `convert-trt-to-host` was run on, which is used up, and
    of texts of LLVM IR; they call each other."""
    work = sum(1 for _ in lowered.walk())
    parts = split_functions(lowered, PART)
    counts = [sum(NO_INLINE in each.attributes for each in part.ops) for part in parts]
    if len(parts) == 1 and how.executor is None:
        return [emit_object([_llvm(parts[0], cpu), *texts], cpu)]
    futures = list[Future[bytes]]()

    def report() -> None:
        done = zip(futures, counts, strict=False)
        how.report(sum(count for each, count in done if each.done()), sum(counts))

    with how.place(work) as where:
        try:
            for part in parts:
                further = texts if part is parts[-1] else ()
                # While it is compiled, those after it become LLVM's.
                text = _llvm(part, cpu)
                futures.append(submit_object([text, *further], cpu, where))
                report()
            images = list[bytes]()
            for future in futures:
                with llvm_errors():
                    images.append(future.result())
                report()
            return images
        finally:
            for future in futures:
                future.cancel()


def split_functions(module: ModuleOp, operations: int) -> list[ModuleOp]:
    """Modules of the functions of `module`, which has none then, in their order; each
    of so many operations at most, unless one function has more, and with declarations
    of what it calls in others."""
    by_name = {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}
    groups, size = [list[FuncOp]()], 0
    for function in by_name.values():
        function.detach()
        if function.is_declaration:
            continue
        count = sum(1 for _ in function.walk())
        if groups[-1] and size + count > operations:
            groups.append([])
            size = 0
        groups[-1].append(function)
        size += count
    return [ModuleOp([*group, *_declared(group, by_name)]) for group in groups]


def _declared(
    group: Sequence[FuncOp], by_name: Mapping[str, FuncOp]
) -> Iterator[FuncOp]:
    called = {
        op.callee.root_reference.data
        for function in group
        for op in function.walk()
        if isinstance(op, CallOp)
    }
    own = {function.sym_name.data for function in group}
    for name in sorted(called - own):
        type = by_name[name].function_type
        declaration = FuncOp.external(name, type.inputs.data, type.outputs.data)
        declaration.attributes[HOST] = UnitAttr()
        yield declaration


def _llvm(part: ModuleOp, cpu: HostCpu) -> str:
    expansion = ExpandNarrowFloatsPass(f16=not cpu.has_f16_conversion)
    # LLVM verifies what comes of these, in a hundredth of the time.
    run_passes(part, [expansion, ConvertToLlvmPass()], verified=False)
    return print_llvm(part)
