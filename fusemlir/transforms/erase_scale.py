"""Scale that changes nothing: its input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument, SSAValue

from fusemlir.dialects.trt import IdentityOp, ScaleOp
from fusemlir.dialects.trt.base import LayerOp, volume
from fusemlir.dialects.trt.constant import constant_value, scalar_of
from fusemlir.network import Node, is_output
from fusemlir.transforms.driver import FusionPass, run_fusions
from fusemlir.transforms.fusion import (
    Constraint,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
)

READ_ELEMENTS = 1 << 16
"""A weight of more elements is not read: it is no vector of channels."""

NEUTRAL = {"scale": 1, "shift": 0, "power": 1}
"""The number of each weight that changes nothing."""


@dataclass(frozen=True)
class ScaleSite:
    """A scale, and the network that knows its weights."""

    layer: ScaleOp
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.layer,)

    @property
    def present(self) -> dict[str, SSAValue]:
        """The weights that are given, by what they are called."""
        weights = {
            "scale": self.layer.scale,
            "shift": self.layer.shift,
            "power": self.layer.power,
        }
        return {name: value for name, value in weights.items() if value is not None}

    @property
    def looks_neutral(self) -> bool:
        """Whether no weight is given, or one has an element that changes nothing."""
        return not self.present or any(
            any(self._are_neutral(name) or ()) for name in self.present
        )

    def is_neutral(self, name: str) -> bool:
        """Whether every element of a weight changes nothing; exactly, so not NaN."""
        found = self._are_neutral(name)
        return found is not None and all(found)

    def _are_neutral(self, name: str) -> Sequence[bool] | None:
        """Of each element of a weight that is given, or of the one that all are; None
        where they are not known."""
        value = constant_value(self.present[name])
        if value is None:
            return None
        number = scalar_of(value)
        if number is not None:
            return [number == NEUTRAL[name]]
        if volume(value.type.get_shape()) > READ_ELEMENTS:
            return None
        return (self.network.weights.array(value) == NEUTRAL[name]).reshape(-1).tolist()


def _not_neutral(name: str) -> Callable[[ScaleSite], str | None]:
    def violation(site: ScaleSite) -> str | None:
        if name not in site.present or site.is_neutral(name):
            return None
        value = constant_value(site.present[name])
        if value is None:
            return f"a {name} that is computed"
        number = scalar_of(value)
        return f"a {name} of {'other values too' if number is None else number}"

    return violation


@dataclass(frozen=True)
class EraseScale(Fusion[ScaleSite]):
    """scale(1, 0, 1)  ⇒  its input.

    Contract: equal, but that -0 + 0 was +0. One that joins an input of the network to
    an output becomes an identity: something must copy.
    """

    name = "erase-scale"
    about = (ScaleOp,)
    constraints = (
        Constraint(
            name="shift",
            sentence="A Scale layer that adds 0.",
            required="a shift of 0",
            violation=_not_neutral("shift"),
        ),
        Constraint(
            name="scale",
            sentence="Multiplied by 1.",
            required="a scale of 1",
            violation=_not_neutral("scale"),
        ),
        Constraint(
            name="power",
            sentence="Computes powers to the 1.",
            required="a power of 1",
            violation=_not_neutral("power"),
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[ScaleSite]:
        site = ScaleSite(node, network) if isinstance(node, ScaleOp) else None
        if site is not None and site.looks_neutral:
            yield site

    def fuse(self, site: ScaleSite, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _forward(site.layer))


def _forward(layer: ScaleOp) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    if isinstance(layer.input, BlockArgument) and is_output(layer.output):
        identity = IdentityOp(layer.input)
        return [identity], [identity.output]
    return [], [layer.input]


@dataclass(frozen=True)
class DropNeutralWeights(Fusion[ScaleSite]):
    """scale(s, 0, 1)  ⇒  scale(s), and so on for each weight."""

    name = "erase-scale"
    about = (ScaleOp,)
    constraints = ()
    explains = False

    def sites(self, node: Node, network: Network) -> Iterator[ScaleSite]:
        if isinstance(node, ScaleOp):
            site = ScaleSite(node, network)
            neutral = [site.is_neutral(name) for name in site.present]
            if any(neutral) and not all(neutral):
                yield site

    def fuse(self, site: ScaleSite, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _without_neutral(site))


def _without_neutral(
    site: ScaleSite,
) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    old = site.layer
    kept = {n: value for n, value in site.present.items() if not site.is_neutral(n)}
    axis = None if old.channel_axis is None else old.axis
    new = ScaleOp(
        old.kind,
        old.input,
        scale=kept.get("scale"),
        shift=kept.get("shift"),
        power=kept.get("power"),
        channel_axis=axis,
    )
    return [new], [new.output]


@dataclass(frozen=True)
class EraseScalePass(FusionPass):
    """Erase scales that change nothing, and of others the weights that do not."""

    name = "erase-scale"
    rule = EraseScale

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        super().apply(ctx, op)
        run_fusions(op, [DropNeutralWeights], self.name, FusionMode(self.mode))
