"""Shuffle and Shuffle: one, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import BlockArgument, SSAValue

from fusemlir.dialects.trt import IdentityOp, ShuffleOp
from fusemlir.dialects.trt.base import UNKNOWN, LayerOp, Shape, shape_of, show_shape
from fusemlir.dialects.trt.shuffle import (
    only_reshapes,
    permute,
    resolve_reshape,
    transpose_moves_nothing,
)
from fusemlir.network import Node, is_output, label, node_of, users
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import (
    Blocked,
    Constraint,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
)


def composed(*orders: Shape) -> Shape:
    """The permutation, in numpy's sense, that does what these do one after another."""
    result, *others = orders
    for order in others:
        result = permute(result, order)
    return result


def is_identity(order: Shape) -> bool:
    return order == tuple(range(len(order)))


def reshapes(shuffle: ShuffleOp) -> bool:
    """Whether a shuffle has a reshape that changes the shape.

    Dimensions that agree are equal, unknown ones too: each is copied, or it is the
    one that is left over.
    """
    return shuffle.reshaped != shuffle.transposed


@dataclass(frozen=True)
class Movement:
    """What a shuffle of a tensor of shape `source` does."""

    source: Shape
    first: Shape
    second: Shape
    reshape: Shape | None = None
    zero_is_placeholder: bool = True

    @property
    def transposed(self) -> Shape:
        return permute(self.source, self.first)

    @property
    def reshaped(self) -> Shape:
        if self.reshape is None:
            return self.transposed
        return resolve_reshape(self.transposed, self.reshape, self.zero_is_placeholder)

    def simplified(self) -> Movement:
        """The same without a reshape that changes nothing."""
        if self.reshaped != self.transposed:
            return self
        order = composed(self.first, self.second)
        return Movement(self.source, order, tuple(range(len(order))))

    @property
    def is_identity(self) -> bool:
        return self.reshape is None and is_identity(composed(self.first, self.second))

    @property
    def only_reshapes(self) -> bool:
        """Whether all elements stay in their order."""
        return transpose_moves_nothing(
            self.source, self.first
        ) and transpose_moves_nothing(self.reshaped, self.second)


@dataclass(frozen=True)
class ShufflePair:
    """Two shuffles in a row."""

    first: ShuffleOp
    second: ShuffleOp
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.first, self.second)

    @property
    def inner_transpose(self) -> Shape:
        """The two transposes between the reshapes, as one."""
        return composed(self.first.second, self.second.first)

    @property
    def reshapes_twice(self) -> bool:
        return reshapes(self.first) and reshapes(self.second)

    @cached_property
    def merged(self) -> Movement | None:
        """What both do together; None where that cannot be written."""
        one, two, source = self.first, self.second, shape_of(self.first.input)
        if not reshapes(two):
            reshape, placeholder = one.reshape, one.placeholder
            head, tail = one.first, composed(self.inner_transpose, two.second)
        elif not reshapes(one):
            reshape, placeholder = two.reshape, two.placeholder
            head, tail = composed(one.first, self.inner_transpose), two.second
        else:
            joined = self._joined_reshape()
            if joined is None:
                return None
            reshape, placeholder = joined
            head, tail = one.first, two.second
        return Movement(source, head, tail, reshape, placeholder).simplified()

    def _joined_reshape(self) -> tuple[Shape, bool] | None:
        """The second reshape as one of what enters the first, and whether a 0 in it
        copies; None where more than one dimension is known only in between."""
        target = self.second.reshaped
        dims = tuple(
            dim if dim != UNKNOWN else 0 if self._copies(at) else -1
            for at, dim in enumerate(target)
        )
        if dims.count(-1) > 1 or (0 in target and UNKNOWN in target):
            return None
        return dims, 0 not in target

    def _copies(self, at: int) -> bool:
        """Whether both reshapes copy the dimension at this position."""
        return all(
            # An empty slice: a reshape of fewer dimensions has none at that position.
            layer.placeholder and (layer.reshape or ())[at : at + 1] == (0,)
            for layer in (self.first, self.second)
        )


def _not_inverse(pair: ShufflePair) -> str | None:
    if not pair.reshapes_twice or is_identity(pair.inner_transpose):
        return None
    return f"{list(pair.first.second)} and {list(pair.second.first)} between reshapes"


def _unknown_dimensions(pair: ShufflePair) -> str | None:
    return show_shape(pair.second.reshaped) if pair.merged is None else None


def _moves_twice(pair: ShufflePair) -> Blocked | None:
    others = [user for user in users(pair.first) if user is not pair.second]
    merged = pair.merged
    if pair.mode == FusionMode.STRICT or not others or merged is None:
        return None
    if not only_reshapes(pair.second) or merged.only_reshapes:
        return None
    return Blocked(f"{label(pair.first)} is there anyway", label(others[0]))


@dataclass(frozen=True)
class FuseShuffleShuffle(Fusion[ShufflePair]):
    """shuffle(t1, r1, t2) → shuffle(t3, r2, t4)  ⇒  one shuffle, or its input.

    A first shuffle that is used elsewhere stays.
    """

    name = "fuse-shuffle-shuffle"
    about = (ShuffleOp,)
    constraints = (
        Constraint(
            name="inverse-transposes",
            sentence="If both Shuffle layers perform reshape operations, this fusion "
            "is only allowed if the second transpose of the first shuffle is the "
            "inverse of the first transpose of the second shuffle.",
            required="transposes that are inverse",
            violation=_not_inverse,
        ),
        Constraint(
            name="known-dimensions",
            sentence="Dimensions of 0 and -1 are told by the shape in between, which "
            "is gone.",
            required="a second reshape to at most one dimension that is left over",
            violation=_unknown_dimensions,
        ),
        Constraint(
            name="cost",
            sentence="What others use is made anyway, and to view it costs nothing.",
            required="a second shuffle that need not move elements again",
            violation=_moves_twice,
            suggestion="--fuse-shuffle-shuffle='mode=strict'",
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ShufflePair]:
        if not isinstance(node, ShuffleOp):
            return
        producer = node_of(node.input)
        if isinstance(producer, ShuffleOp):
            yield ShufflePair(producer, node, network.mode)

    def fuse(self, site: ShufflePair, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site), keeps_producer=True)


def _build(pair: ShufflePair) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    merged, value = pair.merged, pair.first.input
    assert merged is not None
    if not merged.is_identity:
        layer = ShuffleOp(
            value,
            first_transpose=merged.first,
            reshape_dims=merged.reshape,
            second_transpose=merged.second,
            zero_is_placeholder=merged.zero_is_placeholder,
        )
    elif isinstance(value, BlockArgument) and is_output(pair.second.output):
        # Something must copy an input of the network to its output.
        layer = IdentityOp(value)
    else:
        return [], [value]
    return [layer], [layer.output]


@dataclass(frozen=True)
class FuseShuffleShufflePass(FusionPass):
    """Replace two shuffles in a row by one, or by nothing where they cancel."""

    name = "fuse-shuffle-shuffle"
    rule = FuseShuffleShuffle
