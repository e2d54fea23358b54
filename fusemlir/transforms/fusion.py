"""What a fusion is: a pure function from a site of the network to a verdict.

A rule names its sites and its constraints and says what to make of a site that meets
them. What no rule may forget - other uses, outputs, cycles, ids, remarks - is done
once above all of them, by the driver (`fusemlir.transforms.driver`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import auto
from functools import cached_property
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.utils.str_enum import StrEnum

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.network import Group, Node, Order, block_of, source_ids
from fusemlir.target import Target

if TYPE_CHECKING:
    from fusemlir.weights import Weights


class FusionMode(StrEnum):
    """Which fusions: those of the catalog, or those that users expect as well."""

    STRICT = auto()
    PRACTICE = auto()


class Contract(StrEnum):
    """How near the values that a rewrite makes are to those that were."""

    EXACT = auto()
    """The same; a NaN is a NaN."""
    EXACT_IF_FINITE = auto()
    """The same where all that goes in is finite."""
    REAL_ALGEBRA = auto()
    """Equal over the reals, so within rounding, where all that goes in is finite."""


@dataclass
class Network:
    """What a rule may ask about the network it looks at."""

    module: ModuleOp
    function: FuncOp
    mode: FusionMode = FusionMode.PRACTICE
    below: dict[Operation, set[Operation]] = field(
        default_factory=dict[Operation, "set[Operation]"]
    )
    """By node, some that depend on it, as it was found out."""

    @cached_property
    def block(self) -> Block:
        return block_of(self.function)

    @cached_property
    def order(self) -> Order:
        return Order(self.block)

    @cached_property
    def kinds(self) -> set[type[Operation]]:
        """The classes of all ops, in groups too, past ones too; who makes one of
        another class adds it."""
        found = set[type[Operation]]()
        for op in self.block.ops:
            found.add(type(op))
            for body in op.regions:
                found.update(map(type, body.block.ops))
        return found

    @cached_property
    def weights(self) -> Weights:
        # Most rules never ask, and numpy takes long to load.
        from fusemlir.weights import Weights

        return Weights.of_module(self.module)

    @cached_property
    def target(self) -> Target:
        return Target.of_module(self.module)

    @cached_property
    def ids(self) -> set[str]:
        """The ids of all layers, past ones too; who makes a new one adds it."""
        return set(source_ids(self.function))


@dataclass(frozen=True)
class Wrap:
    """Move these nodes, unchanged, into one group."""

    nodes: tuple[Node, ...]
    several_outputs: bool = False
    """Whether a value inside may be used outside too, as a result of the group."""
    copied: tuple[Node, ...] = ()
    """Those of `nodes` that stay for their other users while the group gets a copy, as
    a dequantisation does."""


@dataclass(frozen=True)
class Rewrite:
    """Replace these nodes, the results of the last, by other layers.

    `build` makes the new layers, detached and in order, and the values that stand for
    the results of the last node.
    """

    nodes: tuple[Node, ...]
    build: Callable[[], tuple[Sequence[LayerOp], Sequence[SSAValue]]]
    keeps_producer: bool = False
    """Whether a node before the last that is used elsewhere stays where it is,
    instead of standing in the way."""
    given: tuple[Node, ...] = ()
    """Nodes before these that stay, and without which the change would be wrong."""


@dataclass(frozen=True)
class Missed:
    """A site that does not meet a constraint."""

    constraint: str
    required: str
    observed: str
    blocker: str = ""
    suggestion: str = ""


Verdict: TypeAlias = Wrap | Rewrite | Missed


class Site(Protocol):
    """Nodes that look like what a rule is about, the anchor last."""

    @property
    def nodes(self) -> tuple[Node, ...]: ...


SiteT = TypeVar("SiteT", bound=Site)
SubjectT = TypeVar("SubjectT")


@dataclass(frozen=True)
class Blocked:
    """What was found instead, and the layer that stands in the way."""

    observed: str
    blocker: str


@dataclass(frozen=True)
class Constraint(Generic[SubjectT]):
    """One named condition of a rule, or of the driver."""

    name: str
    sentence: str
    """What the catalog, or soundness, says."""
    required: str
    violation: Callable[[SubjectT], str | Blocked | None]
    """What was found instead; None where the condition holds."""
    suggestion: str = ""

    def check(self, subject: SubjectT) -> Missed | None:
        found = self.violation(subject)
        if found is None:
            return None
        observed, blocker = (
            (found.observed, found.blocker)
            if isinstance(found, Blocked)
            else (found, "")
        )
        return Missed(self.name, self.required, observed, blocker, self.suggestion)


def first_missed(
    constraints: Iterable[Constraint[SubjectT]], subject: SubjectT
) -> Missed | None:
    """The first of `constraints` that `subject` does not meet."""
    checks = (constraint.check(subject) for constraint in constraints)
    return next((missed for missed in checks if missed is not None), None)


class Visitor(Protocol):
    """The driver, as a rule sees it."""

    def visit(
        self, rule: Fusion[SiteT], op: Operation, rewriter: PatternRewriter
    ) -> Operation | None: ...


@dataclass(frozen=True)
class Fusion(RewritePattern, ABC, Generic[SiteT]):
    """One fusion: a rewrite pattern whose verdict is a pure function of the site."""

    driver: Visitor

    name: ClassVar[str]
    """The name of its pass."""

    constraints: ClassVar[Sequence[Constraint[Any]]]
    """In the order in which they are asked; the first that fails is the reason."""
    explains: ClassVar[bool] = True
    """Whether what it missed is of interest."""
    contract: ClassVar[Contract] = Contract.EXACT
    """What its rewrites owe; a group is its layers, so always exact."""
    about: ClassVar[tuple[type[LayerOp] | UnionType, ...]] = ()
    """The kinds of layers, in groups or not, without each of which there is no site."""

    def concerns(self, network: Network) -> bool:
        """Whether `network` has what the rule is about at all; asked before any site,
        where to look for one takes long."""
        kinds = network.kinds
        return all(any(issubclass(kind, one) for kind in kinds) for one in self.about)

    @abstractmethod
    def sites(self, node: Node, network: Network) -> Iterable[SiteT]:
        """Where the rule might apply with `node` as the last of its nodes, the
        preferred site first."""

    def fuse(self, site: SiteT, network: Network) -> Wrap | Rewrite:
        """What to make of a site that meets all constraints: one group of its nodes,
        unless a rule says otherwise."""
        return Wrap(site.nodes)

    def verdict(self, site: SiteT, network: Network) -> Verdict:
        missed = first_missed(self.constraints, site)
        return missed if missed is not None else self.fuse(site, network)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        self.driver.visit(self, op, rewriter)


@dataclass(frozen=True)
class Pair:
    """A producer, as a group, and the lone layer that follows it."""

    producer: Group
    consumer: LayerOp

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.producer.node, self.consumer)
