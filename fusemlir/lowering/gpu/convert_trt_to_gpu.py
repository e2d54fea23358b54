"""From networks to GPU kernels and the host programs that launch them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp, TensorType, UnitAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from fusemlir.diagnostics import Diagnostic, DiagnosticError, Severity, SourceLocation
from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import element_type_of
from fusemlir.dialects.trt.module_attributes import TF32
from fusemlir.lowering.element_conversion import UI8
from fusemlir.lowering.gpu.host_program import convert_function
from fusemlir.lowering.gpu.kernel_table import (
    MODULE,
    SUPPORTED,
    KernelTable,
    family_of,
)
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.static_shapes import unknown_shapes
from fusemlir.network import Node, functions, is_kernel, is_node, nodes


@dataclass(frozen=True)
class ConvertTrtToGpuPass(ModulePass):
    """Turn every network into a host program that launches GPU kernels.

    Where `tf32` is set, tensor cores may multiply f32 as tf32, which is less exact.
    Shapes must be static. Kernels with equal bodies are one function of the gpu module
    `@kernels`. Raises `DiagnosticError` that names every layer without a kernel.
    """

    name = "convert-trt-to-gpu"

    tf32: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        networks = [function for function in functions(op) if is_network(function)]
        if not networks:
            return
        check_name_is_free(op)
        check(networks)
        if self.tf32:
            op.attributes[TF32] = UnitAttr()
        kernels = KernelTable(Immediates(op))
        for function in networks:
            convert_function(function, kernels)
        if kernels:
            op.body.block.insert_op_before(kernels.module(), networks[0])
        op.attributes["gpu.container_module"] = UnitAttr()


def is_network(function: FuncOp) -> bool:
    """Whether a function is over tensors; a host program is over memrefs."""
    types = (*function.function_type.inputs, *function.function_type.outputs)
    return any(isinstance(type, TensorType) for type in types) or any(nodes(function))


def check_name_is_free(module: ModuleOp) -> None:
    for op in module.body.block.ops:
        if isinstance(op, gpu.ModuleOp) and op.sym_name.data == MODULE:
            raise DiagnosticError.at(
                op.location,
                f"the module has kernels already; lower all networks at once or rename "
                f"this '{MODULE}'",
            )


def check(networks: list[FuncOp]) -> None:
    """Raises with all that cannot be lowered, first what no shape is known of."""
    for faults in (foreign_operations, unknown_shapes, unsupported):
        found = [fault for function in networks for fault in faults(function)]
        if found:
            raise DiagnosticError(*found)


def foreign_operations(function: FuncOp) -> Iterator[Diagnostic]:
    for op in function.body.block.ops:
        if not (is_node(op) or isinstance(op, ReturnOp)):
            message = f"expected layers of the trt dialect only, found {op.name}"
            yield _error(op.location, message)


def unsupported(function: FuncOp) -> Iterator[Diagnostic]:
    """All layers that nothing can be made of yet."""
    for node in nodes(function):
        if isinstance(node, ConstantOp):
            if element_type_of(node.output) == UI8:
                yield _error(node.location, "constants of ui8 have no buffers yet")
        elif is_kernel(node) and family_of(body := KernelBody(node)) is None:
            message = f"no kernel yet for {body.kind} ({_layers_of(node)}): {SUPPORTED}"
            yield _error(node.location, message)


def _layers_of(node: Node) -> str:
    names = node.layer_ids
    if not names:
        return "a layer without a name"
    quoted = ", ".join(f"'{name}'" for name in names)
    return f"layer {quoted}" if len(names) == 1 else f"layers {quoted}"


def _error(location: Attribute, message: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, SourceLocation.of(location), message)
