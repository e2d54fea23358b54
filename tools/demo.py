"""Takes ResNet-50 through fusemlir: import, fusions, runs that are checked, PTX.

The network is the one in the onnx package, whose weights are constants: it gets made-up
ones, the same every time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from statistics import median
from textwrap import fill

from onnx import ModelProto
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp

from fusemlir.codegen.targets import print_ptx
from fusemlir.dialects.trt import FusedOp
from fusemlir.network import Group, kernels
from fusemlir.pipeline import compile_network, fusion_passes
from fusemlir.runtime.engine import Engine
from fusemlir.source_network import SourceNetwork
from fusemlir.stages import HOST_PROGRAM, MACHINE_CODE, run_lowerings
from fusemlir.target import DEFAULT_TARGET
from fusemlir.tools.command import EXIT_OK, EXIT_USER_ERROR
from fusemlir.tools.comparison import TOLERANCE, differences, meaning
from fusemlir.tools.fusion_report import fusion_report, kernel_list
from fusemlir.tools.run_data import describe_array, random_inputs
from fusemlir.weights import Array

WIDTH = 100
RUNS = 20
PATIENCE = 2.0
"""Seconds of a run that is not repeated."""
SHOWN_KERNELS = 12
SHOWN_LINES = 16
"""Of the PTX, at its start and at its end."""
NETWORK = "resnet50"
KIND = "conv_sum_relu"
"""Of the kernel whose PTX is shown: convolution, batch norm, residual, activation."""


def main() -> int:
    clock = Clock()
    network = SourceNetwork.read(seeded_network())
    unfused = network.module.clone()
    clock.title("ResNet-50 is imported from the onnx package, with made-up weights")

    engine = compile_network(network, fusion_passes())
    clock.title(
        f"Layers are fused, and code is made for the device {engine.device.name}"
    )
    print(fusion_report(engine, WIDTH), end="\n\n")
    print(kernel_list(engine.kernels[:SHOWN_KERNELS], WIDTH))
    print(f"  ... and {len(engine.kernels) - SHOWN_KERNELS} more", end="\n\n")

    passed = run_and_check(engine, unfused, clock)
    show_ptx(engine, clock)
    return EXIT_OK if passed else EXIT_USER_ERROR


class Clock:
    """Prints what was done, and the seconds that it took."""

    def __init__(self) -> None:
        self.started = time.perf_counter()

    def title(self, text: str) -> None:
        now = time.perf_counter()
        print(f"--- {text} ({now - self.started:.1f} s) ".ljust(WIDTH, "-"), end="\n\n")
        self.started = now


def seeded_network() -> ModelProto:
    """The network with the weights that the tests give it."""
    tests = Path(__file__).resolve().parent.parent / "test" / "models"
    sys.path.insert(0, str(tests))
    seeded = import_module("seeded")
    return seeded.seeded_model(seeded.light_model(NETWORK))


def run_and_check(engine: Engine, unfused: ModuleOp, clock: Clock) -> bool:
    """Run the network; whether its answer is that of the unfused one."""
    inputs = random_inputs(engine.inputs, seed=0)
    outputs, seconds = run_often(engine, inputs)
    clock.title(f"It runs {len(seconds)} times")
    print(fill(str(engine.device), WIDTH, initial_indent="  ", subsequent_indent="  "))
    print(f"  {1e3 * median(seconds):.1f} ms a run, {1e3 * min(seconds):.1f} at best")
    for name, array in outputs.items():
        print("\n".join(f"  {line}" for line in describe_array(name, array)))
    print()
    wanted = meaning(unfused, engine.signature.bind(inputs))
    clock.title("The unfused network runs in 64-bit floats, to compare")
    found = differences(list(outputs), list(outputs.values()), wanted)
    passed = all(difference.within(TOLERANCE) for difference in found)
    for difference in found:
        print(f"  {difference}")
    print(f"  {'PASS' if passed else 'FAIL'}: {TOLERANCE:g} relative is allowed\n")
    return passed


def run_often(
    engine: Engine, inputs: Mapping[str, Array]
) -> tuple[Mapping[str, Array], list[float]]:
    """The outputs, and the seconds that each run took; the first one warms up, and is
    the only one where the device is slow."""
    seconds: list[float] = []
    while True:
        started = time.perf_counter()
        outputs = engine.run(inputs)
        seconds.append(time.perf_counter() - started)
        if len(seconds) == 1 and seconds[0] > PATIENCE:
            return outputs, seconds
        if len(seconds) > RUNS:
            return outputs, seconds[1:]


def show_ptx(engine: Engine, clock: Clock) -> None:
    """Print the PTX of the first kernel of `KIND`."""
    groups = (group.node for group in kernels(engine.module))
    chosen = next(
        group
        for group in groups
        if isinstance(group, FusedOp) and group.kind.data == KIND
    )
    module = alone(chosen)
    run_lowerings(module, (*HOST_PROGRAM, *MACHINE_CODE))
    lines = print_ptx(module, DEFAULT_TARGET.removeprefix("sm_")).strip().splitlines()
    clock.title(f"PTX of the kernel {Group(chosen).name}, for {DEFAULT_TARGET}")
    lines = [line.expandtabs(4)[:WIDTH] for line in lines]
    between = f"    ... {len(lines) - 2 * SHOWN_LINES} lines more ..."
    print("\n".join([*lines[:SHOWN_LINES], between, *lines[-SHOWN_LINES:]]))


def alone(group: FusedOp) -> ModuleOp:
    """A network of this one group; what it reads is an input."""
    types = FunctionType.from_lists(group.inputs.types, group.outputs.types)
    function = FuncOp("alone", types)
    block = function.body.block
    copy = group.clone(dict(zip(group.inputs, block.args, strict=True)))
    block.add_ops([copy, ReturnOp(*copy.outputs)])
    return ModuleOp([function])


if __name__ == "__main__":
    sys.exit(main())
