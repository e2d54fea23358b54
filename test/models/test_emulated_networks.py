"""Whole networks of the onnx package as PTX on the emulator, with all its checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from seeded import light_model, seeded_inputs, seeded_model

import fusemlir
from fusemlir.runtime.emu_executor import EmuExecutor

TOLERANCE = 1e-4
"""Largest error over the largest output."""


@pytest.mark.nightly
@pytest.mark.parametrize("network", ["squeezenet", "shufflenet"])
def test_a_network_on_the_emulator_computes_what_onnxruntime_does(
    network: str, tmp_path: Path
):
    model = seeded_model(light_model(network))
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    inputs = seeded_inputs(model)
    expected = onnxruntime.InferenceSession(path).run(None, inputs)
    assert all(float(np.std(b)) > 1e-5 for b in expected), "nothing to compare"
    engine = fusemlir.compile(path, device="emu")
    found = engine.run(list(inputs.values()))
    for a, b in zip(found, map(np.asarray, expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert float(np.abs(a - b).max()) <= TOLERANCE * float(np.abs(b).max())
    assert isinstance(engine.executor, EmuExecutor)
    assert len(engine.executor.reports) >= len(engine.kernels)
