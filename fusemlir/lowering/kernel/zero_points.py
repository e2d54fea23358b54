"""Whether integers stand for what they are times a scale, nothing being subtracted."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.constant import scalar_of
from fusemlir.dialects.trt.quantize import QuantizationOp
from fusemlir.network import outside
from fusemlir.weights import Weights


def is_symmetric(layer: QuantizationOp) -> bool:
    """Whether the zero point is absent, or a constant of zeros."""
    if layer.zero_point is None:
        return True
    constant = outside(layer.zero_point).owner
    if not isinstance(constant, ConstantOp):
        return False
    number = scalar_of(constant.value)
    if number is not None:
        return number == 0
    weights = Weights.of_module(_module_of(layer))
    return not weights.array(constant.value).any()


def _module_of(op: Operation) -> ModuleOp:
    parent: Operation | None = op
    while not isinstance(parent, ModuleOp):
        assert parent is not None, "the layer is in no module"
        parent = parent.parent_op()
    return parent
