"""Random networks mean the same after every pass, in any order, and stay networks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from lit_files import context, parse
from random_layers import LAYERS
from random_motifs import MOTIFS, SMOOTH
from random_networks import Drawn, Kind, bits_of, networks
from random_sites import SITES
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, SSAValue

from fusemlir.dialects import trt
from fusemlir.dialects.trt import FusedOp
from fusemlir.dialects.trt.base import LayerOp, element_type_of, shape_of
from fusemlir.dialects.trt.convolution import ContractionOp
from fusemlir.dialects.trt.fused import YieldOp
from fusemlir.frontend.verifier import verify_module
from fusemlir.network import functions, sources
from fusemlir.reference import Mode, run
from fusemlir.reference.rules import RULES, Context
from fusemlir.remarks import RemarkKind, collect
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.transforms import load_pass, load_rules
from fusemlir.transforms.fusion import Contract
from fusemlir.transforms.trt_fuse import RUN_ALONE, STAGES, TrtFusePass
from fusemlir.transforms.verify_network import verify_network
from fusemlir.weights import Weights, dtype_of
from fusemlir.weights.element_types import is_floating

ORDER = (*(stage.name for stage in STAGES), *RUN_ALONE)
PASSES = tuple(dict.fromkeys(ORDER))

REWRITING = {
    "erase-scale",
    "fold-constants",
    "fuse-qdq-forward",
    "fuse-qdq-merge",
    "fuse-qdq-pair",
    "fuse-qdq-weights",
    "fuse-relu-relu",
    "fuse-shuffle-shuffle",
    "merge-duplicate-layers",
}
"""Exact passes that make other layers, or none: zeros may change their sign. The other
exact ones move layers, and what these compute has the same bits."""

CONTEXT = context()

MODES = ("strict", "practice")

GROWERS = (*MOTIFS, *LAYERS.values())

CHECKS = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""How many examples is for the profile to say: see conftest.py."""


@cache
def contract_of(name: str) -> Contract:
    """The weakest of what the rules of a pass promise."""
    module = import_module(f"fusemlir.transforms.{name.replace('-', '_')}")
    rules = vars(module).get("RULES") or load_rules(name)
    return max(
        (rule.contract for rule in rules), key=[*Contract].index, default=Contract.EXACT
    )


def apply(name: str, module: ModuleOp) -> bool:
    """Run a pass; whether it changed anything."""
    (function,) = functions(module)
    before = set(sources(function))
    with collect() as remarks:
        load_pass(name)().apply(CONTEXT, module)
    changed = any(remark.kind == RemarkKind.PASSED for remark in remarks)
    if changed:
        verify_module(module)
        verify_network(function, before, after=name)
    return changed


def results_of(module: ModuleOp, inputs: list[np.ndarray]) -> list[np.ndarray]:
    (function,) = functions(module)
    return run(function, inputs, Weights(), Mode.TYPED)


def text_of(module: ModuleOp) -> str:
    return PrintStyle().text(module)


def assert_equal(
    found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], after: str
) -> None:
    """Equal element by element; a NaN equals a NaN, and -0 equals 0."""
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        if one.dtype == ml_dtypes.bfloat16:
            # numpy does not know that this type has NaNs; f32 holds all its values.
            one, other = one.astype(np.float32), other.astype(np.float32)
        np.testing.assert_array_equal(one, other, err_msg=f"after {after}")


@CHECKS
@given(networks(GROWERS, Kind.EXACT, most=5))
def test_exact_values_stay_after_each_stage(drawn: Drawn):
    module = drawn.module
    wanted = results_of(module, drawn.inputs)
    for name in ORDER:
        if not apply(name, module):
            continue
        assert_equal(results_of(module, drawn.inputs), wanted, name)
        # Of one value that several rules would change the last is what they all left.
        assert not apply(name, module), f"{name} is not idempotent"
    apply("trt-unfuse", module)
    assert_equal(results_of(module, drawn.inputs), wanted, "trt-unfuse")


@CHECKS
@given(networks(GROWERS, Kind.EXACT, most=4), st.permutations(PASSES))
def test_exact_values_stay_after_passes_in_any_order(drawn: Drawn, order: list[str]):
    module = drawn.module
    wanted = results_of(module, drawn.inputs)
    for name in order:
        if apply(name, module):
            assert_equal(results_of(module, drawn.inputs), wanted, name)


@CHECKS
@given(networks(GROWERS, Kind.ANY, most=5))
def test_layers_that_are_moved_give_the_same_bits(drawn: Drawn):
    """Whatever goes in: NaN, infinities, denormals, and sums that round."""
    module = drawn.module
    wanted = results_of(module, drawn.inputs)
    exact = [name for name in ORDER if contract_of(name) is Contract.EXACT]
    moving = [name for name in exact if name not in REWRITING]
    for name in (*moving, "trt-unfuse"):
        if not apply(name, module) and name != "trt-unfuse":
            continue
        found = results_of(module, drawn.inputs)
        assert [*map(bits_of, found)] == [*map(bits_of, wanted)], f"after {name}"


@CHECKS
@given(networks(GROWERS, Kind.ANY, most=5))
def test_exact_passes_keep_numbers_that_are_none(drawn: Drawn):
    """NaN and infinities come through what is exact, though it makes other layers."""
    module = drawn.module
    wanted = results_of(module, drawn.inputs)
    for name in PASSES:
        if contract_of(name) is Contract.EXACT and apply(name, module):
            assert_equal(results_of(module, drawn.inputs), wanted, name)


@CHECKS
@given(networks(GROWERS, Kind.EXACT, most=6), st.sampled_from(MODES))
def test_the_pipeline_keeps_exact_values(drawn: Drawn, mode: str):
    wanted = results_of(drawn.module, drawn.inputs)
    TrtFusePass(mode).apply(CONTEXT, drawn.module)
    assert_equal(results_of(drawn.module, drawn.inputs), wanted, f"trt-fuse {mode}")


@CHECKS
@given(networks(GROWERS, Kind.ANY, most=6), st.sampled_from(MODES))
def test_the_pipeline_makes_a_network_again(drawn: Drawn, mode: str):
    """Every source in one place, the same text twice, and text that can be read."""
    module = drawn.module
    (function,) = functions(module)
    types = function.function_type
    TrtFusePass(mode).apply(CONTEXT, module)
    before = set(sources(function))
    verify_module(module)
    verify_network(function, before, after="trt-fuse")
    assert function.function_type == types
    text = text_of(module)
    again = parse(text)
    assert text_of(again) == text
    for found, wanted in zip(
        results_of(again, drawn.inputs), results_of(module, drawn.inputs), strict=True
    ):
        assert bits_of(found) == bits_of(wanted)
    TrtFusePass(mode).apply(CONTEXT, module)
    assert text_of(module) == text, "trt-fuse is not idempotent"
    apply("trt-unfuse", module)
    assert not [op for op in module.walk() if isinstance(op, FusedOp)]
    assert set(sources(function)) == before


class RealNumbers:
    """Runs a network in f64 and rounds nowhere but where an integer is made."""

    def __init__(self) -> None:
        self.context = Context(Weights(), Mode.WIDE)
        self.greatest = 1.0
        """The greatest magnitude of all values."""

    def run(self, block: Block, arguments: Sequence[Any]) -> list[Any]:
        values: dict[SSAValue, Any] = dict(zip(block.args, arguments, strict=True))
        for op in block.ops:
            operands = [values[operand] for operand in op.operands]
            if isinstance(op, ReturnOp | YieldOp):
                return operands
            if isinstance(op, FusedOp):
                results: Any = self.run(op.block, operands)
            else:
                assert isinstance(op, LayerOp)
                with np.errstate(all="ignore"):
                    results = RULES[type(op)](op, operands, self.context)
            results = results if isinstance(results, tuple | list) else (results,)
            for value, result in zip(op.results, results, strict=True):
                array = np.asarray(result)
                wide = np.float64 if is_floating(array.dtype) else array.dtype
                values[value] = array.astype(wide)
                self.see(values[value])
        raise AssertionError("a block ends in a terminator")

    def see(self, array: Any) -> None:
        """Windows that lie in padding alone give infinity, which has no size."""
        size = np.abs(array[np.isfinite(array)])
        self.greatest = max(self.greatest, float(np.max(size, initial=0)))


def rounding_of(function: FuncOp) -> float:
    """How far new weights of the coarsest type may move a value, for each magnitude
    of 1: an error of the type for each product of the largest sum, as they add up."""
    values = [value for op in function.walk() for value in op.results]
    dtypes = {dtype_of(element_type_of(value)) for value in values}
    epsilons = [float(ml_dtypes.finfo(d).eps) for d in dtypes if is_floating(d)]
    kernels = (op.kernel for op in function.walk() if isinstance(op, ContractionOp))
    terms = max((math.prod(shape_of(kernel)[1:]) for kernel in kernels), default=1)
    return max(epsilons, default=0.0) * math.sqrt(terms)


def assert_equal_over_the_reals(
    drawn: Drawn, change: Callable[[ModuleOp], object]
) -> None:
    """Within a few roundings of the weights that it computes anew."""
    (function,) = functions(drawn.module)
    unfused, fused = RealNumbers(), RealNumbers()
    inputs = [array.astype(np.float64) for array in drawn.inputs]
    wanted = unfused.run(function.body.block, inputs)
    tolerance = 4 * rounding_of(function) * unfused.greatest
    change(drawn.module)
    found = fused.run(function.body.block, inputs)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


@CHECKS
@given(networks(SMOOTH, Kind.SMOOTH, most=3), st.sampled_from(MODES))
def test_algebra_is_equal_over_the_reals(drawn: Drawn, mode: str):
    assert_equal_over_the_reals(
        drawn, lambda module: TrtFusePass(mode).apply(CONTEXT, module)
    )


@pytest.mark.parametrize("name", SITES)
@CHECKS
@given(st.data())
def test_a_rewrite_keeps_values_of_what_is_nearly_its_site(
    name: str, data: st.DataObject
):
    """A convolution and its activation, where there is one, in a group."""
    motif, kind = SITES[name]
    drawn = data.draw(networks((motif,), kind, least=1, most=1))
    apply("fuse-conv-relu", drawn.module)
    if kind is Kind.SMOOTH:
        assert_equal_over_the_reals(drawn, lambda module: apply(name, module))
        return
    wanted = results_of(drawn.module, drawn.inputs)
    if apply(name, drawn.module):
        assert_equal(results_of(drawn.module, drawn.inputs), wanted, name)


def table(counts: Counter[str], names: Sequence[str]) -> str:
    return "\n".join(f"{counts[name]:6} {name}" for name in names)


def test_the_generator_draws_every_layer():
    counts: Counter[str] = Counter()

    @seed(0)
    @settings(CHECKS, max_examples=150, database=None)
    @given(networks(tuple(LAYERS.values()), Kind.ANY, most=8))
    def count(drawn: Drawn) -> None:
        counts.update(op.name for op in drawn.module.walk())

    count()
    assert set(LAYERS) == set(trt.LAYERS)
    names = [layer.name for layer in trt.LAYERS]
    assert all(counts[name] for name in names), "\n" + table(counts, names)


def test_the_generator_makes_every_rule_fire():
    """In the pipeline; those that it hides from others, and those outside, alone."""
    counts: Counter[str] = Counter()

    def count(drawn: Drawn) -> None:
        unseen = [name for name in PASSES if not counts[name]]
        with collect() as remarks:
            for name in unseen:
                load_pass(name)().apply(CONTEXT, drawn.module.clone())
            TrtFusePass().apply(CONTEXT, drawn.module)
        passed = [remark for remark in remarks if remark.kind == RemarkKind.PASSED]
        counts.update(remark.rule for remark in passed)

    for motif, weight in Counter(MOTIFS).items():
        drawn = given(networks((motif,), Kind.ANY, most=3))
        seed(0)(
            settings(CHECKS, max_examples=12 * weight, database=None)(drawn(count))
        )()
    assert all(counts[name] for name in PASSES), "\n" + table(counts, PASSES)
