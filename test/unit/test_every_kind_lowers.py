"""Whatever the rules can form has a GPU kernel, but for what the table here names.

The kernels are those of the lit files about rules and of random networks, before and
after fusing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import TypeAlias

import pytest
from kernel_corpus import alone, distinct_kernels, lit_networks, random_modules
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from fusemlir.codegen.targets import print_llvm
from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.gpu.convert_trt_to_gpu import ConvertTrtToGpuPass
from fusemlir.lowering.gpu.kernel_table import family_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass

Question: TypeAlias = Callable[[KernelBody], bool]


def having(*layers: type) -> Question:
    """Whether a body has a layer of each of these types."""

    def has_all(body: KernelBody) -> bool:
        return all(any(isinstance(op, t) for op in body.layers) for t in layers)

    return has_all


WITHOUT_KERNEL: dict[str, Question] = {}
"""What there is no kernel of yet; of each there is at least one, and of nothing else.

A row whose last kernel lowers has to go.
"""


@cache
def corpus(count: int) -> tuple[KernelBody, ...]:
    return tuple(distinct_kernels(chain(lit_networks(), random_modules(count))))


def lowered(body: KernelBody) -> ModuleOp | None:
    """The module of the kernel alone; None where it is refused by name."""
    module = alone(body.node)
    try:
        ConvertTrtToGpuPass().apply(Context(), module)
    except DiagnosticError as error:
        for diagnostic in error.diagnostics:
            assert diagnostic.message.startswith("no kernel yet for "), diagnostic
        return None
    return module


def row_of(body: KernelBody) -> str | None:
    rows = (row for row, question in WITHOUT_KERNEL.items() if question(body))
    return next(rows, None)


def check_table(bodies: Iterable[KernelBody], refuses: Question) -> None:
    refused: defaultdict[str | None, set[str]] = defaultdict(set)
    for body in bodies:
        if refuses(body):
            refused[row_of(body)].add(body.kind)
    assert not refused[None], f"no kernel, and no row says so: {sorted(refused[None])}"
    unused = [row for row in WITHOUT_KERNEL if not refused[row]]
    assert not unused, f"all of these lower now, take their rows out: {unused}"


def test_every_kind_lowers_but_for_those_in_the_table():
    """One of each kind is built here, all of them nightly."""
    built: set[str] = set()

    def refuses(body: KernelBody) -> bool:
        if body.kind in built:
            return family_of(body) is None
        built.add(body.kind)
        return lowered(body) is None

    check_table(corpus(10), refuses)
    assert len(built) > 100


@pytest.mark.nightly
def test_every_kind_of_more_networks_lowers_but_for_those_in_the_table():
    check_table(corpus(1000), lambda body: lowered(body) is None)


WORKER = """
import json, sys
from fusemlir.codegen.ptx import emit_ptx
for name, text in json.load(sys.stdin):
    print(name, flush=True)
    emit_ptx(text, sys.argv[1])
print("done")
"""


def llvm_takes(kernels: Sequence[tuple[str, str]], sm: str) -> None:
    """LLVM ends the process at what it does not know: it is another one's."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER, sm],
        input=json.dumps(kernels),
        capture_output=True,
        text=True,
        check=False,
    )
    *_, last = done.stdout.splitlines()
    texts = dict(kernels)
    assert last == "done", f"{last}\n{done.stderr[-2000:]}\n{texts[last]}"


@pytest.mark.nightly
@pytest.mark.parametrize("sm", ["80", "90"])
def test_llvm_takes_every_kernel(sm: str):
    kernels: list[tuple[str, str]] = []
    for number, body in enumerate(corpus(300)):
        module = lowered(body)
        if module is None:
            continue
        ConvertToLlvmPass().apply(Context(), module)
        kernels.append((f"{body.kind} {number}", print_llvm(module)))
    for start in range(0, len(kernels), 200):
        llvm_takes(kernels[start : start + 200], sm)
