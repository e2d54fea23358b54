"""What rows are of: an input, or what pointwise layers make of inputs.

A shuffle that only permutes may stand before all else: then rows are of the tensor that
is shuffled, along other axes, and an element is what it is wherever it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ShuffleOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    shape_of,
    volume,
)
from fusemlir.dialects.trt.shuffle import permute
from fusemlir.lowering.element_conversion import element_bytes
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.lowering.scalar import has_scalar_form


@dataclass(frozen=True)
class RowSource:
    """The tensor `value` of a body, which an anchor reads."""

    body: KernelBody
    value: SSAValue

    @cached_property
    def layers(self) -> tuple[LayerOp, ...]:
        """Those that it depends on, but for a shuffle."""
        needed, found = {self.value}, list[LayerOp]()
        for layer in reversed(self.body.layers):
            if needed.intersection(layer.results):
                needed.update(layer.operands)
                found.append(layer)
        return tuple(layer for layer in found[::-1] if layer is not self.shuffle)

    @cached_property
    def shuffle(self) -> ShuffleOp | None:
        return next(
            (layer for layer in self.body.layers if isinstance(layer, ShuffleOp)), None
        )

    @property
    def order(self) -> Shape:
        """By axis of the value, that of the tensor that rows are of."""
        if self.shuffle is None:
            return tuple(range(len(shape_of(self.value))))
        return permute(self.shuffle.first, self.shuffle.second)

    @property
    def shape(self) -> Shape:
        """Of the tensor that rows are of."""
        shuffle = self.shuffle
        return shape_of(self.value if shuffle is None else shuffle.input)

    @property
    def is_plain(self) -> bool:
        """Whether a kernel of rows can read it."""
        if not all(map(has_scalar_form, self.layers)):
            return False
        shuffle = self.shuffle
        if shuffle is None:
            return True
        is_first = shuffle.input in self.body.inputs
        only_permutes = shuffle.transposed == shuffle.reshaped
        alone = all(volume(shape_of(x)) == 1 for x in self._inputs)
        return is_first and only_permutes and alone

    @property
    def _inputs(self) -> list[SSAValue]:
        """The inputs of the body that are read, but for what a shuffle moves."""
        read = {x for layer in self.layers for x in layer.operands} | {self.value}
        return [x for x in self.body.inputs if x in read]

    @property
    def widest(self) -> int:
        """Bytes of an element of the widest tensor that is read as rows are."""
        moved = [] if self.shuffle is None else [self.shuffle.input]
        same = (x for x in (*moved, *self._inputs) if shape_of(x) == self.shape)
        sizes = [element_bytes(element_type_of(x)) for x in same]
        return max(sizes, default=4)
