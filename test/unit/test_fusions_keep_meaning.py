"""The reference gives the same before and after a pass, on every function of the lit
files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from lit_files import TRANSFORMS, context, parse, parts_of, runs
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from fusemlir.dialects.trt.base import element_type_of, is_static, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.weights import Weights, dtype_of

INTO_WEIGHTS = ("fuse_conv_scale", "fuse_qdq_conv_scale", "trt_fuse")
ALGEBRA = (
    *INTO_WEIGHTS,
    "fuse_gelu",
    "fuse_layer_norm",
    "trt_canonicalize",
    "fold_constants",
)
"""Files whose passes make other layers; those of the others only move them."""

FILES = [
    path for path in sorted(TRANSFORMS.glob("*.mlir")) if path.stem != "verify_network"
]

SPECIAL = (np.nan, np.inf, -np.inf, -0.0)


NUMBERS_ONLY = ("fuse_qdq_backward_maximum",)
"""Files of what is promised for infinities, but not for NaN."""


def inputs_of(
    function: FuncOp, *, special: bool, choice: Sequence[float] = SPECIAL
) -> list[np.ndarray]:
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
            array.flat[places] = rng.choice(choice, 2)
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_lit_cases_mean_the_same_after_their_passes(path: Path):
    run, there = map(sum, zip(*(check(path, t) for t in parts_of(path)), strict=True))
    assert 2 * run >= there, "most cases cannot be run"


def check(path: Path, text: str) -> tuple[int, int]:
    """Compare all networks of a part of the file that can be run; how many they were,
    and of how many."""
    module = parse(text)
    there = list(functions(module))
    cases = [function for function in there if is_runnable(function)]
    algebra = path.stem in ALGEBRA
    mode = Mode.WIDE if algebra else Mode.TYPED
    # Ordinary numbers too: one NaN in a kernel hides all others.
    kinds = (False,) if path.stem in INTO_WEIGHTS else (False, True)
    choice = SPECIAL[1:] if path.stem in NUMBERS_ONLY else SPECIAL

    def outcomes() -> list[list[np.ndarray]]:
        return [
            results_of(function, arrays, module, mode)
            for function, given in zip(cases, inputs, strict=True)
            for arrays in given
        ]

    inputs = [
        [inputs_of(function, special=it, choice=choice) for it in kinds]
        for function in cases
    ]
    names = [function.sym_name.data for function in cases for _ in kinds]
    wanted = outcomes()
    for module_pass in runs(path)[0].make_passes():
        module_pass.apply(context(), module)
    terms = [terms_of(function) for function in cases for _ in kinds]
    for name, k, ones, others in zip(names, terms, outcomes(), wanted, strict=True):
        try:
            for one, other in zip(ones, others, strict=True):
                assert one.dtype == other.dtype
                assert_close(one, other, k) if algebra else assert_same(one, other)
        except AssertionError as error:
            error.add_note(f"in @{name}")
            raise
    return len(cases), len(there)
