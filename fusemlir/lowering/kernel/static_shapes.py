"""Networks that no kernel can be written for: those of unknown shapes."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument

from fusemlir.diagnostics import Diagnostic, Severity, SourceLocation
from fusemlir.dialects.trt.base import UNKNOWN, is_static, shape_of
from fusemlir.dialects.trt.module_attributes import TENSOR_NAME
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import label, nodes


def unknown_shapes(function: FuncOp) -> Iterator[Diagnostic]:
    """The first layer with an unknown dimension; those after it follow from it."""
    for node in nodes(function):
        values = (*node.operands, *node.results, *KernelBody(node).values)
        unknown = next((v for v in values if not is_static(shape_of(v))), None)
        if unknown is not None:
            yield Diagnostic(
                Severity.ERROR,
                SourceLocation.of(node.location),
                f"kernels need static shapes, {label(node)} has {unknown.type}; "
                f"{_advice(function)}",
            )
            return


def _advice(function: FuncOp) -> str:
    unknown = [arg for arg in function.args if not is_static(shape_of(arg))]
    if not unknown:
        return "give its type all dimensions"
    flags = " ".join(f"--shape {_shape_example(function, arg)}" for arg in unknown)
    return f"import the model with sizes, as in {flags}, or write them into the types"


def _shape_example(function: FuncOp, argument: BlockArgument) -> str:
    """`input=1x3x224x224`: its known dimensions, 1 for the others."""
    sizes = (1 if size == UNKNOWN else size for size in shape_of(argument))
    return f"{_input_name(function, argument)}={'x'.join(map(str, sizes))}"


def _input_name(function: FuncOp, argument: BlockArgument) -> str:
    """The tensor's name in the source, else that of the value."""
    if function.arg_attrs is not None:
        name = function.arg_attrs.data[argument.index].data.get(TENSOR_NAME)
        if isinstance(name, StringAttr):
            return name.data
    return argument.name_hint or f"input{argument.index}"
