"""The reference gives the same before and after a pass, on every function of the lit
files and on random networks."""

from __future__ import annotations

import math
from itertools import chain
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from lit_files import TRANSFORMS, context, parse, parts_of, runs
from random_networks import networks
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from fusemlir.dialects.trt.base import element_type_of, is_static, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.frontend.verifier import verify_module
from fusemlir.network import functions, sources
from fusemlir.reference import Mode, run
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.transforms import load_pass
from fusemlir.transforms.trt_fuse import RUN_ALONE, STAGES
from fusemlir.transforms.verify_network import verify_network
from fusemlir.weights import Weights, dtype_of

INTO_WEIGHTS = ("fuse_conv_scale", "trt_fuse")
ALGEBRA = (*INTO_WEIGHTS, "fuse_gelu", "trt_canonicalize", "fold_constants")
"""Files whose passes make other layers; those of the others only move them."""

FILES = [
    path for path in sorted(TRANSFORMS.glob("*.mlir")) if path.stem != "verify_network"
]

SPECIAL = (np.nan, np.inf, -np.inf, -0.0)


def inputs_of(function: FuncOp, *, special: bool) -> list[np.ndarray]:
    """Seeded inputs; with `special`, a few floats that are no ordinary numbers."""
    rng = np.random.default_rng(len(function.sym_name.data))
    arrays: list[np.ndarray] = []
    for argument in function.body.block.args:
        shape, dtype = shape_of(argument), dtype_of(element_type_of(argument))
        if np.issubdtype(dtype, np.integer):
            arrays.append(rng.integers(-100, 100, shape, dtype))
            continue
        array = np.asarray(rng.standard_normal(shape))
        if special and array.size > 2:
            places = rng.choice(array.size, 2, replace=False)
            array.flat[places] = rng.choice(SPECIAL, 2)
        arrays.append(array.astype(dtype))
    return arrays


def is_runnable(function: FuncOp) -> bool:
    """Whether all dimensions are known; only those that fit are made up otherwise."""
    values = [value for op in function.walk() for value in op.results]
    values += function.body.block.args
    return all(is_static(shape_of(value)) for value in values)


def results_of(
    function: FuncOp, inputs: list[np.ndarray], module: ModuleOp, mode: Mode
) -> list[np.ndarray]:
    return run(function, inputs, Weights.of_module(module), mode)


def terms_of(function: FuncOp) -> int:
    """How many products the largest convolution adds up."""
    kernels = (op.kernel for op in function.walk() if isinstance(op, ContractionOp))
    return max((math.prod(shape_of(kernel)[1:]) for kernel in kernels), default=1)


def assert_close(found: Any, wanted: Any, terms: int) -> None:
    """Within a few rounding errors of the type, growing with the square root of K."""
    if not np.issubdtype(wanted.dtype, np.floating) and wanted.dtype.kind != "V":
        np.testing.assert_array_equal(found, wanted)
        return
    epsilon = float(ml_dtypes.finfo(wanted.dtype).eps)
    with np.errstate(invalid="ignore"):
        magnitudes = np.abs(wanted.astype(np.float64))
        size = np.max(magnitudes[np.isfinite(magnitudes)], initial=1.0)
    np.testing.assert_allclose(
        found.astype(np.float64),
        wanted.astype(np.float64),
        rtol=0,
        atol=4 * epsilon * math.sqrt(terms) * size,
    )


def assert_same(found: Any, wanted: Any) -> None:
    """Equal element by element; a NaN equals a NaN."""
    if wanted.dtype == ml_dtypes.bfloat16:
        # numpy does not know that this type has NaNs; f32 holds all its values.
        found, wanted = found.astype(np.float32), wanted.astype(np.float32)
    np.testing.assert_array_equal(found, wanted)


def cases() -> list[Any]:
    return [
        pytest.param(
            path,
            text,
            function.sym_name.data,
            id=f"{path.stem}-{function.sym_name.data}",
        )
        for path in FILES
        for text in parts_of(path)
        for function in functions(parse(text))
        if is_runnable(function)
    ]


CASES = cases()


@pytest.mark.parametrize(("path", "text", "name"), CASES)
def test_a_lit_case_means_the_same_after_its_passes(path: Path, text: str, name: str):
    module = parse(text)
    (function,) = (f for f in functions(module) if f.sym_name.data == name)
    algebra = path.stem in ALGEBRA
    mode = Mode.WIDE if algebra else Mode.TYPED
    # Ordinary numbers too: one NaN in a kernel hides all others.
    kinds = (False,) if path.stem in INTO_WEIGHTS else (False, True)
    inputs = [inputs_of(function, special=special) for special in kinds]
    wanted = [results_of(function, arrays, module, mode) for arrays in inputs]
    for module_pass in runs(path)[0].make_passes():
        module_pass.apply(context(), module)
    found = [results_of(function, arrays, module, mode) for arrays in inputs]
    for one, other in zip(chain(*found), chain(*wanted), strict=True):
        assert one.dtype == other.dtype
        if algebra:
            assert_close(one, other, terms_of(function))
        else:
            assert_same(one, other)


def test_most_lit_cases_are_run():
    assert len(CASES) > 150


PIPELINE = (*(stage.name for stage in STAGES), *RUN_ALONE, "trt-unfuse")


def text_of(module: ModuleOp) -> str:
    return PrintStyle().text(module)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_a_random_network_means_the_same_after_each_pass(module: ModuleOp):
    """All numbers are small multiples of powers of two, so that f32 adds and
    multiplies them without rounding and algebra too must be exact."""
    (function,) = functions(module)
    inputs = [
        np.random.default_rng(at).integers(-3, 4, shape_of(argument)).astype(np.float32)
        for at, argument in enumerate(function.body.block.args)
    ]
    wanted = results_of(function, inputs, module, Mode.TYPED)
    assert all(np.abs(array).max() < 2**22 for array in wanted)
    for name in PIPELINE:
        before = set(sources(function))
        load_pass(name)().apply(context(), module)
        verify_module(module)
        verify_network(function, before, after=name)
        found = results_of(function, inputs, module, Mode.TYPED)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=f"after {name}")
        text = text_of(module)
        load_pass(name)().apply(context(), module)
        assert text_of(module) == text, f"{name} is not idempotent"
