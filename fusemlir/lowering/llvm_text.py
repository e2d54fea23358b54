"""The llvm and nvvm dialects → LLVM IR text.

LLVM ends the process when it is asked for something that its target does not have. So
this printer only knows operations, and intrinsics, that were tried on NVPTX from sm_75
on; anything else is a `DiagnosticError` that names it, before LLVM sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from xdsl.dialects import gpu, llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects import llvm as extra
from fusemlir.dialects import nvvm
from fusemlir.lowering.llvm_branches import incoming, unsupported
from fusemlir.lowering.llvm_intrinsics import INTRINSIC_OPS, KNOWN_INTRINSICS
from fusemlir.lowering.llvm_spelling import (
    alignment_text,
    argument_attributes,
    constant_text,
    flags_text,
    function_attributes,
    inlined_text,
    mangled,
    mask_text,
    mnemonic_of,
    quoted,
    type_text,
)

BINARY_OPS = (
    llvm.AbstractFloatArithOp,
    llvm.ArithmeticBinOperation,
    llvm.ArithmeticBinOpDisjoint,
    llvm.ArithmeticBinOpExact,
    llvm.ArithmeticBinOpOverflow,
)
CAST_OPS = (
    llvm.GenericCastOp,
    llvm.IntegerConversionOp,
    llvm.IntegerConversionOpNNeg,
    llvm.IntegerConversionOpOverflow,
    llvm.IntToPtrOp,
    llvm.PtrToIntOp,
)
INLINED_OPS = (
    llvm.ConstantOp,
    llvm.AddressOfOp,
    llvm.UndefOp,
    llvm.ZeroOp,
)
"""Operations whose result is written where it is used."""

is_one_of = cache(issubclass)
"""Asked once of each kind: what xDSL makes of `isinstance` is slow."""

CONVERGENT = "#0"
"""The attribute group of calls that all threads have to make together."""


@dataclass
class TextPrinter:
    """Prints functions and globals; declarations are gathered as they are needed."""

    lines: list[str] = field(default_factory=list[str])
    declarations: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    blocks: dict[Block, str] = field(default_factory=dict[Block, str])

    def text(self) -> str:
        declarations = [self.declarations[name] for name in sorted(self.declarations)]
        attributes = f"attributes {CONVERGENT} = {{ convergent nounwind }}"
        return "\n".join([*self.lines, *declarations, attributes]) + "\n"

    def print_global(self, op: llvm.GlobalOp) -> None:
        space = op.addr_space.value.data
        ty = type_text(op.global_type)
        linkage = op.linkage.linkage.data
        if op.value is not None:
            value = constant_text(op.value, op.global_type)
        else:
            value = "" if linkage == "external" else "undef"
        parts = [
            f"@{op.sym_name.data} = {linkage}",
            f"addrspace({space})" if space else "",
            "constant" if op.constant is not None else "global",
            ty,
            value,
        ]
        align = "" if op.alignment is None else f", align {op.alignment.value.data}"
        self.lines.append(" ".join(filter(None, parts)) + align)

    def print_function(self, func: llvm.FuncOp) -> None:
        name, ty = func.sym_name.data, func.function_type
        if not func.body.blocks:
            inputs = ", ".join(map(type_text, ty.inputs))
            self.declarations[name] = (
                f"declare {type_text(ty.output)} @{name}({inputs})"
            )
            return
        self.number_values(func)
        entry = func.body.blocks[0]
        arguments = ", ".join(
            f"{type_text(arg.type)}{argument_attributes(func, arg.index)} "
            f"{self.names[arg]}"
            for arg in entry.args
        )
        convention = "ptx_kernel " if "nvvm.kernel" in func.attributes else ""
        attributes = "".join(f" {text}" for text in function_attributes(func))
        self.lines.append(
            f"define {convention}{type_text(ty.output)} @{name}({arguments})"
            f"{attributes} {{"
        )
        for block in func.body.blocks:
            self.print_block(block, is_entry=block is entry)
        self.lines.append("}")

    def number_values(self, func: llvm.FuncOp) -> None:
        self.names = {}
        self.blocks = {}
        count = 0
        for index, block in enumerate(func.body.blocks):
            self.blocks[block] = f"b{index}"
            results = (
                result
                for op in block.ops
                if not is_one_of(type(op), INLINED_OPS)
                for result in op.results
            )
            for value in chain(block.args, results):
                self.names[value] = f"%{count}"
                count += 1
            for op in block.ops:
                if is_one_of(type(op), INLINED_OPS):
                    self.names[op.results[0]] = inlined_text(op)

    def print_block(self, block: Block, *, is_entry: bool) -> None:
        self.lines.append(f"{self.blocks[block]}:")
        if not is_entry:
            self.print_phis(block)
        for op in block.ops:
            if not is_one_of(type(op), INLINED_OPS):
                self.print_op(op)

    def print_phis(self, block: Block) -> None:
        sources = tuple(incoming(block)) if block.args else ()
        for arg in block.args:
            pairs = ", ".join(
                f"[ {self.names[values[arg.index]]}, %{self.blocks[source]} ]"
                for source, values in sources
            )
            self.line(arg, f"phi {type_text(arg.type)} {pairs}")

    def line(self, result: SSAValue | None, text: str) -> None:
        prefix = "" if result is None else f"{self.names[result]} = "
        self.lines.append(f"  {prefix}{text}")

    def typed(self, value: SSAValue) -> str:
        return f"{type_text(value.type)} {self.names[value]}"

    def arguments(self, values: Iterable[SSAValue]) -> str:
        return ", ".join(map(self.typed, values))

    def call(
        self,
        name: str,
        operands: Sequence[SSAValue],
        result: SSAValue | None,
        flags: str = "",
        constants: Sequence[str] = (),
        suffix: str = "",
    ) -> None:
        """A call of an intrinsic; `constants` are arguments that no value holds."""
        returned = "void" if result is None else type_text(result.type)
        types = [type_text(value.type) for value in operands]
        types += [constant.split()[0] for constant in constants]
        self.declarations[name] = f"declare {returned} @{name}({', '.join(types)})"
        passed = ", ".join([*map(self.typed, operands), *constants])
        self.line(result, f"call {flags}{returned} @{name}({passed}){suffix}")

    def print_op(self, op: Operation) -> None:
        mnemonic = mnemonic_of(op)
        if is_one_of(type(op), BINARY_OPS):
            left, right = op.operands
            operands = f"{self.typed(left)}, {self.names[right]}"
            self.line(op.results[0], f"{mnemonic} {flags_text(op)}{operands}")
        elif is_one_of(type(op), CAST_OPS):
            target = type_text(op.results[0].type)
            operand = self.typed(op.operands[0])
            self.line(op.results[0], f"{mnemonic} {operand} to {target}")
        elif op.name.startswith("llvm.intr.") and mnemonic in INTRINSIC_OPS:
            name = f"llvm.{mnemonic}.{mangled(op.results[0].type)}"
            self.call(name, op.operands, op.results[0], flags_text(op))
        else:
            self.print_particular(op)

    def print_particular(self, op: Operation) -> None:
        """Operations with a form of their own, the most frequent ones first."""
        names, typed = self.names, self.typed
        match op:
            case llvm.GEPOp():
                self.print_gep(op)
            case llvm.LoadOp():
                ty = type_text(op.dereferenced_value.type)
                text = f"load {ty}, {typed(op.ptr)}{alignment_text(op.alignment)}"
                self.line(op.dereferenced_value, text)
            case llvm.StoreOp():
                text = f"store {typed(op.value)}, {typed(op.ptr)}"
                self.line(None, text + alignment_text(op.alignment))
            case llvm.ICmpOp():
                predicate = llvm.ICmpPredicateFlag.from_int(op.predicate.value.data)
                self.line(op.res, f"icmp {predicate} {typed(op.lhs)}, {names[op.rhs]}")
            case llvm.FCmpOp():
                flag = llvm.FCmpPredicateFlag.from_int(op.predicate.value.data)
                predicate = f"{flags_text(op)}{str(flag).removeprefix('_')}"
                self.line(op.res, f"fcmp {predicate} {typed(op.lhs)}, {names[op.rhs]}")
            case llvm.FNegOp():
                self.line(op.res, f"fneg {flags_text(op)}{typed(op.arg)}")
            case llvm.SelectOp():
                chosen = self.arguments([op.cond, op.lhs, op.rhs])
                self.line(op.res, f"select {flags_text(op)}{chosen}")
            case llvm.AllocaOp():
                ty = type_text(op.elem_type)
                text = f"alloca {ty}, {typed(op.size)}{alignment_text(op.alignment)}"
                self.line(op.res, text)
            case llvm.ExtractValueOp():
                position = ", ".join(map(str, op.position.iter_values()))
                self.line(op.res, f"extractvalue {typed(op.container)}, {position}")
            case llvm.InsertValueOp():
                position = ", ".join(map(str, op.position.iter_values()))
                parts = f"{typed(op.container)}, {typed(op.value)}, {position}"
                self.line(op.res, f"insertvalue {parts}")
            case extra.AtomicRMWOp():
                self.print_atomic(op)
            case extra.ExtractElementOp() | llvm.InsertElementOp():
                text = f"{mnemonic_of(op)} {self.arguments(op.operands)}"
                self.line(op.results[0], text)
            case llvm.ShuffleVectorOp():
                vectors, mask = self.arguments(op.operands), mask_text(op.mask)
                self.line(op.res, f"shufflevector {vectors}, {mask}")
            case llvm.BrOp():
                self.line(None, f"br label %{self.blocks[op.successor]}")
            case llvm.CondBrOp():
                then, other = self.blocks[op.then_block], self.blocks[op.else_block]
                text = f"br {typed(op.cond)}, label %{then}, label %{other}"
                self.line(None, text)
            case llvm.ReturnOp():
                value = "void" if op.arg is None else typed(op.arg)
                self.line(None, f"ret {value}")
            case llvm.UnreachableOp():
                self.line(None, "unreachable")
            case _:
                self.print_call(op)

    def print_atomic(self, op: extra.AtomicRMWOp) -> None:
        kind = extra.AtomicBinOp(op.bin_op.value.data).name
        scope = ""
        if op.syncscope is not None:
            scope = f" syncscope({quoted(op.syncscope.data)})"
        operands = self.arguments([op.ptr, op.val])
        self.line(op.res, f"atomicrmw {kind} {operands}{scope} monotonic")

    def print_gep(self, op: llvm.GEPOp) -> None:
        dynamic = iter(op.ssa_indices)
        indices = ", ".join(
            self.typed(next(dynamic))
            if index == llvm.GEP_USE_SSA_VAL
            else f"i32 {index}"
            for index in op.rawConstantIndices.iter_values()
        )
        inbounds = "inbounds " if op.inbounds is not None else ""
        element = type_text(op.elem_type)
        text = f"getelementptr {inbounds}{element}, {self.typed(op.ptr)}, {indices}"
        self.line(op.result, text)

    def print_call(self, op: Operation) -> None:
        match op:
            case extra.CountZerosIntrinsic():
                name = f"llvm.{mnemonic_of(op)}.{mangled(op.res.type)}"
                poison = f"i1 {abs(op.is_zero_poison.value.data)}"
                self.call(name, [op.arg], op.res, constants=[poison])
            case nvvm.SpecialRegisterOp():
                self.call(f"llvm.{op.name}", [], op.res)
            case nvvm.BarrierOp():
                self.print_barrier(op)
            case nvvm.DotAccumulate4WayOp():
                self.print_dot(op)
            case llvm.CallOp():
                self.call_function(op)
            case nvvm.ShflOp():
                pair = "p" if op.return_value_and_is_valid is not None else ""
                ty = mangled(op.val.type)
                name = f"llvm.nvvm.shfl.sync.{op.kind.data}.{ty}{pair}"
                self.call(name, op.operands, op.res, suffix=f" {CONVERGENT}")
            case llvm.CallIntrinsicOp() if op.intrin.data in KNOWN_INTRINSICS:
                self.call(op.intrin.data, op.args, op.ress, flags_text(op))
            case llvm.CallIntrinsicOp():
                raise DiagnosticError.at(
                    op.location,
                    f"{op.name}: intrinsic {op.intrin.data} is not among those known "
                    "to be supported",
                )
            case llvm.InlineAsmOp():
                self.print_asm(op)
            case _:
                raise unsupported(op)

    def call_function(self, op: llvm.CallOp) -> None:
        result = op.returned
        returned = "void" if result is None else type_text(result.type)
        assert op.callee is not None
        name = op.callee.root_reference.data
        self.line(result, f"call {returned} @{name}({self.arguments(op.args)})")

    def print_barrier(self, op: nvvm.BarrierOp) -> None:
        sync = "llvm.nvvm.barrier.cta.sync.aligned"
        values = [v for v in (op.barrierId, op.numberOfThreads) if v is not None]
        name = f"{sync}.count" if len(values) == 2 else f"{sync}.all"
        constants = [] if values else ["i32 0"]
        self.call(name, values, None, constants=constants, suffix=f" {CONVERGENT}")

    def print_dot(self, op: nvvm.DotAccumulate4WayOp) -> None:
        """LLVM's intrinsic takes four bytes as an i32."""
        letter = "s" if op.a_type.data == nvvm.DotAccumulateType.signed else "u"
        number = self.names[op.res].removeprefix("%")
        for side, operand in (("a", op.a), ("b", op.b)):
            text = f"%{side}{number} = bitcast {self.typed(operand)} to i32"
            self.lines.append(f"  {text}")
        name = f"llvm.nvvm.idp4a.{letter}.{letter}"
        self.declarations[name] = f"declare i32 @{name}(i32, i32, i32)"
        operands = f"i32 %a{number}, i32 %b{number}, {self.typed(op.c)}"
        self.line(op.res, f"call i32 @{name}({operands})")

    def print_asm(self, op: llvm.InlineAsmOp) -> None:
        returned = "void" if op.res is None else type_text(op.res.type)
        effects = op.has_side_effects is not None
        self.line(
            op.res,
            f"call {returned} asm {'sideeffect ' if effects else ''}"
            f"{quoted(op.asm_string.data)}, {quoted(op.constraints.data)}"
            f"({self.arguments(op.operands_)}){f' {CONVERGENT}' if effects else ''}",
        )


def print_llvm(module: ModuleOp) -> str:
    """LLVM IR of all llvm functions and globals, those of gpu modules included.

    Raises `DiagnosticError` naming an operation that is not known to be supported,
    or what stands in a gpu module and is not of the llvm dialect.
    """
    printer = TextPrinter()
    for op in module.ops:
        if isinstance(op, gpu.ModuleOp):
            for inner in op.body.block.ops:
                print_symbol(printer, inner)
        elif isinstance(op, (llvm.FuncOp, llvm.GlobalOp)):
            print_symbol(printer, op)
    return printer.text()


def print_symbol(printer: TextPrinter, op: Operation) -> None:
    if not isinstance(op, (llvm.FuncOp, llvm.GlobalOp)):
        raise DiagnosticError.at(
            op.location,
            f"{op.name} is not of the llvm dialect; run convert-to-llvm before",
        )
    try:
        if isinstance(op, llvm.GlobalOp):
            printer.print_global(op)
        else:
            printer.print_function(op)
    except DiagnosticException as error:
        message = f"`{op.sym_name.data}`: {error}"
        raise DiagnosticError.at(op.location, message) from error
