"""Padding and Convolution: the convolution pads by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from fusemlir.dialects.trt import DeconvolutionOp, FusedOp, PaddingOp, SliceOp
from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    ints_unless,
    shape_of,
    show_shape,
)
from fusemlir.dialects.trt.constant import constant_value
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.enums import SampleMode
from fusemlir.network import Group, Node, label, node_of, outside
from fusemlir.transforms.driver import FusionPass
from fusemlir.transforms.epilogue import convolution_group
from fusemlir.transforms.fusion import (
    Blocked,
    Constraint,
    Contract,
    Fusion,
    Network,
    Rewrite,
)

PADDED_AXES = 2
"""How many axes, the last ones, TensorRT's padding layer pads."""


@dataclass(frozen=True)
class PaddedConvolution:
    """A convolution or deconvolution, maybe in a group, and what pads its input."""

    pad: PaddingOp | SliceOp
    consumer: Group
    network: Network

    @property
    def nodes(self) -> tuple[Node, ...]:
        return (self.pad, self.consumer.node)

    @property
    def convolution(self) -> ContractionOp:
        assert isinstance(self.consumer.anchor, ContractionOp)
        return self.consumer.anchor

    @property
    def sizes(self) -> tuple[Shape, Shape]:
        """Elements added before and after each of the last two axes."""
        if isinstance(self.pad, PaddingOp):
            return self.pad.pre, self.pad.post
        axes = zip(
            shape_of(self.pad.input), self.pad.starts, self.pad.sizes, strict=True
        )
        pairs = [(-start, start + size - dim) for dim, start, size in axes]
        last = pairs[-PADDED_AXES:]
        return tuple(pre for pre, _ in last), tuple(post for _, post in last)

    @property
    def padding(self) -> tuple[Shape, Shape]:
        """What the convolution pads, or the deconvolution trims, instead.

        An element before the input of a deconvolution adds stride elements before its
        full output, which the trimming takes away again; likewise behind.
        """
        last = slice(-PADDED_AXES, None)
        factors = (1,) * PADDED_AXES
        if isinstance(self.convolution, DeconvolutionOp):
            factors = tuple(-stride for stride in self.convolution.strides[last])
        pre, post = (
            (
                *old[:-PADDED_AXES],
                *(o + n * f for o, n, f in zip(old[last], new, factors, strict=True)),
            )
            for old, new in zip(
                self.convolution.explicit_padding, self.sizes, strict=True
            )
        )
        return pre, post


def _not_zero_filled(site: PaddedConvolution) -> str | None:
    if isinstance(site.pad, PaddingOp):
        return None
    if site.pad.sampling != SampleMode.FILL:
        return f"a slice of mode {site.pad.sampling}"
    if site.pad.fill is None:
        return None
    fill = constant_value(site.pad.fill)
    if fill is None:
        return "a fill that is computed"
    number = float(site.network.weights.array(fill).item())
    return None if number == 0 else f"a fill of {number}"


def _strided(site: PaddedConvolution) -> str | None:
    if isinstance(site.pad, PaddingOp) or set(site.pad.strides) == {1}:
        return None
    return f"a slice of stride {list(site.pad.strides)}"


def _unknown_size(site: PaddedConvolution) -> str | None:
    shape = shape_of(site.pad.input)
    if isinstance(site.pad, PaddingOp) or UNKNOWN not in shape:
        return None
    return f"a slice of {show_shape(shape)}"


def _other_axes(site: PaddedConvolution) -> str | None:
    if isinstance(site.pad, PaddingOp):
        return None
    axes = zip(shape_of(site.pad.input), site.pad.starts, site.pad.sizes, strict=True)
    changed = [
        axis
        for axis, (dim, start, size) in enumerate(axes)
        if (start, size) != (0, dim)
    ]
    first_padded = len(site.pad.sizes) - PADDED_AXES
    other = [axis for axis in changed if axis < first_padded]
    return f"axis {other[0]}" if other else None


def _negative(site: PaddedConvolution) -> str | None:
    pre, post = site.sizes
    if min(*pre, *post) >= 0:
        return None
    return f"{list(pre)} before and {list(post)} after"


def _same_padded(site: PaddedConvolution) -> str | None:
    mode = site.convolution.mode
    return str(mode) if site.convolution.is_same_padded else None


def _trims_too_little(site: PaddedConvolution) -> str | None:
    if not isinstance(site.convolution, DeconvolutionOp):
        return None
    pre, post = site.padding
    if min(*pre, *post) >= 0:
        return None
    return f"{list(pre)} before and {list(post)} after"


def _already_fused(site: PaddedConvolution) -> Blocked | None:
    if not isinstance(site.consumer.node, FusedOp):
        return None
    return Blocked("a group", label(site.consumer.node))


@dataclass(frozen=True)
class FusePadConv(Fusion[PaddedConvolution]):
    """pad(p) → conv(q)  ⇒  conv(q + p);  pad(p) → deconv(q)  ⇒  deconv(q - p * stride).

    Contract: equal where the kernel is finite; a deconvolution made NaN of a padding
    zero and an infinite weight. A pad that is used elsewhere stays, so that of several
    convolutions each takes it and the last one ends it.
    """

    name = "fuse-pad-conv"
    about = (PaddingOp | SliceOp, ContractionOp)
    contract = Contract.EXACT_IF_FINITE
    constraints = (
        Constraint(
            name="zero-fill",
            sentence="A convolution pads its input with zeros, with nothing else.",
            required="a padding of zeros",
            violation=_not_zero_filled,
        ),
        Constraint(
            name="no-stride",
            sentence="A convolution reads its input in order, leaving nothing out.",
            required="a slice of stride 1",
            violation=_strided,
        ),
        Constraint(
            name="known-sizes",
            sentence="Padding sizes are numbers; those of a slice are told by its "
            "input.",
            required="a slice of an input of known shape",
            violation=_unknown_size,
        ),
        Constraint(
            name="last-axes",
            sentence="A padding layer pads the last two axes.",
            required="padding of the last two axes only",
            violation=_other_axes,
        ),
        Constraint(
            name="non-negative",
            sentence="If all the padding sizes are non-negative.",
            required="padding sizes of at least 0",
            violation=_negative,
        ),
        Constraint(
            name="explicit-padding",
            sentence="Can't fuse pad and convolution with same pad mode.",
            required="a convolution of an explicit padding mode",
            violation=_same_padded,
        ),
        Constraint(
            name="trimming",
            sentence="The padding of a deconvolution trims its output and is never "
            "negative.",
            required="a deconvolution that trims what the padding adds",
            violation=_trims_too_little,
        ),
        Constraint(
            name="plain-convolution",
            sentence="Padding followed by a Convolution or Deconvolution.",
            required="a convolution that carries nothing yet",
            violation=_already_fused,
            suggestion="run fuse-pad-conv before other fusions",
        ),
    )

    def sites(self, node: Node, network: Network) -> Iterable[PaddedConvolution]:
        group = convolution_group(node)
        if group is None or not isinstance(group.anchor, ContractionOp):
            return
        pad = node_of(outside(group.anchor.input))
        if isinstance(pad, PaddingOp) or (
            isinstance(pad, SliceOp) and pad.sampling != SampleMode.STRICT_BOUNDS
        ):
            yield PaddedConvolution(pad, group, network)

    def fuse(self, site: PaddedConvolution, network: Network) -> Rewrite:
        return Rewrite(site.nodes, lambda: _build(site), keeps_producer=True)


def _build(site: PaddedConvolution) -> tuple[Sequence[LayerOp], Sequence[SSAValue]]:
    pre, post = site.padding
    new = site.convolution.clone()
    new.operands[0] = site.pad.input
    for name, sizes in (("pre_padding", pre), ("post_padding", post)):
        new.properties.pop(name, None)
        padding = ints_unless(sizes, 0)
        if padding is not None:
            new.properties[name] = padding
    return [new], [new.output]


@dataclass(frozen=True)
class FusePadConvPass(FusionPass):
    """Let a convolution or deconvolution do the zero padding of its input."""

    name = "fuse-pad-conv"
    rule = FusePadConv
