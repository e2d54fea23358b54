"""How far the answer of a compiled network is from what the network means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import BFloat16Type, Float16Type, ModuleOp

from fusemlir.dialects.trt.base import tensor_type
from fusemlir.network import functions, nodes
from fusemlir.reference import Mode, run
from fusemlir.weights import Array, Weights

TOLERANCE = 1e-4
HALF_TOLERANCE = 1e-2
"""Where the network has f16 or bf16 in it."""


@dataclass(frozen=True)
class Difference:
    """Between an output and what it should be."""

    output: str
    absolute: float
    """The largest error; infinite where a NaN or an infinity stands on one side only,
    or the shapes differ."""
    relative: float
    """The same over the largest magnitude that it should have."""

    def within(self, tolerance: float) -> bool:
        return self.relative <= tolerance

    def __str__(self) -> str:
        """`y: largest error 1.2e-07 absolute, 3.1e-07 relative`."""
        return (
            f"{self.output}: largest error {self.absolute:.2g} absolute, "
            f"{self.relative:.2g} relative"
        )

    @staticmethod
    def of(output: str, found: Array, wanted: Array) -> Difference:
        if found.shape != wanted.shape:
            return Difference(output, np.inf, np.inf)
        a, b = found.astype(np.float64), wanted.astype(np.float64)
        finite = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return Difference(output, np.inf, np.inf)
        absolute = float(np.max(np.abs(a[finite] - b[finite]), initial=0.0))
        scale = float(np.max(np.abs(b[finite]), initial=0.0))
        relative = 0.0 if absolute == 0 else absolute / scale if scale else np.inf
        return Difference(output, absolute, relative)


def meaning(unfused: ModuleOp, inputs: Sequence[Array]) -> list[Array]:
    """What the network of a module gives by the reference in wide arithmetic."""
    (function,) = functions(unfused)
    return run(function, inputs, Weights.of_module(unfused), Mode.WIDE)


def differences(
    names: Sequence[str], found: Sequence[Array], wanted: Sequence[Array]
) -> list[Difference]:
    return [Difference.of(*pair) for pair in zip(names, found, wanted, strict=True)]


def default_tolerance(module: ModuleOp) -> float:
    """What is owed at the narrowest element type in the network."""
    made = (node for function in functions(module) for node in nodes(function))
    tensors = (tensor_type(value) for node in made for value in node.results)
    halves = any(
        isinstance(t.element_type, Float16Type | BFloat16Type) for t in tensors
    )
    return HALF_TOLERANCE if halves else TOLERANCE
