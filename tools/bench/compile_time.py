"""How long reading, fusing, explaining and printing take, against the network's size.

`python tools/bench/compile_time.py` prints CPU milliseconds a layer, so that a compiler
which is linear prints lines of equal numbers; `--full` goes on to 50,000 layers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import cpu_seconds, medians, text_table
from models import light_model, networks
from synthetic import SHAPES
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects import get_all_dialects
from fusemlir.frontend.mlir import parse_module
from fusemlir.frontend.onnx import import_model
from fusemlir.network import kernels
from fusemlir.remarks import collect
from fusemlir.tools.explanation import explain
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.transforms.trt_fuse import TrtFusePass

SIZES = (1_000, 2_000, 5_000)
ALL_SIZES = (*SIZES, 10_000, 20_000, 50_000)

REPEATED = 2_000
"""Layers up to which a measurement is repeated."""

STAGES = ("read", "fuse", "explain", "print")


@dataclass(frozen=True)
class Measured:
    """What one network cost."""

    network: str
    layers: int
    """Before fusing, constants and views left out."""
    kernels: int
    seconds: dict[str, float]
    """CPU time by stage; `explain` is what it adds to fusing."""


def measure(network: str, read: Callable[[], ModuleOp], repeats: int) -> Measured:
    """Medians of `repeats` runs."""
    layers = count = 0
    samples: list[dict[str, float]] = []
    for _ in range(repeats):
        reading, module = cpu_seconds(read)
        layers = len(kernels(module))
        fusing, _ = cpu_seconds(lambda module=module: _fuse(module))
        count = len(kernels(module))
        printing, _ = cpu_seconds(lambda module=module: PrintStyle().text(module))
        module = read()
        explaining, _ = cpu_seconds(lambda module=module: _fuse_and_explain(module))
        seconds = (reading, fusing, explaining - fusing, printing)
        samples.append(dict(zip(STAGES, seconds, strict=True)))
    return Measured(network, layers, count, medians(samples))


def _fuse(module: ModuleOp) -> None:
    TrtFusePass().apply(Context(), module)


def _fuse_and_explain(module: ModuleOp) -> str:
    with collect() as remarks:
        _fuse(module)
    return explain(remarks, "text")


def _parse(text: str) -> ModuleOp:
    ctx = Context()
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return parse_module(ctx, text, "network.mlir")


def measure_shapes(shapes: Sequence[str], sizes: Sequence[int]) -> Iterator[Measured]:
    for shape in shapes:
        for size in sizes:
            text = SHAPES[shape](size)
            repeats = 3 if size <= REPEATED else 1
            yield measure(shape, lambda text=text: _parse(text), repeats)


def measure_models() -> Iterator[Measured]:
    for network in networks():
        path = light_model(network)
        yield measure(network, lambda path=path: import_model(path), repeats=3)


def _curve(found: Measured) -> list[str]:
    a_layer = (found.seconds[stage] / found.layers * 1e3 for stage in STAGES)
    return [
        found.network,
        f"{found.layers:,}",
        f"{found.kernels:,}",
        *(f"{milliseconds:.3f}" for milliseconds in a_layer),
    ]


def _total(found: Measured) -> list[str]:
    seconds = (f"{found.seconds[stage]:.3f}" for stage in STAGES)
    return [found.network, str(found.layers), str(found.kernels), *seconds]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="up to 50,000 layers")
    parser.add_argument(
        "--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES)
    )
    parser.add_argument("--json", type=Path, help="write what was measured here, too")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    sizes = ALL_SIZES if arguments.full else SIZES
    header = ("network", "layers", "kernels", *STAGES)
    print("CPU milliseconds a layer\n")
    found: list[Measured] = []
    for shape in arguments.shapes:
        curve = list(measure_shapes([shape], sizes))
        print(text_table(header, [_curve(one) for one in curve]), flush=True)
        found += curve
    print("CPU seconds, the light models of the onnx package\n")
    models = list(measure_models())
    print(text_table(header, [_total(one) for one in models]))
    if arguments.json is not None:
        records = [asdict(one) for one in (*found, *models)]
        arguments.json.write_text(json.dumps(records, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
