"""The kernels of a network for the CPU: which family builds each, one of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue

from fusemlir.dialects.trt.schedule import SCHEDULE
from fusemlir.lowering.host.convolution import ConvolutionPlan
from fusemlir.lowering.host.deconvolution import DeconvolutionPlan
from fusemlir.lowering.host.depthwise import DepthwisePlan
from fusemlir.lowering.host.elements import ElementPlan
from fusemlir.lowering.host.host_kernel import HostFunction, Preparation
from fusemlir.lowering.host.integer.convolution import ByteConvolutionPlan
from fusemlir.lowering.host.integer.pooling import BytePoolingPlan
from fusemlir.lowering.host.integer.separable import ByteSeparablePlan
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.lrn import LrnPlan
from fusemlir.lowering.host.movement.concatenation import ConcatenationPlan
from fusemlir.lowering.host.movement.resize import ResizePlan
from fusemlir.lowering.host.movement.sampling import PaddingPlan, SlicePlan
from fusemlir.lowering.host.movement.shuffle import ShufflePlan
from fusemlir.lowering.host.plan import Plan, Site
from fusemlir.lowering.host.planar_convolution import PlanarConvolutionPlan
from fusemlir.lowering.host.planar_depthwise import PlanarDepthwisePlan
from fusemlir.lowering.host.pointwise import PointwisePlan
from fusemlir.lowering.host.pooling import PoolingPlan
from fusemlir.lowering.host.products.attention import AttentionPlan
from fusemlir.lowering.host.products.matrix_product import MatrixProductPlan
from fusemlir.lowering.host.reformat import build_halo, build_reformat
from fusemlir.lowering.host.rows.normalization import NormalizationPlan
from fusemlir.lowering.host.rows.pooling import GlobalPoolingPlan
from fusemlir.lowering.host.rows.reduce import ReducePlan
from fusemlir.lowering.host.rows.softmax import SoftmaxPlan
from fusemlir.lowering.host.schedules import HostCpuShape, no_choice
from fusemlir.lowering.host.top_k.top_k import TopKPlan
from fusemlir.lowering.host.winograd.convolution import WinogradPlan
from fusemlir.lowering.kernel.immediates import Immediates, are_single_elements
from fusemlir.lowering.kernel.kernel_body import KernelBody

PLANS: tuple[type[Plan], ...] = (
    PlanarDepthwisePlan,
    DepthwisePlan,
    DeconvolutionPlan,
    WinogradPlan,
    PlanarConvolutionPlan,
    ConvolutionPlan,
    MatrixProductPlan,
    AttentionPlan,
    ByteConvolutionPlan,
    ByteSeparablePlan,
    PointwisePlan,
    GlobalPoolingPlan,
    PoolingPlan,
    BytePoolingPlan,
    ConcatenationPlan,
    ShufflePlan,
    SlicePlan,
    PaddingPlan,
    ResizePlan,
    TopKPlan,
    ReducePlan,
    SoftmaxPlan,
    NormalizationPlan,
    LrnPlan,
    ElementPlan,
)


def plan_of(body: KernelBody, constants: Mapping[SSAValue, object]) -> Plan | None:
    """How `body` is built; None where nothing does yet."""
    if not are_single_elements(body):
        return None
    plans = (plan.of_body(body, constants) for plan in PLANS)
    return next((plan for plan in plans if plan is not None), None)


@dataclass
class HostKernelTable:
    """Holds a function for every distinct kernel that it was asked for."""

    immediates: Immediates
    cpu: HostCpuShape
    _kernels: dict[Hashable, HostFunction] = field(
        default_factory=dict[Hashable, HostFunction], init=False
    )
    _counts: Counter[str] = field(default_factory=Counter[str], init=False)

    def kernel(self, plan: Plan, layouts: Mapping[SSAValue, Layout]) -> HostFunction:
        """Of a body whose tensors lie as `layouts` says."""
        body = plan.body
        # Of equal bodies one may have constants that a faster family wants.
        places = tuple(layouts[tensor] for tensor in body.tensors)
        wanted = body.node.attributes.get(SCHEDULE)
        key = (type(plan), body.key, places, wanted)
        site = Site(layouts, self.immediates, self.cpu)
        if wanted is not None and plan.choices(site) is None:
            raise no_choice(body.node)
        return self._built(key, body.kind, lambda name: plan.build(name, site))

    def reformat(self, type: Attribute, source: Layout, target: Layout) -> HostFunction:
        """What copies a tensor into another layout."""
        return self._built(
            ("reformat", type, source, target),
            "reformat",
            lambda name: HostFunction(
                build_reformat(name, type, source, target, self.cpu)
            ),
        )

    def preparation(self, preparation: Preparation) -> HostFunction:
        return self._built(
            preparation.key,
            preparation.kind,
            lambda name: HostFunction(preparation.build(name)),
        )

    def halo(self, type: Attribute, layout: Layout) -> HostFunction:
        """What clears the halo of a tensor."""
        return self._built(
            ("halo", type, layout),
            "halo",
            lambda name: HostFunction(build_halo(name, type, layout)),
        )

    @property
    def functions(self) -> Sequence[FuncOp]:
        """In the order in which they were first asked for."""
        kernels = self._kernels.values()
        return [f for kernel in kernels for f in (kernel.function, *kernel.parts)]

    def _built(
        self, key: Hashable, kind: str, build: Callable[[str], HostFunction]
    ) -> HostFunction:
        if key not in self._kernels:
            self._kernels[key] = build(f"{kind}_{self._counts[kind]}")
            self._counts[kind] += 1
        return self._kernels[key]
