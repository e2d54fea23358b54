"""From networks to functions for the CPU that call their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from fusemlir.diagnostics import DiagnosticError
from fusemlir.dialects.trt import FusedOp
from fusemlir.dialects.trt.module_attributes import HOST, WINOGRAD
from fusemlir.dialects.trt.schedule import SCHEDULE
from fusemlir.lowering.host.kernel_table import HostKernelTable, plan_of
from fusemlir.lowering.host.placement import constants_of
from fusemlir.lowering.host.program import barrier_declaration, convert_function
from fusemlir.lowering.host.schedules import HostCpuShape, no_choice
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.kernel.static_shapes import unknown_shapes
from fusemlir.lowering.llvm_spelling import NO_INLINE
from fusemlir.network import functions, nodes

F32_BYTES = 4


@dataclass(frozen=True)
class ConvertTrtToHostPass(ModulePass):
    """Write a kernel for each layer or group, and a function that calls them all.

    `vector_bytes` and `vector_registers` are those of the CPU; what is not given is
    that of one with AVX2. `vpdpbusd` says that it has that instruction. Shapes must be
    static. A group that has no kernel is computed layer by layer. Raises
    `DiagnosticError` naming what has none yet.
    """

    name = "convert-trt-to-host"

    vector_bytes: int = 32
    vector_registers: int = 16
    vpdpbusd: bool = False
    products_per_clock: int = 2
    winograd: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.vector_bytes not in (16, 32, 64) or self.vector_registers < 8:
            raise DiagnosticError.at(
                op.location,
                "wanted vector-bytes of 16, 32 or 64 and 8 vector-registers or more, "
                f"found {self.vector_bytes} and {self.vector_registers}",
            )
        if self.products_per_clock not in (1, 2):
            raise DiagnosticError.at(
                op.location,
                f"wanted products-per-clock of 1 or 2, found {self.products_per_clock}",
            )
        cpu = HostCpuShape(
            self.vector_bytes // F32_BYTES,
            self.vector_registers,
            self.vpdpbusd,
            self.products_per_clock,
        )
        networks = list(functions(op))
        if not networks:
            return
        if faults := [fault for each in networks for fault in unknown_shapes(each)]:
            raise DiagnosticError(*faults)
        for network in networks:
            inline_what_has_no_kernel(network)
        if self.winograd:
            op.attributes[WINOGRAD] = UnitAttr()
        table = HostKernelTable(Immediates(op), cpu)
        programs = [convert_function(network, table) for network in networks]
        for network in networks:
            network.detach()
            network.erase()
        add_functions(op, table, programs)


def add_functions(
    module: ModuleOp, table: HostKernelTable, programs: Sequence[FuncOp]
) -> None:
    """Put kernels, and the programs that call them, into a module."""
    # Kernels are long, and each is optimised by itself in less time.
    for function in table.functions:
        function.attributes[NO_INLINE] = UnitAttr()
    for function in (*table.functions, barrier_declaration(), *programs):
        function.attributes[HOST] = UnitAttr()
        module.body.block.add_op(function)


def inline_what_has_no_kernel(network: FuncOp) -> None:
    """A group means what its layers do, and each of them has a kernel."""
    for node in list(nodes(network)):
        if not isinstance(node, FusedOp):
            continue
        body = KernelBody(node)
        if plan_of(body, constants_of(body)) is None:
            if SCHEDULE in node.attributes:
                raise no_choice(node)
            node.inline()
