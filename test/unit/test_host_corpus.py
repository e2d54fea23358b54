"""Whatever the rules can form runs on the CPU, and computes what its layers say.

The kernels are those of the lit files about rules and of random networks, before and
after fusing; and random networks as wholes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from kernel_corpus import GROWERS, alone, distinct_kernels, lit_networks, random_modules
from random_networks import Drawn, Kind, bits_of, networks
from test_fusions_keep_meaning import assert_same, inputs_of
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

import fusemlir
from fusemlir.dialects.trt import MatrixMultiplyOp
from fusemlir.dialects.trt.base import LayerOp, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.lowering.host.kernel_table import plan_of
from fusemlir.lowering.host.placement import constants_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import functions, is_kernel, nodes
from fusemlir.reference import Mode, run
from fusemlir.source_network import make_context
from fusemlir.weights import Weights

BY_LAYER: set[str] = {
    "matmul_softmax",
    "matmul_sum_softmax",
}
"""Kinds that are computed layer by layer: there is no kernel of a whole one yet."""

CHECKS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=settings().max_examples // 4,
)
"""LLVM compiles each."""

EVERY = 24
"""Of so many kernels of the corpus `make test` runs one."""


@cache
def corpus(count: int) -> tuple[KernelBody, ...]:
    """Each in a module of its own, where constants are known."""
    bodies = distinct_kernels(chain(lit_networks(), random_modules(count)))
    return tuple(map(_alone, bodies))


def _alone(body: KernelBody) -> KernelBody:
    (function,) = functions(alone(body.node))
    (node,) = (node for node in nodes(function) if is_kernel(node))
    return KernelBody(node)


def module_of(body: KernelBody) -> ModuleOp:
    function = body.node.parent_op()
    assert isinstance(function, FuncOp)
    module = function.parent_op()
    assert isinstance(module, ModuleOp)
    return module


def test_every_kind_has_a_kernel_for_the_cpu_but_for_those_in_the_table():
    bodies = corpus(10)
    missing = {b.kind for b in bodies if plan_of(b, constants_of(b)) is None}
    assert missing == BY_LAYER


def test_one_of_each_kind_lowers_to_the_cpu():
    by_kind = {body.kind: body for body in corpus(10)}
    for kind in by_kind:
        module = module_of(by_kind[kind]).clone()
        ConvertTrtToHostPass().apply(make_context(), module)
        module.verify()
    assert len(by_kind) > 100


def check_kernels(bodies: Iterable[KernelBody]) -> None:
    """Each alone, on numbers and on what is none, against the reference in f64."""
    wrong = list[str]()
    for body in bodies:
        module = module_of(body)
        (function,) = functions(module)
        engine = fusemlir.compile(module.clone(), device="host", fuse="none")
        for special in (False, True):
            inputs = inputs_of(function, special=special)
            with np.errstate(all="ignore"):
                wanted, typed = (
                    run(function, inputs, Weights.of_module(module), mode)
                    for mode in (Mode.WIDE, Mode.TYPED)
                )
            found = engine.run(list(inputs))
            results = zip(found, wanted, typed, strict=True)
            if not all(is_near(*result, terms_of(body)) for result in results):
                wrong.append(f"{body.kind}, special numbers {special}:\n{module}")
    assert not wrong, f"{len(wrong)} kernels, the first {wrong[0]}"


def is_near(
    found: np.ndarray, wanted: np.ndarray, typed: np.ndarray, terms: int
) -> bool:
    """Floats within roundings of f32 and one of their own type of what f64 gives, what
    is no number the same; integers equal, of a lone Quantize to what f32 gives."""
    if found.dtype != wanted.dtype:
        return False
    if found.dtype != ml_dtypes.bfloat16 and found.dtype.kind != "f":
        return bool(((found == wanted) | (found == typed)).all())
    one, other = found.astype(np.float64), wanted.astype(np.float64)
    are_numbers = np.isfinite(one) & np.isfinite(other)
    size = float(np.abs(other[are_numbers]).max(initial=1.0))
    unit = float(np.finfo(np.float32).eps) * math.sqrt(terms)
    own = 2.0**-7 if found.dtype == ml_dtypes.bfloat16 else np.finfo(found.dtype).eps
    off = np.abs(one[are_numbers] - other[are_numbers])
    are_same = np.array_equal(one[~are_numbers], other[~are_numbers], equal_nan=True)
    return are_same and bool((off <= (64 * unit + own) * size).all())


def terms_of(body: KernelBody) -> int:
    """How many products or elements the largest sum has."""
    return max(map(_terms, body.layers), default=1)


def _terms(layer: LayerOp) -> int:
    match layer:
        case ContractionOp():
            return math.prod(shape_of(layer.kernel)) // shape_of(layer.kernel)[0]
        case MatrixMultiplyOp():
            return max(shape_of(layer.lhs))
        case _:
            return max((max(shape_of(v), default=1) for v in layer.operands), default=1)


@pytest.mark.parametrize("part", range(4))
def test_kernels_of_the_corpus_compute_what_their_layers_say(part: int):
    check_kernels(corpus(10)[part * EVERY // 4 :: EVERY])


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
def test_all_kernels_of_a_larger_corpus_compute_what_their_layers_say(part: int):
    check_kernels(corpus(300)[part::8])


def has_kernels(module: ModuleOp) -> bool:
    (function,) = functions(module)
    bodies = (KernelBody(node) for node in nodes(function) if is_kernel(node))
    return all(plan_of(body, constants_of(body)) is not None for body in bodies)


def on_the_cpu(drawn: Drawn, threads: int) -> Sequence[np.ndarray]:
    module = drawn.module.clone()
    engine = fusemlir.compile(module, device="host", threads=threads)
    return engine.run(list(drawn.inputs))


@CHECKS
@given(networks(GROWERS, Kind.EXACT, most=6))
def test_random_networks_that_round_nowhere_are_exact(drawn: Drawn):
    """Fused, against the layers as they are."""
    if not has_kernels(drawn.module):
        return
    (function,) = functions(drawn.module)
    wanted = run(function, drawn.inputs, Weights(), Mode.WIDE)
    for one, other in zip(on_the_cpu(drawn, 2), wanted, strict=True):
        assert one.dtype == other.dtype
        assert_same(one, other)


@CHECKS
@given(networks(GROWERS, Kind.ANY, most=6))
def test_random_networks_give_the_same_bits_on_any_number_of_threads(drawn: Drawn):
    if not has_kernels(drawn.module):
        return
    found = [[*map(bits_of, on_the_cpu(drawn, threads))] for threads in (1, 2, 3)]
    assert found[0] == found[1] == found[2]
