"""How much memory the intermediate tensors of the nine CNNs take."""

from __future__ import annotations

import pytest
from seeded import NETWORKS, light_model
from xdsl.context import Context

from fusemlir.frontend.onnx import import_model
from fusemlir.lowering.liveness import lifetimes
from fusemlir.lowering.memory_plan import most_bytes_alive, plan_memory
from fusemlir.network import functions
from fusemlir.transforms.trt_fuse import TrtFusePass


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_needs_hardly_more_than_what_lives_at_one_time(network: str):
    module = import_model(light_model(network))
    TrtFusePass().apply(Context(), module)
    (function,) = functions(module)
    tensors = list(lifetimes(function).values())
    size = plan_memory(tensors).size
    assert size <= 1.12 * most_bytes_alive(tensors)
    assert size < 0.75 * sum(life.size for life in tensors)
