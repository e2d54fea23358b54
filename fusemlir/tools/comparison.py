"""How far the answer of a compiled network is from what the network means."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BFloat16Type, Float16Type, ModuleOp

from fusemlir.dialects.trt.base import tensor_type
from fusemlir.network import functions, nodes
from fusemlir.reference import Mode, run
from fusemlir.reference.difference import Difference
from fusemlir.weights import Array, Weights

TOLERANCE = 1e-4
HALF_TOLERANCE = 1e-2
"""Where the network has f16 or bf16 in it."""


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
