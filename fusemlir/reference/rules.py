"""The registry of rules: for each class of layer, what it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.weights import Array, Weights


class Mode(StrEnum):
    """Where values are rounded to their tensor's type."""

    TYPED = auto()
    """After every layer, as the unfused network would."""
    WIDE = auto()
    """At the edges of a group, at Cast and at Quantize; f64 between them."""


@dataclass(frozen=True)
class Context:
    """What a rule needs besides its layer and operands."""

    weights: Weights
    mode: Mode

    @property
    def product_dtype(self) -> npt.DTypeLike:
        """The float type in which contractions multiply and add."""
        return np.float32 if self.mode == Mode.TYPED else np.float64


Op = TypeVar("Op", bound=LayerOp)
Operands: TypeAlias = Sequence[Array]
Results: TypeAlias = Array | tuple[Array, ...]

RULES: dict[type[LayerOp], Callable[[Any, Operands, Context], Results]] = {}
"""A rule takes a layer, its operands in order (floats in their tensor's type or f64),
and gives results in any float or integer type: who calls it rounds them. One that
rounds by itself (Cast, Quantize) gives its results in the type it rounded to."""


def rule(
    layer: type[Op],
) -> Callable[
    [Callable[[Op, Operands, Context], Results]],
    Callable[[Op, Operands, Context], Results],
]:
    """Register the decorated function as the meaning of `layer`."""

    def register(
        function: Callable[[Op, Operands, Context], Results],
    ) -> Callable[[Op, Operands, Context], Results]:
        RULES[layer] = function
        return function

    return register
