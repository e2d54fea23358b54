"""The layers that a change touches, before and after it, as a module of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from fusemlir.diagnostics import SourceLocation
from fusemlir.dialects.trt.base import LayerOp
from fusemlir.dialects.trt.module_attributes import WEIGHTS, WeightSourceAttr
from fusemlir.network import Node, is_dead, nodes
from fusemlir.transforms.fusion import Rewrite
from fusemlir.transforms.replacement import Replacement

BEFORE, AFTER = "before", "after"
"""Names of the two functions."""

MAX_DEPTH = 8
"""How far up from an operand is looked for constants."""


@dataclass(frozen=True)
class Excerpt:
    """What a change is about: two networks that owe the same for the same inputs.

    Constants, and what is computed from constants alone, are in both; what else the
    layers read from outside is an input.
    """

    replacement: Replacement

    @cached_property
    def before(self) -> FuncOp:
        return self._function(BEFORE, self._standing, self.replacement.old)

    @cached_property
    def after(self) -> FuncOp:
        made = self.replacement.made
        function = self._function(AFTER, [*self._standing, *made], self.replacement.new)
        for node in reversed(list(nodes(function))):
            if is_dead(node):
                node.detach()
                node.erase()
        return function

    @cached_property
    def module(self) -> ModuleOp:
        """Both functions, the weights found wherever the module is."""
        source = self.replacement.network.module
        attributes = dict(source.attributes)
        weights = attributes.get(WEIGHTS)
        if isinstance(weights, WeightSourceAttr):
            # As `Weights.of_module` looks for it, but from anywhere.
            folder = Path(SourceLocation.of(source.location).file).parent
            beside, here = folder / weights.path.data, Path(weights.path.data)
            path = (beside if beside.is_file() else here).absolute()
            attributes[WEIGHTS] = WeightSourceAttr(
                StringAttr(str(path)), weights.sha256
            )
        return ModuleOp([self.before, self.after], attributes)

    @cached_property
    def _standing(self) -> tuple[Node, ...]:
        """The nodes that are there before, in execution order."""
        change = self.replacement.change
        given = change.given if isinstance(change, Rewrite) else ()
        return self.replacement.network.order.sort([*given, *self.replacement.nodes])

    @cached_property
    def _outside(self) -> tuple[SSAValue, ...]:
        """What any of the layers reads and none of them makes."""
        ops = (*self._standing, *self.replacement.made)
        made = {result for op in ops for result in op.results}
        read = (*_operands(ops), *self.replacement.new)
        return tuple(value for value in dict.fromkeys(read) if value not in made)

    def _function(
        self, name: str, ops: Sequence[Node], results: Sequence[SSAValue]
    ) -> FuncOp:
        inputs = [value for value in self._outside if known(value) is None]
        constants = (op for value in self._outside for op in known(value) or ())
        types = FunctionType.from_lists(
            [value.type for value in inputs], [value.type for value in results]
        )
        function = FuncOp(name, types)
        block = function.body.block
        values: dict[SSAValue, SSAValue] = dict(zip(inputs, block.args, strict=True))
        for value, argument in values.items():
            argument.name_hint = value.name_hint
        for op in (*self.replacement.network.order.sort(constants), *ops):
            block.add_op(op.clone(values))
        block.add_op(ReturnOp(*(values[result] for result in results)))
        return function


def _operands(ops: Iterable[Operation]) -> Iterator[SSAValue]:
    return (operand for op in ops for operand in op.operands)


def known(value: SSAValue, depth: int = MAX_DEPTH) -> tuple[LayerOp, ...] | None:
    """The layers that `value` is computed by, from constants alone; None where there
    are others among them, or more than `depth` in a row."""
    layer = value.owner
    if depth == 0 or not isinstance(layer, LayerOp):
        return None
    above: list[LayerOp] = []
    for operand in layer.operands:
        layers = known(operand, depth - 1)
        if layers is None:
            return None
        above += layers
    return (*above, layer)
