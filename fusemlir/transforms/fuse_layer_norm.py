"""Layer normalisation from its formula, in the spellings of exporters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConstantOp, NormalizationOp, ReduceOp
from fusemlir.dialects.trt.base import (
    LayerOp,
    Shape,
    element_type_of,
    shape_of,
    show_shape,
)
from fusemlir.dialects.trt.constant import fill
from fusemlir.dialects.trt.enums import ReduceOperation
from fusemlir.network import Node, label
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.fusion import (
    Constraint,
    Contract,
    Fusion,
    FusionMode,
    Network,
    Rewrite,
)
from fusemlir.transforms.normalization_formula import (
    Formula,
    formulas,
    is_share_of_one,
    share_of,
)
from fusemlir.transforms.practice import practice_only


@dataclass(frozen=True)
class WrittenOut:
    """A formula that looks like a normalisation."""

    formula: Formula
    mode: FusionMode

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.formula.nodes

    @property
    def shape(self) -> Shape:
        return shape_of(self.formula.inputs[0])

    @property
    def parameter_shape(self) -> Shape:
        """Of a scale or bias: that of the normalised axes, 1 along the others."""
        axes = self.formula.axes
        return tuple(dim if at in axes else 1 for at, dim in enumerate(self.shape))

    def build(self) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
        formula = self.formula
        x = formula.inputs[0]
        one = TensorType(element_type_of(x), (1,) * len(self.shape))
        constants = [
            ConstantOp(fill(number, one))
            for number, value in ((1.0, formula.scale), (0.0, formula.bias))
            if value is None
        ]
        neutral = iter([constant.output for constant in constants])
        scale = formula.scale if formula.scale is not None else next(neutral)
        bias = formula.bias if formula.bias is not None else next(neutral)
        epsilon = formula.inside.value
        layer = NormalizationOp(x, scale, bias, formula.axes, epsilon=epsilon)
        return [*constants, layer], [layer.output]


def _several_inputs(site: WrittenOut) -> str | None:
    inputs = site.formula.inputs
    names = (
        f"%{value.name_hint}" if value.name_hint else label(value.owner)
        for value in inputs
    )
    return " and ".join(names) if len(inputs) > 1 else None


def _no_mean(site: WrittenOut) -> str | None:
    kinds = (mean.reduction.kind for mean in site.formula.means[:-1])
    others = (str(kind) for kind in kinds if kind != ReduceOperation.AVG)
    return next(others, None)


def _other_divisor(site: WrittenOut) -> str | None:
    factor = site.formula.factor
    for mean in site.formula.means[-1:]:
        if is_share_of_one(mean, factor):
            return None
        share = share_of(mean, factor)
        kind = mean.reduction.kind
        return f"{kind} of squares" if share is None else f"{share:.6g} times the mean"
    return None


def _axes_differ(site: WrittenOut) -> str | None:
    axes = {mean.reduction.axes: None for mean in site.formula.means}
    return " and ".join(str(list(one)) for one in axes) if len(axes) > 1 else None


def _inner_axes(site: WrittenOut) -> str | None:
    axes, rank = site.formula.axes, len(site.shape)
    last = tuple(range(rank - len(axes), rank))
    return None if axes == last else f"{list(axes)} of {show_shape(site.shape)}"


def _drops_dimensions(site: WrittenOut) -> str | None:
    keeps = all(mean.keeps_dimensions for mean in site.formula.means)
    return None if keeps else "one that drops them, or a reshape"


def _no_epsilon(site: WrittenOut) -> str | None:
    inside, outside = site.formula.inside.value, site.formula.outside.value
    if outside:
        return f"{outside:.6g} added to the root"
    return None if inside > 0 else f"{inside:.6g}"


def _other_shape(site: WrittenOut) -> str | None:
    for value in site.formula.parameters:
        if shape_of(value) != site.parameter_shape:
            axes = list(site.formula.axes)
            found, x = show_shape(shape_of(value)), show_shape(site.shape)
            return f"{found} for axes {axes} of {x}"
    return None


@dataclass(frozen=True)
class FuseLayerNorm(Fusion[WrittenOut]):
    """(x - mean) / sqrt(variance + epsilon) ...  ⇒  normalization; then
    normalization → prod with a scale, → sum with a bias  ⇒  normalization.

    Equal over the reals. x may be used elsewhere, no other value inside may. The
    variance is the mean of squared differences, or their sum over N, not N - 1.
    """

    name = "fuse-layer-norm"
    about = (ReduceOp,)
    contract = Contract.REAL_ALGEBRA
    constraints = (
        Constraint(
            name="same-input",
            sentence="What is normalised is what mean and variance are of.",
            required="one value for x",
            violation=_several_inputs,
        ),
        Constraint(
            name="mean",
            sentence="What is taken off x is its mean.",
            required="an avg reduction of x",
            violation=_no_mean,
        ),
        Constraint(
            name="variance",
            sentence="The variance is the mean of squared differences, which divides "
            "by N.",
            required="the mean of squared differences",
            violation=_other_divisor,
        ),
        Constraint(
            name="axes",
            sentence="Mean and variance are along the same axes.",
            required="reductions along the same axes",
            violation=_axes_differ,
        ),
        Constraint(
            name="last-axes",
            sentence="Layer normalisation is along the last axes.",
            required="reductions along the last axes",
            violation=_inner_axes,
        ),
        Constraint(
            name="keep-dimensions",
            sentence="Mean and variance are broadcast along the axes of x.",
            required="reductions that keep dimensions",
            violation=_drops_dimensions,
        ),
        Constraint(
            name="epsilon",
            sentence="Epsilon is added to the variance, under the root.",
            required="a number above 0 added to the variance",
            violation=_no_epsilon,
        ),
        Constraint(
            name="parameter-shape",
            sentence="Scale and bias have one value for each normalised position.",
            required="a scale or bias of the shape of the normalised axes",
            violation=_other_shape,
        ),
        practice_only(lambda _: "a normalisation written out"),
    )

    def sites(self, node: Node, network: Network) -> Iterable[WrittenOut]:
        if isinstance(node, LayerOp):
            found = formulas(node, network.order)
            yield from (WrittenOut(formula, network.mode) for formula in found)

    def fuse(self, site: WrittenOut, network: Network) -> Rewrite:
        return Rewrite(site.nodes, site.build)


@dataclass(frozen=True)
class FuseLayerNormPass(FusionPass):
    """Replace layers that compute a layer normalisation, with the scale and the bias
    that follow it, by one layer."""

    name = "fuse-layer-norm"
    rule = FuseLayerNorm
