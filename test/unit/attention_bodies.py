"""Groups of attention as MLIR text, and what they mean, in f64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kernel_arrays import random, tensor
from row_kernels import network
from xdsl.dialects.builtin import ModuleOp


@dataclass(frozen=True)
class Attention:
    """Queries `q`, of so many rows, keys `k` and values `v`, and what is around them.

    Without columns of values the weights are the result.
    """

    batch: tuple[int, ...]
    rows: int
    keys: int
    depth: int
    values: int = 0
    dtype: Any = np.float32
    transposed: Sequence[str] = ("k",)
    """Factors whose matrices the products transpose."""
    shared: Sequence[str] = ()
    """Factors of which there is one along the first axis of the batch."""
    mask: tuple[int, ...] | None = None
    """The shape of what is added to the scores."""
    scale: float | None = None
    after: bool = False
    """Whether another tensor and tanh follow."""
    given: dict[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """Inputs that are not random."""

    @property
    def result(self) -> np.ndarray:
        """An array as the result is."""
        sizes = (*self.batch, self.rows, self.values or self.keys)
        return np.empty(sizes, self.dtype)

    @property
    def scores(self) -> np.ndarray:
        """An array as the scores are."""
        is_shared = {"q", "k"} <= {*self.shared}
        first = 1 if is_shared else self.batch[0]
        sizes = (first, *self.batch[1:], self.rows, self.keys)
        return np.empty(sizes, self.dtype)

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        shapes = {
            "q": self._shape("q", self.rows, self.depth),
            "k": self._shape("k", self.depth, self.keys),
        }
        if self.values:
            shapes["v"] = self._shape("v", self.keys, self.values)
        if self.mask is not None:
            shapes["m"] = self.mask
        if self.after:
            shapes["r"] = self.result.shape
        return {
            name: self.given[name] if name in self.given else self._random(name, shape)
            for name, shape in shapes.items()
        }

    def _shape(self, name: str, rows: int, columns: int) -> tuple[int, ...]:
        first = 1 if name in self.shared else self.batch[0]
        matrix = (columns, rows) if name in self.transposed else (rows, columns)
        return (first, *self.batch[1:], *matrix)

    def _random(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Scores are of magnitude one."""
        made = random(shape, np.float32, "qkvmr".index(name))
        factor = self.depth**-0.25 if name in "qk" else 1.0
        return (made * np.float32(factor)).astype(self.dtype)

    @property
    def module(self) -> ModuleOp:
        inputs, writer = self.inputs, _Writer()
        writer.types = {f"%{name}": tensor(x) for name, x in inputs.items()}
        scores, result = tensor(self.scores), tensor(self.result)
        ones = tensor(np.empty((1,) * self.scores.ndim, self.dtype))
        last = writer.add("s", self._product("q", "k"), ["%q", "%k"], scores)
        if self.scale is not None:
            writer.lines.append(f"%c = trt.constant dense<{self.scale}> : {ones}")
            writer.types["%c"] = ones
            last = writer.add("d", "element_wise prod", [last, "%c"], scores)
        if self.mask is not None:
            last = writer.add("a", "element_wise sum", [last, "%m"], scores)
        axis = f" axis = {self.scores.ndim - 1}"
        last = writer.add("p", "softmax", [last], scores, axis)
        if self.values:
            last = writer.add("o", self._product("", "v"), [last, "%v"], result)
        if self.after:
            last = writer.add("e", "element_wise sum", [last, "%r"], result)
            last = writer.add("t", "activation tanh", [last], result)
        text = writer.group(list(inputs), last, result)
        return network(text, [self.result], *inputs.values())

    def _product(self, first: str, second: str) -> str:
        turned = (first in self.transposed, second in self.transposed)
        written = (f"op{at} = transpose" for at, is_so in enumerate(turned) if is_so)
        return f"matrix_multiply |{' '.join(written)}"

    @property
    def exact(self) -> np.ndarray:
        """The definition; a row without a score above -inf is NaN."""
        wide = {name: x.astype(np.float64) for name, x in self.inputs.items()}
        for name in self.transposed:
            if name in wide:
                wide[name] = wide[name].swapaxes(-1, -2)
        with np.errstate(all="ignore"):
            scores = wide["q"] @ wide["k"] * (self.scale or 1.0) + wide.get("m", 0.0)
            powers = np.exp(scores - scores.max(-1, keepdims=True))
            found = powers / powers.sum(-1, keepdims=True)
            found = found @ wide["v"] if self.values else found
        return np.tanh(found + wide["r"]) if self.after else found


@dataclass
class _Writer:
    """The text of a group, layer by layer."""

    lines: list[str] = field(default_factory=list[str])
    layers: list[str] = field(default_factory=list[str])
    kinds: list[str] = field(default_factory=list[str])
    types: dict[str, str] = field(default_factory=dict[str, str])

    def add(
        self, name: str, what: str, operands: list[str], result: str, after: str = ""
    ) -> str:
        """Add a layer; what stands after `|` is written after its operands."""
        head, _, options = what.partition(" |")
        after = f" {options}{after}" if options else after
        types = ", ".join(self.types[operand] for operand in operands)
        given = types if len(operands) == 1 else f"({types})"
        self.lines.append(
            f"%{name} = trt.{head} {', '.join(operands)}{after} "
            f'layers ["{name}"] : {given} -> {result}'
        )
        self.layers.append(name)
        kind = head.split()[-1]
        self.kinds.append("matmul" if kind == "matrix_multiply" else kind)
        self.types[f"%{name}"] = result
        return f"%{name}"

    def group(self, inputs: list[str], last: str, result: str) -> str:
        operands = ", ".join(f"%x{number}" for number in range(len(inputs)))
        types = [self.types[f"%{name}"] for name in inputs]
        arguments = (f"%{n}: {t}" for n, t in zip(inputs, types, strict=True))
        layers = ", ".join(f'"{name}"' for name in self.layers)
        body = "\n  ".join([*self.lines, f"trt.yield {last} : {result}"])
        return (
            f'%y0 = trt.fused "{"_".join(self.kinds)}"({operands}) layers [{layers}]\n'
            f"  : ({', '.join(types)}) -> {result} {{\n"
            f"^bb0({', '.join(arguments)}):\n  {body}\n}}"
        )
