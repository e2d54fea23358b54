"""Loads the elements that rows are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.ir import SSAValue

from fusemlir.lowering.gpu.block_kernel import BlockKernel
from fusemlir.lowering.gpu.neighbours import Neighbours
from fusemlir.lowering.rows.source import RowSource

Constants = Mapping[SSAValue, SSAValue]


def loader(
    source: RowSource, kernel: BlockKernel, constants: Constants, count: int
) -> Callable[[SSAValue], list[SSAValue]]:
    """Emits `count` neighbours, from a number on, in the type computed in."""
    read = Neighbours(kernel, source.layers, constants, source.shape)

    def load(first: SSAValue) -> list[SSAValue]:
        given: dict[SSAValue, list[SSAValue]] = {}
        if source.shuffle is not None:
            moved = read.input(source.shuffle.input, first, count)
            given[source.shuffle.output] = moved
        elif source.value in source.body.inputs:
            given[source.value] = read.input(source.value, first, count)
        elements = read.elements(first, count, given)
        return [element.values[source.value] for element in elements]

    return load
