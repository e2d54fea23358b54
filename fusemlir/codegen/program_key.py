"""By what a compiled network is found again: all that its code was made from."""

from __future__ import annotations

import hashlib
from functools import cache
from io import StringIO
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.exact_printer import BitsPrinter
from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.dialects.trt.module_attributes import WEIGHTS
from fusemlir.weights import Weights

IN_CODE = 1 << 14
"""Elements of the largest constants whose values code may depend on, such as the zero
points of channels; larger ones are only read by it."""


def program_key(module: ModuleOp, weights: Weights) -> str:
    """Of a fused network for the CPU: its text without where its weights are (the same
    network with others has the same code), the values of small constants, and the state
    of this package."""
    hasher = hashlib.sha256(state_of_package().encode())
    text = StringIO()
    printer = BitsPrinter(text)
    attributes = {k: v for k, v in module.attributes.items() if k != WEIGHTS}
    printer.print_attr_dict(attributes)
    for op in module.ops:
        printer.print_op(op)
    hasher.update(text.getvalue().encode())
    for op in module.walk():
        if isinstance(op, ConstantOp) and volume(shape_of(op.output)) <= IN_CODE:
            hasher.update(weights.digest(op.value).encode())
    return hasher.hexdigest()


@cache
def state_of_package() -> str:
    """Changes when one of its files does."""
    root = Path(__file__).parents[1]
    files = sorted(root.rglob("*.py"))
    states = ((file.relative_to(root), file.stat()) for file in files)
    return "\n".join(f"{name} {at.st_size} {at.st_mtime_ns}" for name, at in states)
