"""How a contraction of bytes is cut into tiles, and what sums them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from fusemlir.lowering.host.convolution import product_of
from fusemlir.lowering.host.depthwise import depthwise_tiling, is_by_channel
from fusemlir.lowering.host.direct_product import DirectProduct
from fusemlir.lowering.host.integer.arithmetic import ByteArithmetic, SingleArithmetic
from fusemlir.lowering.host.integer.byte_weighted import ByteWeighted
from fusemlir.lowering.host.layout import Layout
from fusemlir.lowering.host.schedules import Choices, HostCpuShape, TileSchedule
from fusemlir.lowering.host.tile_epilogue import Roles

LEAST_LANES = 4
"""Of vpdpbusd."""


@dataclass(frozen=True)
class ByteTiling:
    product: DirectProduct
    roles: Roles
    schedule: TileSchedule
    arithmetic: ByteArithmetic
    choices: Choices[TileSchedule]
    """The schedule is one of them."""

    @property
    def features(self) -> int:
        """Of all blocks."""
        width = self.schedule.features
        return self.product.groups * -(-self.product.features // width) * width

    @property
    def weights(self) -> int:
        """Of all blocks."""
        depth = self.arithmetic.depth
        steps = -(-self.product.channels // depth)
        return self.features * prod(self.product.window) * steps * depth

    @staticmethod
    def of_weighted(
        weighted: ByteWeighted, layout: Layout, cpu: HostCpuShape
    ) -> ByteTiling:
        """Of an image or matrix that lies as `layout` says."""
        node = weighted.body.node
        if is_by_channel(weighted.op):
            product, roles, choices = depthwise_tiling(weighted, layout, cpu)
            schedule = choices.of(node)
            arithmetic = SingleArithmetic(schedule.lanes)
            return ByteTiling(product, roles, schedule, arithmetic, choices)
        product, roles = product_of(weighted, layout)
        lanes = max(cpu.for_features(product.features).lanes, LEAST_LANES)
        arithmetic = ByteArithmetic.of_cpu(replace(cpu, lanes=lanes))
        registers = cpu.registers - arithmetic.registers
        cpu = replace(cpu, lanes=lanes, registers=registers)
        whole = -(-product.channels // arithmetic.depth) * arithmetic.depth
        if weighted.is_image and product.groups == 1 and whole <= layout.padded[1]:
            # Zeros follow the last channel.
            product = replace(product, channels=whole)
        choices = TileSchedule.choices(product.columns, product.features, cpu)
        schedule = choices.of(node)
        return ByteTiling(product, roles, schedule, arithmetic, choices)
