"""How attention is cut into tiles for a CPU."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from fusemlir.lowering.host.products.tiles import tiles_of
from fusemlir.lowering.host.schedules import HostCpuShape, TileSchedule

NEAR_KEYS = 512
"""Of which the scores of a tile are computed before they become weights, at most: so
many that what is done once a row does not count, so few that they stay near."""


@dataclass(frozen=True)
class AttentionSchedule:
    """As many rows of scores as of values at once."""

    scores: TileSchedule
    values: TileSchedule
    keys: int
    """Of a part, whole blocks of the scores' columns but in the last part."""

    @property
    def rows(self) -> int:
        return self.scores.pixels

    @staticmethod
    def choose(
        rows: int, depth: int, keys: int, values: int, cpu: HostCpuShape
    ) -> AttentionSchedule:
        """The quickest."""
        pairs = (
            (first, second)
            for first, second in product(
                tiles_of(rows, keys, cpu), tiles_of(rows, values, cpu)
            )
            if first.pixels == second.pixels
        )

        def clocks(pair: tuple[TileSchedule, TileSchedule]) -> float:
            first, second = pair
            height = first.pixels
            down = -(-rows // height)
            return down * (
                depth * first.clocks(height, keys)
                + keys * second.clocks(height, values)
            )

        first, second = min(pairs, key=clocks)
        parts, width = -(-keys // NEAR_KEYS), first.features
        blocks = -(-keys // (parts * width))
        return AttentionSchedule(first, second, min(keys, blocks * width))
