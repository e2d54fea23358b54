"""Which function imports which operator of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.frontend.onnx.node import Node

Handler: TypeAlias = Callable[[Node], SSAValue | Sequence[SSAValue]]
"""Adds a node's layers to the network and gives its outputs, first ones first."""

FAMILIES = (
    "activation",
    "constant",
    "convolution",
    "einsum",
    "elementwise",
    "layout",
    "matmul",
    "movement",
    "normalization",
    "pooling",
    "quantize",
    "reduce",
    "resize",
    "unary",
)
"""The modules beside this one that import operators."""

_HANDLERS: dict[str, Handler] = {}


def operator(*op_types: str) -> Callable[[Handler], Handler]:
    """Register the handler of operators of ONNX's default domain."""

    def register(handler: Handler) -> Handler:
        for op_type in op_types:
            assert op_type not in _HANDLERS, op_type
            _HANDLERS[op_type] = handler
        return handler

    return register


@cache
def handlers() -> dict[str, Handler]:
    """All handlers by operator."""
    for family in FAMILIES:
        import_module(f"fusemlir.frontend.onnx.{family}")
    return _HANDLERS
