"""What the GPU bench measures can be lowered: on a GPU, time is short."""

from __future__ import annotations

import pytest
from gpu_cases import CASES, Case

from fusemlir.frontend.mlir import parse_module
from fusemlir.network import functions, kernels
from fusemlir.pipeline import fusion_passes, lower_to_gpu
from fusemlir.source_network import make_context
from fusemlir.stages import run_passes
from fusemlir.target import Target


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_a_case_is_one_kernel_of_a_gpu(case: Case):
    module = parse_module(make_context(), case.text, case.family)
    Target("sm_90").put_on(module)
    run_passes(module, fusion_passes(rules=case.rules))
    assert len(kernels(module)) == 1
    (function,) = functions(module)
    inputs = len(function.function_type.inputs)
    program = lower_to_gpu(module, inputs, "90")
    assert 1 <= len(program.launches) <= 2
