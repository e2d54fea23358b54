"""How large the kernels of a network are, and how long each takes to become PTX.

`python tools/bench/kernel_build.py` builds the kernels of ResNet-50 one by one and
prints operations of the gpu dialect and CPU milliseconds; a row is what one body of the
fused network becomes, which may be two kernels. Together, as fuse-opt builds them, they
take less: LLVM is started once.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from measure import cpu_seconds, text_table
from models import light_model, networks
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.kernel_statistics import isolated
from fusemlir.codegen.ptx import emit_ptx, llvm_binding
from fusemlir.frontend.onnx import import_model
from fusemlir.garbage_collection import rare_collections
from fusemlir.lowering.gpu.host_program import writes_anything
from fusemlir.lowering.gpu.kernel_table import KernelTable
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.llvm_text import print_llvm
from fusemlir.lowering.to_llvm.convert_to_llvm import convert_kernels
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.source_network import make_context
from fusemlir.transforms.trt_fuse import TrtFusePass

HEADER = ("kernel", "launches", "kernels", "ops", "lower", "to llvm", "text", "LLVM")


@dataclass
class BuiltBody:
    """What the kernels of one body cost; times in CPU seconds."""

    name: str
    kernels: int
    largest: int
    """Operations at the level of the gpu dialect, of the kernel that has most."""
    lower: float
    launches: int = 1
    to_llvm: float = 0.0
    text: float = 0.0
    llvm: float = 0.0

    @property
    def cells(self) -> tuple[str, ...]:
        seconds = (self.lower, self.to_llvm, self.text, self.llvm)
        counts = (self.launches, self.kernels, self.largest)
        return (
            self.name,
            *map(str, counts),
            *(f"{1e3 * spent:.1f}" for spent in seconds),
        )


def lower_bodies(network: str) -> tuple[gpu.ModuleOp, dict[str, BuiltBody]]:
    """The kernels of a fused network, and by kernel of which body it is one."""
    module = import_model(light_model(network))
    TrtFusePass().apply(make_context(), module)
    table = KernelTable(Immediates(module))
    built: dict[str, BuiltBody] = {}
    for body in _bodies(module):
        before = len(table)
        seconds, _ = cpu_seconds(lambda body=body: table.add(body))
        made = [kernel.function for kernel in table[body].kernels]
        first, *_ = names = [function.sym_name.data for function in made]
        if len(table) == before:
            built[first].launches += 1
            continue
        largest = max(sum(1 for _ in function.body.walk()) for function in made)
        of_all = BuiltBody(first, len(made), largest, seconds)
        built |= dict.fromkeys(names, of_all)
    return table.module(), built


def _bodies(module: ModuleOp) -> Iterator[KernelBody]:
    for function in functions(module):
        for node in nodes(function):
            if is_kernel(node) and writes_anything(node):
                yield KernelBody(node)


def build(kernels: gpu.ModuleOp, bodies: dict[str, BuiltBody], sm: str) -> None:
    """Take each kernel to PTX; adds what it took to its body."""
    for function in kernels.body.block.ops:
        if not isinstance(function, gpu.FuncOp):
            continue
        body = bodies[function.sym_name.data]
        alone, _ = isolated(kernels, function)
        converted = next(iter(alone.ops))
        seconds, _ = cpu_seconds(lambda op=converted: convert_kernels(op))
        body.to_llvm += seconds
        seconds, text = cpu_seconds(lambda module=alone: print_llvm(module))
        body.text += seconds
        seconds, _ = cpu_seconds(lambda text=text: emit_ptx(text, sm))
        body.llvm += seconds


def total(bodies: list[BuiltBody]) -> BuiltBody:
    """The sums; of the sizes the largest."""
    return BuiltBody(
        "total",
        sum(body.kernels for body in bodies),
        max(body.largest for body in bodies),
        sum(body.lower for body in bodies),
        sum(body.launches for body in bodies),
        sum(body.to_llvm for body in bodies),
        sum(body.text for body in bodies),
        sum(body.llvm for body in bodies),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--network",
        default="resnet50",
        choices=networks(),
        help="a light model of the onnx package; resnet50 unless given",
    )
    parser.add_argument(
        "--sm", default="90", help="what PTX is written for, as 80 or 90a; else 90"
    )
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    # What was imported is no garbage: it is not looked at before each measurement.
    gc.freeze()
    llvm_binding()
    with rare_collections():
        kernels, by_kernel = lower_bodies(arguments.network)
        gc.freeze()
        build(kernels, by_kernel, arguments.sm)
    bodies = list({id(body): body for body in by_kernel.values()}.values())
    print(
        f"{arguments.network} for sm_{arguments.sm}: operations of the largest kernel "
        "of a body, CPU milliseconds for all of them\n"
    )
    rows = [*(body.cells for body in bodies), total(bodies).cells]
    print(text_table(HEADER, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
