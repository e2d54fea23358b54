"""ONNX model to module: the walk over the graph; operators are imported by family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FileLineColLoc,
    IntAttr,
    LocationAttr,
    ModuleOp,
    NameLoc,
    StringAttr,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from fusemlir.diagnostics import (
    Diagnostic,
    DiagnosticError,
    Severity,
    SourceLocation,
    lower_first,
)
from fusemlir.dialects.trt.base import LayerOp, element_type_of
from fusemlir.dialects.trt.constant import ConstantOp
from fusemlir.dialects.trt.module_attributes import (
    TENSOR_NAME,
    WEIGHTS,
    WeightSourceAttr,
)
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.constant import (
    CHANNELS,
    FOLDED,
    dense_constant,
    fold,
    known_array,
    tensor_constant,
)
from fusemlir.frontend.onnx.model import (
    DEFAULT_DOMAINS,
    Shapes,
    check_shapes,
    element_type,
    input_type,
    opset_of,
)
from fusemlir.frontend.onnx.names import LayerIds, value_name
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import Handler, handlers
from fusemlir.weights import Array, OnnxFile

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto, ValueInfoProto

_FAULTS_OF_NODES = (Unsupported, VerifyException, ValueError)
"""What importers raise, and xDSL where a number does not fit its attribute."""

_CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})


def import_model(path: str | Path, shapes: Shapes | None = None) -> ModuleOp:
    """The network in the ONNX file `path`: one `func.func @main` in a module.

    `shapes` fixes the shapes of inputs, by name. Tensors keep their names as `trt.name`
    of arguments and results; layers carry their nodes' ids (`LayerIds`) and are at
    their node's name. Initializers are constants without an id; large ones, and all
    data derived from them, stay in the file, which `trt.weights` names.

    Raises `DiagnosticError` with everything that is wrong with the model at once.
    """
    return _Importer(OnnxFile.at(path), shapes or {}).module()


class _Importer:
    """Builds the network of one model, node by node; it is the nodes' `Network`."""

    def __init__(self, file: OnnxFile, shapes: Shapes):
        self._file = file
        self._model = file.model
        self._graph: GraphProto = self._model.graph
        self._shapes = shapes
        self._versions = {o.domain: o.version for o in self._model.opset_import}
        self._place = FileLineColLoc(StringAttr(str(file.path)), IntAttr(0), IntAttr(0))
        self._location: LocationAttr = self._place
        self._block = Block()
        self._values: dict[str, SSAValue] = {}
        self._initializers = {tensor.name: tensor for tensor in self._graph.initializer}
        self._known: dict[str, Array | None] = {}
        self._folded = set[str]()
        self._makers: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._argument_names: list[str] = []
        self._failed: set[str] = set()
        self._ids = LayerIds(node.name for node in self._graph.node)
        self._errors: list[Diagnostic] = []

    def module(self) -> ModuleOp:
        """The module; raises `DiagnosticError` with all errors."""
        opset = self._read_declarations()
        for index, proto in enumerate(self._graph.node):
            id = self._ids.of_node(proto.name, proto.op_type, index)
            self._location = NameLoc(StringAttr(id), self._place)
            try:
                self._import(Node(proto, id, opset, self))
            except _FAULTS_OF_NODES as error:
                self._failed.update(proto.output)
                name = f"{proto.domain}.{proto.op_type}".removeprefix(".")
                version = self._versions.get(proto.domain, "unknown")
                reason = lower_first(str(error))
                self._report(
                    f"operator {name} (opset {version}) is not supported: {reason}", id
                )
        self._location = self._place
        function = self._function()
        if self._errors:
            raise DiagnosticError(*self._errors)
        self._erase_unused_constants()
        path, sha256 = StringAttr(str(self._file.path)), StringAttr(self._file.sha256)
        module = ModuleOp([function], {WEIGHTS: WeightSourceAttr(path, sha256)})
        module.location = self._place
        return module

    def value(self, tensor: str) -> SSAValue:
        if tensor not in self._values:
            self._values[tensor] = self._constant(tensor)
        return self._values[tensor]

    def known(self, tensor: str) -> Array | None:
        if tensor in self._initializers and tensor not in self._known:
            self._known[tensor] = known_array(self._initializers[tensor], self._file)
        return self._known.get(tensor)

    def is_zero(self, tensor: str) -> bool:
        if tensor not in self._initializers:
            known = self._known.get(tensor)
        else:
            known = known_array(self._initializers[tensor], self._file, CHANNELS)
        return known is not None and not known.any()

    def tell(self, tensor: str, array: Array) -> None:
        self._known[tensor] = array

    def add(self, op: LayerOp) -> None:
        op.location = self._location
        self._block.add_op(op)

    def beside(self, node_id: str) -> str:
        return self._ids.beside(node_id)

    def array(self, tensor: TensorProto) -> Array:
        return self._file.tensor_array(tensor)

    def _read_declarations(self) -> int:
        """Read inputs and opset; what is wrong with the model as a whole is final."""
        graph = self._graph
        inputs = [i for i in graph.input if i.name not in self._initializers]
        try:
            opset = opset_of(self._model)
            check_shapes(self._shapes, [info.name for info in inputs])
            if not graph.output:
                raise Unsupported("the model has no outputs")
            if graph.sparse_initializer:
                raise Unsupported("the model has sparse initializers")
        except Unsupported as error:
            raise DiagnosticError.at(self._place, str(error)) from error
        for info in inputs:
            try:
                type = input_type(info, self._shapes)
            except Unsupported as error:
                self._report(str(error))
                self._failed.add(info.name)
                continue
            argument = self._block.insert_arg(type, len(self._block.args))
            self._define(info.name, argument)
            self._argument_names.append(info.name)
        for node in reversed(graph.node):
            self._makers.update(dict.fromkeys(node.output, node.name or node.op_type))
            self._wanted.update(node.input)
        self._wanted.update(info.name for info in graph.output)
        return opset

    def _import(self, node: Node) -> None:
        handler = self._handler(node)
        self._check_names(node)
        if self._failed.intersection(node.proto.input):
            self._failed.update(node.proto.output)
            return
        if (arrays := self._foldable(node)) is not None:
            for name, array in zip(node.proto.output, fold(node, arrays), strict=False):
                self.tell(name, array)
                self._folded.add(name)
            return
        result = handler(node)
        if unread := node.attributes.unread:
            raise Unsupported(f"attribute '{unread[0]}' is not understood")
        outputs = [result] if isinstance(result, SSAValue) else result
        for name in node.proto.output[len(outputs) :]:
            if name and name in self._wanted:
                raise Unsupported(f"output '{name}' is wanted, which is not computed")
        for name, value in zip(node.proto.output, outputs, strict=False):
            self._define(name, value)

    def _handler(self, node: Node) -> Handler:
        domain = node.proto.domain
        if "training" in domain.split("."):
            raise Unsupported("it trains; only inference is compiled")
        if domain not in DEFAULT_DOMAINS:
            raise Unsupported(f"nothing is known of domain '{domain}'")
        if node.op_type in _CONTROL_FLOW:
            raise Unsupported("a network has no control flow")
        if node.op_type not in handlers():
            raise Unsupported("no layer computes it")
        return handlers()[node.op_type]

    def _check_names(self, node: Node) -> None:
        for name in node.proto.input:
            if not name or name in self._failed or self._is_defined(name):
                continue
            if name in self._makers:
                raise Unsupported(
                    f"input '{name}' is made by node '{self._makers[name]}', which "
                    "comes later: the graph has a cycle or is not sorted"
                )
            raise Unsupported(f"input '{name}' is not defined")
        for name in node.proto.output:
            if name and self._is_defined(name):
                raise Unsupported(f"output '{name}' is defined twice")

    def _is_defined(self, name: str) -> bool:
        return name in self._values or name in self._initializers or name in self._known

    def _foldable(self, node: Node) -> list[Array] | None:
        """The inputs of a node of a shape computation that is known already. Floats
        are of one where they were made of it, as scales are."""
        if node.op_type not in FOLDED or not node.proto.input:
            return None
        arrays = [self.known(name) for name in node.proto.input if name]
        known = [array for array in arrays if array is not None]
        if len(known) < node.input_count:
            return None
        is_of_shapes = all(a.dtype.kind in "ib" for a in known)
        if not is_of_shapes and self._folded.isdisjoint(node.proto.input):
            return None
        return known

    def _constant(self, tensor: str) -> SSAValue:
        """The constant for an initializer or for a result of folding."""
        if tensor in self._initializers:
            value = tensor_constant(self._initializers[tensor], tensor, self._file)
        else:
            array = self._known[tensor]
            assert array is not None
            value = dense_constant(array)
        op = ConstantOp(value)
        self.add(op)
        op.output.name_hint = value_name(tensor)
        return op.output

    def _define(self, name: str, value: SSAValue) -> None:
        if name:
            self._values[name] = value
            value.name_hint = value_name(name)

    def _function(self) -> FuncOp:
        results = [
            value
            for info in self._graph.output
            if info.name not in self._failed
            and (value := self._result(info)) is not None
        ]
        self._block.add_op(ReturnOp(*results))
        arguments = self._block.args
        return FuncOp(
            "main",
            ([a.type for a in arguments], [r.type for r in results]),
            Region(self._block),
            arg_attrs=_tensor_names(self._argument_names),
            res_attrs=_tensor_names([info.name for info in self._graph.output]),
        )

    def _result(self, info: ValueInfoProto) -> SSAValue | None:
        """The value of an output; None, with a report, where it is not as declared."""
        if not self._is_defined(info.name):
            self._report(f"output '{info.name}' is not defined")
            return None
        try:
            value = self.value(info.name)
            declared = info.type.tensor_type.elem_type
            element = element_type(declared) if declared else element_type_of(value)
        except Unsupported as error:
            self._report(f"output '{info.name}': {error}")
            return None
        if element != element_type_of(value):
            self._report(
                f"output '{info.name}' is declared as {element}, computed as "
                f"{element_type_of(value)}"
            )
        return value

    def _erase_unused_constants(self) -> None:
        for op in reversed(list(self._block.ops)):
            if isinstance(op, ConstantOp) and op.output.first_use is None:
                self._block.erase_op(op)

    def _report(self, message: str, node_id: str = "") -> None:
        place = SourceLocation(str(self._file.path), name=node_id)
        self._errors.append(Diagnostic(Severity.ERROR, place, message))


def _tensor_names(names: Sequence[str]) -> ArrayAttr[DictionaryAttr]:
    return ArrayAttr(
        [DictionaryAttr({TENSOR_NAME: StringAttr(name)}) for name in names]
    )
