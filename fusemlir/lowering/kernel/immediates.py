"""The constants that a kernel's body holds: numbers in its code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import shape_of, volume
from fusemlir.dialects.trt.constant import scalar_of
from fusemlir.dialects.trt.weight import ConstantValue
from fusemlir.lowering.element_conversion import constant
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.weights import Weights


def are_single_elements(body: KernelBody) -> bool:
    return all(volume(shape_of(op.output)) == 1 for op in body.constants)


@dataclass
class Immediates:
    """What becomes of constants in bodies, each of a single element."""

    module: ModuleOp

    @cached_property
    def _weights(self) -> Weights:
        return Weights.of_module(self.module)

    def emit(self, body: KernelBody) -> dict[SSAValue, SSAValue]:
        """Emit all constants of `body`; by its values."""
        return {
            op.output: constant(self._number(op.value), op.value.type.element_type)
            for op in body.constants
        }

    def _number(self, value: ConstantValue) -> float:
        """The element; of one that is in the model's file, it is looked up there."""
        number = scalar_of(value)
        return self._weights.array(value).item() if number is None else number
