"""func → llvm: functions of bare pointers, and their calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func, llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.passes import ModulePass

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.llvm_spelling import NO_INLINE
from fusemlir.lowering.to_llvm.conversion import Conversion, Lowering


def lower_func(conversion: Conversion, op: func.FuncOp) -> Sequence[SSAValue]:
    """A function of the same name; a memref is a bare pointer."""
    inputs, outputs = op.function_type.inputs.data, op.function_type.outputs.data
    if len(outputs) > 1:
        raise DiagnosticError.at(
            op.location,
            f"function `{op.sym_name.data}`: wanted one result at most, "
            f"found {len(outputs)}",
        )
    body = Region()
    if not op.is_declaration:
        conversion.block_arguments(op.body.blocks[0])
        op.body.move_blocks(body)
    type = llvm.LLVMFunctionType(
        [conversion.type(ty) for ty in inputs],
        conversion.type(outputs[0]) if outputs else None,
    )
    properties: dict[str, Attribute | None] = {"arg_attrs": op.arg_attrs}
    function = llvm.FuncOp(
        op.sym_name,
        type,
        llvm.LinkageAttr("external"),
        body=body,
        other_props=properties,
    )
    if NO_INLINE in op.attributes:
        function.attributes[NO_INLINE] = op.attributes[NO_INLINE]
    conversion.insert(function)
    return []


def lower_return(conversion: Conversion, op: func.ReturnOp) -> Sequence[SSAValue]:
    values = conversion.operands(op)
    conversion.insert(llvm.ReturnOp(values[0] if values else None))
    return []


def lower_call(conversion: Conversion, op: func.CallOp) -> Sequence[SSAValue]:
    results = [conversion.type(type) for type in op.result_types]
    call = llvm.CallOp(
        op.callee.root_reference.data,
        *conversion.operands(op),
        return_type=results[0] if results else None,
    )
    return conversion.insert(call).results


FUNC_TO_LLVM: dict[type, Lowering] = {
    func.FuncOp: lower_func,
    func.ReturnOp: lower_return,
    func.CallOp: lower_call,
}


@dataclass(frozen=True)
class ConvertFuncToLlvmPass(ModulePass):
    """Convert functions and their calls, memrefs to bare pointers."""

    name = "convert-func-to-llvm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Conversion(FUNC_TO_LLVM).apply(op)
