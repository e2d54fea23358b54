"""How far the answer of a compiled network is from what the network means."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BFloat16Type, Float16Type, ModuleOp

from fusemlir.dialects.trt import QuantizeOp
from fusemlir.dialects.trt.base import tensor_type
from fusemlir.network import functions, nodes
from fusemlir.reference import Mode, run
from fusemlir.reference.difference import Difference
from fusemlir.weights import Array, Weights

TOLERANCE = 1e-4
HALF_TOLERANCE = 1e-2
"""Where the network has f16 or bf16 in it."""
QUANTIZED_TOLERANCE = 0.1
"""Where it has 8-bit integers in it: what lies half-way between two of them goes to
either by the last bit of a float, and what reads it follows. Seeded networks end some
steps of 1/127 apart, as onnxruntime's kernels and its own unfused layers do."""


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
    made = [node for function in functions(module) for node in nodes(function)]
    if any(isinstance(node, QuantizeOp) for node in made):
        return QUANTIZED_TOLERANCE
    elements = {tensor_type(value).element_type for n in made for value in n.results}
    halves = any(isinstance(each, Float16Type | BFloat16Type) for each in elements)
    return HALF_TOLERANCE if halves else TOLERANCE
