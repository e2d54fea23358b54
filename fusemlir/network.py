"""A network as rules and lowerings see it: layers, groups, kernels, and their order.

A network is a `func.func` of one block. Its nodes are lone layers and `trt.fused`
groups; one view, `Group`, serves for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import TypeAlias

from typing_extensions import TypeIs
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from fusemlir.dialects.trt import (
    ConcatenationOp,
    ConstantOp,
    ConvolutionOp,
    DeconvolutionOp,
    DequantizeOp,
    FusedOp,
    IdentityOp,
    LedgerEntryAttr,
    LrnOp,
    MatrixMultiplyOp,
    NormalizationOp,
    PoolingOp,
    ReduceOp,
    ShuffleOp,
    SoftMaxOp,
    TopKOp,
)
from fusemlir.dialects.trt.base import LayerOp, layers_attr
from fusemlir.dialects.trt.fused import is_pointwise
from fusemlir.dialects.trt.module_attributes import LEDGER
from fusemlir.dialects.trt.shuffle import only_reshapes
from fusemlir.name_style import join_layers, join_pointwise

Node: TypeAlias = LayerOp | FusedOp
"""What stands in the block of a network: a lone layer or a group of them."""

ANCHORS = (
    ConvolutionOp,
    DeconvolutionOp,
    MatrixMultiplyOp,
    PoolingOp,
    ReduceOp,
    NormalizationOp,
    SoftMaxOp,
    TopKOp,
    LrnOp,
    ConcatenationOp,
)
"""Layers that decide the family of the kernel they are in, the first one found."""


def is_node(op: Operation) -> TypeIs[Node]:
    return isinstance(op, (LayerOp, FusedOp))


def node_of(value: SSAValue) -> Node | None:
    """The node that makes `value`; None for an input of the network."""
    owner = value.owner
    return owner if isinstance(owner, Operation) and is_node(owner) else None


def outside(value: SSAValue) -> SSAValue:
    """What a value that a layer, in a group or not, reads is in the network."""
    group = value.block.parent_op() if isinstance(value, BlockArgument) else None
    if isinstance(group, FusedOp) and isinstance(value, BlockArgument):
        return group.inputs[value.index]
    return value


@dataclass(frozen=True)
class Group:
    """A node as a kernel: an anchor with layers before and after it.

    A lone layer is a group of one. What an int8 group dequantises is its prologue, and
    the Quantize after its epilogue begins its tail. Where two such groups became one,
    the anchor and the epilogue are the first's; all of the second is tail.
    """

    node: Node

    @cached_property
    def layers(self) -> tuple[LayerOp, ...]:
        """The layers in execution order, constants left out."""
        if not isinstance(self.node, FusedOp):
            return (self.node,)
        return tuple(op for op in self.node.layer_ops if not isinstance(op, ConstantOp))

    @cached_property
    def anchor(self) -> LayerOp | None:
        """The layer that decides the kernel's family; None where all is pointwise."""
        return next((op for op in self.layers if isinstance(op, ANCHORS)), None)

    @property
    def is_pointwise(self) -> bool:
        return all(map(is_pointwise, self.layers))

    @property
    def prologue(self) -> tuple[LayerOp, ...]:
        """The layers before the anchor; without one, the first Dequantizes."""
        return self.layers[: self._prologue_ends]

    @property
    def epilogue(self) -> tuple[LayerOp, ...]:
        """The pointwise layers after the anchor; without one, after the prologue."""
        return self.layers[self._epilogue_at : self._tail_at]

    @property
    def tail(self) -> tuple[LayerOp, ...]:
        """What follows the epilogue, from its first layer that is not pointwise."""
        return self.layers[self._tail_at :]

    @cached_property
    def _prologue_ends(self) -> int:
        if self.anchor is not None:
            return self.layers.index(self.anchor)
        leading = takewhile(lambda layer: isinstance(layer, DequantizeOp), self.layers)
        return len(list(leading))

    @cached_property
    def _epilogue_at(self) -> int:
        return self._prologue_ends + (self.anchor is not None)

    @cached_property
    def _tail_at(self) -> int:
        after = range(self._epilogue_at, len(self.layers))
        stops = (at for at in after if not is_pointwise(self.layers[at]))
        return next(stops, len(self.layers))

    @property
    def name(self) -> str:
        """`conv1 + relu1`, or `fusedPointwiseNode(a, b)`, as TensorRT calls it.

        For display, see `fusemlir.name_style`: who looks for layers asks for their ids.
        """
        ids = self.node.layer_ids
        if not isinstance(self.node, FusedOp):
            return " + ".join(ids) or self.node.name
        if self.is_pointwise:
            return join_pointwise(self.layers, ids)
        return join_layers(self.layers, self.anchor, self.epilogue) or self.node.name


def functions(module: ModuleOp) -> Iterator[FuncOp]:
    """The networks of a module: its functions that have a body."""
    for op in module.body.block.ops:
        if isinstance(op, FuncOp) and not op.is_declaration:
            yield op


def block_of(function: FuncOp) -> Block:
    """The block of a network; raises `VerifyException` where there are more."""
    count = len(function.body.blocks)
    if count != 1:
        name = function.sym_name.data
        raise VerifyException(f"a network has one block, '{name}' has {count}")
    return function.body.block


def nodes(function: FuncOp) -> Iterator[Node]:
    """The nodes of a network in execution order."""
    return (op for op in block_of(function).ops if is_node(op))


def is_kernel(node: Node) -> bool:
    """Whether a node costs a launch: constants and views do not."""
    if isinstance(node, ConstantOp | IdentityOp):
        return False
    return not (isinstance(node, ShuffleOp) and only_reshapes(node))


def kernels(module: ModuleOp) -> list[Group]:
    """The kernels of a module's networks in execution order."""
    found = (node for function in functions(module) for node in nodes(function))
    return [Group(node) for node in found if is_kernel(node)]


def is_output(value: SSAValue) -> bool:
    """Whether the network returns `value`."""
    owner = value.owner
    block = owner if isinstance(owner, Block) else owner.parent
    last = None if block is None else block.last_op
    if not isinstance(last, ReturnOp):
        return False
    # The shorter list decides: a value can have many uses, a network many outputs.
    return any(
        use.operation is last or output is value
        for use, output in zip(value.uses, last.operands, strict=False)
    )


def is_dead(node: Node) -> bool:
    """Whether nothing uses any result of `node`."""
    return all(result.first_use is None for result in node.results)


def users(node: Node) -> list[Operation]:
    """The distinct ops that use a result of `node`."""
    uses = (use.operation for result in node.results for use in result.uses)
    return list(dict.fromkeys(uses))


def is_used_only_by(node: Node, user: Operation) -> bool:
    """Whether nothing but `user` uses a result of `node`; one use by another settles
    it, of however many."""
    return all(use.operation is user for value in node.results for use in value.uses)


def label(op: Operation | Block) -> str:
    """What a message calls an op: its name if it is a node, else its mnemonic; of a
    block, which makes its arguments, that it is an input."""
    if isinstance(op, Block):
        return "an input of the network"
    if isinstance(op, ReturnOp):
        return "the network's output"
    return f"'{Group(op).name}'" if is_node(op) else op.name


def name_layers(function: FuncOp) -> None:
    """Give an id to each layer that has none: the name of its value, or TensorRT's
    default, `(Unnamed Layer* 3) [Activation]`. Constants need none."""
    unnamed = [
        (index, layer)
        for index, layer in enumerate(_all_layers(function))
        if layer.layers is None and not isinstance(layer, ConstantOp)
    ]
    if not unnamed:
        return
    taken = set(source_ids(function))
    groups: dict[FusedOp, None] = {}
    for index, layer in unnamed:
        kind = type(layer).__name__.removesuffix("Op")
        hint = layer.results[0].name_hint
        layer.layers = layers_attr(
            [unique(hint or f"(Unnamed Layer* {index}) [{kind}]", taken)]
        )
        holder = layer.parent_op()
        if isinstance(holder, FusedOp):
            groups[holder] = None
    for group in groups:
        group.refresh()


def unique(name: str, taken: set[str]) -> str:
    """`name`, or `name#2` and so on where it is taken; the result is taken too."""
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name}#{count}"
    taken.add(candidate)
    return candidate


def _all_layers(function: FuncOp) -> Iterator[LayerOp]:
    for op in block_of(function).ops:
        if isinstance(op, FusedOp):
            yield from op.layer_ops
        elif isinstance(op, LayerOp):
            yield op


def source_ids(function: FuncOp) -> Iterator[str]:
    """The id of each source layer, once for each layer that computes it and for each
    entry of the ledger that it is in; constants, which may be cloned, left out."""
    for layer in _all_layers(function):
        if not isinstance(layer, ConstantOp):
            yield from layer.layer_ids
    for entry in ledger(function):
        for id in entry.layers:
            yield id.data


def sources(function: FuncOp) -> dict[str, list[str]]:
    """Where each of `source_ids` is: the names of the nodes that compute it, one for
    each layer that does, and of the ledger's rules that removed it."""
    places: dict[str, list[str]] = {}
    for node in nodes(function):
        group = Group(node)
        for layer in group.layers:
            if not isinstance(layer, ConstantOp):
                for id in layer.layer_ids:
                    places.setdefault(id, []).append(group.name)
    for entry in ledger(function):
        for id in entry.layers:
            places.setdefault(id.data, []).append(f"ledger: {entry.rule.data}")
    return places


def ledger(function: FuncOp) -> tuple[LedgerEntryAttr, ...]:
    """What rules erased or folded away."""
    attribute = function.attributes.get(LEDGER)
    return attribute.data if isa(attribute, ArrayAttr[LedgerEntryAttr]) else ()


def record(function: FuncOp, entries: Sequence[LedgerEntryAttr]) -> None:
    """Add to the ledger what a pass removed; all at once, for it is copied."""
    if entries:
        function.attributes[LEDGER] = ArrayAttr([*ledger(function), *entries])


MIN_STEP = 2.0**-24
"""Between the numbers of two ops; of 2^28 ops the numbers would still differ."""


class Order:
    """A number for each op of a block, rising from operands to users.

    The numbers follow the block, so that comparing two ops costs no walk over it.
    Ops that are put into the block later must be announced with `insert`.
    """

    def __init__(self, block: Block):
        self._block = block
        self._number()

    def _number(self) -> None:
        ops = enumerate(self._block.ops)
        self._numbers = {op: float(number) for number, op in ops}

    def __getitem__(self, op: Operation) -> float:
        return self._numbers[op]

    def sort(self, ops: Iterable[Node]) -> tuple[Node, ...]:
        return tuple(sorted(dict.fromkeys(ops), key=self._numbers.__getitem__))

    def insert(self, ops: Sequence[Operation]) -> None:
        """Number `ops`, which stand side by side in the block, between their
        neighbours."""
        before, after = ops[0].prev_op, ops[-1].next_op
        low = self._numbers[before] if before is not None else -1.0
        high = self._numbers[after] if after is not None else low + len(ops) + 1
        step = (high - low) / (len(ops) + 1)
        if step < MIN_STEP:
            self._number()
            return
        for index, op in enumerate(ops, start=1):
            self._numbers[op] = low + index * step

    def remove(self, op: Operation) -> None:
        self._numbers.pop(op, None)
