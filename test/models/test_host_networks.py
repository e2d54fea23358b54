"""The nine networks on the CPU, fused, compared with onnxruntime."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from seeded import NETWORKS, light_model, seeded_inputs, seeded_model

import fusemlir

EVERY_TIME = ("resnet50", "shufflenet", "squeezenet")
"""The others are for the night: each takes some seconds."""


BY_TILES = ("squeezenet",)
"""Of those with windows of 3x3, to be computed by Winograd's transformation."""


def cases(every_time: Collection[str]) -> list[Any]:
    night = pytest.mark.nightly
    return [
        pytest.param(name, marks=() if name in every_time else night)
        for name in NETWORKS
    ]


@pytest.mark.parametrize("network", cases(EVERY_TIME))
def test_a_network_on_the_cpu_is_near_onnxruntime(network: str, tmp_path: Path):
    """Within 1e-4 of the greatest value, the same bits with 1 thread and with 3."""
    check(network, tmp_path, winograd=False)


@pytest.mark.parametrize("network", cases(BY_TILES))
def test_so_it_is_by_tiles(network: str, tmp_path: Path):
    check(network, tmp_path, winograd=True)


def check(network: str, folder: Path, *, winograd: bool) -> None:
    path = folder / "network.onnx"
    model = seeded_model(light_model(network))
    path.write_bytes(model.SerializeToString())
    inputs = seeded_inputs(model)
    providers = ["CPUExecutionProvider"]
    session: Any = onnxruntime.InferenceSession(path, providers=providers)
    wanted: list[np.ndarray] = session.run(None, inputs)
    engines = [
        fusemlir.compile(path, device="host", threads=threads, winograd=winograd)
        for threads in (1, 3)
    ]
    found, again = (engine.run(list(inputs.values())) for engine in engines)
    for one, two, exact in zip(found, again, wanted, strict=True):
        assert one.shape == exact.shape
        size = np.abs(exact).max()
        np.testing.assert_allclose(one, exact, rtol=0, atol=1e-4 * size)
        np.testing.assert_array_equal(one, two)
        assert np.ptp(exact) > 0.1 * size, "a comparison would see no difference"
