"""Convolutions of 3x3 as products of transformed patches and transformed weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from xdsl.dialects.builtin import TensorType, f32
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ConvolutionOp
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.lowering.host.arithmetic import FloatArithmetic
from fusemlir.lowering.host.convolution import ConvolutionPlan, roles_of_images
from fusemlir.lowering.host.direct_product import DirectProduct
from fusemlir.lowering.host.host_kernel import HostFunction, HostKernel, Packing
from fusemlir.lowering.host.layout import FIRST_SPATIAL, Layout
from fusemlir.lowering.host.packing import (
    in_f32,
    packed_features,
    packed_kernel,
    reshaped,
    transposed,
)
from fusemlir.lowering.host.plan import Site
from fusemlir.lowering.host.schedules import Choices, TileSchedule
from fusemlir.lowering.host.tile_epilogue import TileEpilogue
from fusemlir.lowering.host.winograd.patches import transformed_patches
from fusemlir.lowering.host.winograd.product import TransformedProduct
from fusemlir.lowering.host.winograd.tiling import Tiling, is_transformed
from fusemlir.lowering.host.winograd.transforms import POSITIONS, RESULTS
from fusemlir.lowering.kernel.kernel_body import KernelBody


@dataclass(frozen=True)
class WinogradPlan(ConvolutionPlan):
    """A convolution that the module allows to be computed so."""

    @classmethod
    def of_body(
        cls, body: KernelBody, constants: Mapping[SSAValue, object]
    ) -> Self | None:
        plan = super().of_body(body, constants)
        if plan is None or not isinstance(plan.weighted.op, ConvolutionOp):
            return None
        return plan if is_transformed(plan.weighted.op) else None

    @property
    def op(self) -> ConvolutionOp:
        assert isinstance(self.weighted.op, ConvolutionOp)
        return self.weighted.op

    @property
    def writes_planes(self) -> bool:
        """Four neighbouring pixels that a patch gives are too few to be turned."""
        return False

    def choices(self, site: Site) -> Choices[TileSchedule]:
        tiling = Tiling.of(self.op)
        return TileSchedule.choices(tiling.count, tiling.features, site.cpu)

    def build(self, name: str, site: Site) -> HostFunction:
        found, tiling = self.weighted, Tiling.of(self.op)
        schedule = self.choices(site).of(self.body.node)
        layout = site.layouts[found.image]
        padding, _ = self.op.padding_of(layout.shape[FIRST_SPATIAL:])
        patches = transformed_patches(tiling, layout, padding, site.cpu.lanes)
        width = -(-tiling.features // schedule.features) * schedule.features
        packed = dict(site.layouts)
        packed[found.image] = Layout.row_major((patches.count,))
        weights = POSITIONS * tiling.channels * width
        packed[found.kernel] = Layout.row_major((weights,))
        if found.bias is not None and found.bias in self.body.inputs:
            packed[found.bias] = Layout.row_major((width,))
        with self.kernel(name, packed) as kernel:
            self._emit(kernel, tiling, schedule, site)
        image = self.body.inputs.index(found.image)
        packing = self._packing(schedule.features)
        return HostFunction(
            kernel.function, packing, prepared={image: patches}, parts=kernel.parts
        )

    def _emit(
        self, kernel: HostKernel, tiling: Tiling, schedule: TileSchedule, site: Site
    ) -> None:
        found, numbers = self.weighted, site.immediates.emit(self.body)
        product = DirectProduct(
            images=1,
            places=(tiling.count,),
            groups=POSITIONS,
            features=tiling.features,
            channels=tiling.channels,
            window=(1,),
            start=0,
            image_stride=0,
            strides=(tiling.elements,),
            window_strides=(0,),
        )
        line = TileSchedule(RESULTS, 1, schedule.lanes)
        roles = roles_of_images(len(site.layouts[found.image].shape))
        epilogue = TileEpilogue.of_body(kernel, found, roles, line, product, numbers)
        bias = None
        if found.bias is not None:
            bias = numbers.get(found.bias) or kernel.buffers[found.bias]
        TransformedProduct(
            kernel,
            product,
            schedule,
            FloatArithmetic(schedule.lanes),
            kernel.buffers[found.image],
            kernel.buffers[found.kernel],
            tiling,
            bias,
            epilogue.finish,
        ).emit_tiles()
        epilogue.code.erase()

    def _packing(self, width: int) -> dict[int, Packing]:
        inputs, found = self.body.inputs, self.weighted
        packing: dict[int, Packing] = {
            inputs.index(found.kernel): lambda kernel: packed_kernel(
                transformed_kernel(in_f32(kernel)), POSITIONS, width
            )
        }
        if found.bias in inputs:
            packing[inputs.index(found.bias)] = lambda bias: packed_features(
                in_f32(bias), 1, width
            )
        return packing


def transformed_kernel(kernel: ConstantValue) -> ConstantValue:
    """[features of each position, channels, 1] of [features, channels, 3, 3]."""
    features, channels, *_ = kernel.type.get_shape()
    type = TensorType(f32, (features, channels, POSITIONS))
    found = WeightAttr.derived("winograd_kernel", [kernel], type)
    return reshaped(transposed(found, (2, 0, 1)), (POSITIONS * features, channels, 1))
