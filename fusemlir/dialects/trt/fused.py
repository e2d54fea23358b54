"""Groups of layers that make one kernel.

A fusion wraps: it moves layers, unchanged, into the body of one `trt.fused`. The body
is the meaning of the group; inlining it gives the network as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from xdsl.dialects.builtin import StringAttr, TensorType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import HasParent, IsolatedFromAbove, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import LayerOp, LayersAttr, layers_attr
from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.convolution import ConvolutionOp, DeconvolutionOp
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.dialects.trt.pointwise import (
    ActivationOp,
    ElementWiseOp,
    ScaleOp,
    UnaryOp,
)
from fusemlir.dialects.trt.pooling import PoolingOp
from fusemlir.dialects.trt.reduce import ReduceOp, TopKOp

SPELLED_POINTWISE = 2
"""A kind spells out a run of up to this many pointwise layers."""

_SHORT_NAMES: dict[type[Operation], str] = {
    ConvolutionOp: "conv",
    DeconvolutionOp: "deconv",
    MatrixMultiplyOp: "matmul",
    PoolingOp: "pool",
    ScaleOp: "scale",
    TopKOp: "topk",
}


def is_pointwise(op: Operation) -> bool:
    """Whether each element of the result depends on one element of each operand."""
    return isinstance(op, ActivationOp | ElementWiseOp | UnaryOp | ScaleOp)


def short_name(op: Operation) -> str:
    """What a kind calls a layer: `conv`, `relu`, `sum`, `reduce_avg`."""
    match op:
        case ActivationOp() | ElementWiseOp() | UnaryOp():
            return str(op.kind)
        case ReduceOp():
            return f"reduce_{op.kind}"
        case _:
            return _SHORT_NAMES.get(type(op), op.name.removeprefix("trt."))


def derive_kind(body: Sequence[Operation]) -> str:
    """The kind of a group of layers: `conv_sum_relu`, `conv_pointwise`, `pointwise`.

    Equal neighbours that are not pointwise are named once, as in
    `dequantize_conv_relu_quantize`.
    """
    layers = [op for op in body if not isinstance(op, ConstantOp | YieldOp)]
    parts: list[str] = []
    for pointwise, run in groupby(layers, is_pointwise):
        names = [short_name(op) for op in run]
        if not pointwise:
            parts += (name for name, _ in groupby(names))
            continue
        long = len(names) > SPELLED_POINTWISE or len(names) == len(layers)
        parts += ["pointwise"] if long else names
    return "_".join(parts)


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The results of a group."""

    name = "trt.yield"

    outputs = var_operand_def(TensorType)
    traits = lazy_traits_def(lambda: (IsTerminator(), Pure(), HasParent(FusedOp)))
    assembly_format = "attr-dict ($outputs^ `:` type($outputs))?"

    def __init__(self, outputs: Sequence[SSAValue]):
        super().__init__(operands=[outputs])


@irdl_op_definition
class FusedOp(IRDLOperation):
    """One kernel: layers of the network, moved unchanged into the body.

    Flat (no group in a group) and isolated (a block argument for every input, so that
    use counts are true and equal bodies are equal). Large constants stay outside as
    operands, single-element ones are cloned inside. `kind` is derived from the body,
    `layers` are those of the body, constants left out.
    """

    name = "trt.fused"

    kind = prop_def(StringAttr)
    layers = opt_prop_def(LayersAttr)
    inputs = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    body = region_def("single_block")

    traits = traits_def(IsolatedFromAbove(), Pure())

    assembly_format = (
        "$kind `(` $inputs `)` (`layers` $layers^)? attr-dict "
        "`:` functional-type($inputs, $outputs) $body"
    )

    def __init__(self, inputs: Sequence[SSAValue], body: Region):
        """Take ownership of `body`, whose block ends in a `trt.yield`."""
        layers = [op for op in body.block.ops if not isinstance(op, YieldOp)]
        super().__init__(
            operands=[inputs],
            result_types=[[value.type for value in _yield_of(body.block).outputs]],
            properties={
                "kind": StringAttr(derive_kind(layers)),
                "layers": layers_attr(body_ids(layers)),
            },
            regions=[body],
        )

    @property
    def block(self) -> Block:
        return self.body.block

    @property
    def layer_ops(self) -> Iterator[LayerOp]:
        """The layers of the body, constants included, in execution order."""
        return (op for op in self.block.ops if isinstance(op, LayerOp))

    @property
    def terminator(self) -> YieldOp:
        return _yield_of(self.block)

    @property
    def layer_ids(self) -> tuple[str, ...]:
        return () if self.layers is None else tuple(id.data for id in self.layers)

    def inline(self) -> None:
        """Put the layers in the place of the group."""
        terminator = self.terminator
        yielded = list(terminator.outputs)
        terminator.detach()
        terminator.erase()
        Rewriter.inline_block(self.block, InsertPoint.before(self), self.inputs)
        for result, value in zip(self.outputs, yielded, strict=True):
            value.name_hint = result.name_hint
            result.replace_all_uses_with(value)
        self.detach()
        self.erase()

    def refresh(self) -> None:
        """Derive kind and layers anew, after the body was changed."""
        self.kind = StringAttr(derive_kind(list(self.layer_ops)))
        self.layers = layers_attr(body_ids(list(self.layer_ops)))

    def verify_(self) -> None:
        if not isinstance(self.block.last_op, YieldOp):
            raise VerifyException("the body must end in trt.yield")
        ops = [op for op in self.block.ops if not isinstance(op, YieldOp)]
        for op in ops:
            if not isinstance(op, LayerOp):
                raise VerifyException(f"a group holds layers only, found {op.name}")
        self._verify_signature()
        if self.kind.data != (kind := derive_kind(ops)):
            raise VerifyException(f"kind is '{self.kind.data}', the body is '{kind}'")
        if self.layer_ids != (ids := body_ids(ops)):
            raise VerifyException(
                f"layers are {list(self.layer_ids)}, the body has {list(ids)}"
            )

    def _verify_signature(self) -> None:
        if self.block.arg_types != tuple(self.inputs.types):
            raise VerifyException("block arguments and inputs must have equal types")
        yielded = self.terminator.outputs
        if tuple(yielded.types) != tuple(self.outputs.types):
            raise VerifyException("yielded values and results must have equal types")
        if not yielded:
            raise VerifyException("a group yields at least one value")
        if len(set(yielded)) != len(yielded):
            raise VerifyException("a value is yielded twice")
        for value in yielded:
            if not isinstance(value.owner, LayerOp):
                raise VerifyException("an input is yielded unchanged")


def body_ids(body: Sequence[Operation]) -> tuple[str, ...]:
    """Ids of the source layers that the ops of a body compute, constants left out."""
    ids: dict[str, None] = {}
    for op in body:
        if isinstance(op, LayerOp) and not isinstance(op, ConstantOp):
            ids.update(dict.fromkeys(op.layer_ids))
    return tuple(ids)


def _yield_of(block: Block) -> YieldOp:
    assert isinstance(block.last_op, YieldOp)
    return block.last_op
