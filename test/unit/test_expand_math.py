"""The expansions of `expand-math`, run as native code, against numpy in f64."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.gpu import GPU
from xdsl.dialects.math import Math
from xdsl.dialects.memref import MemRef
from xdsl.dialects.scf import Scf
from xdsl.parser import Parser

from fusemlir.diagnostics import DiagnosticError
from fusemlir.lowering.expand_math import EXPANSIONS, ExpandMathPass
from fusemlir.lowering.llvm_text import print_llvm
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIZE = 1 << 16

LOOP = """
builtin.module {{
  "gpu.module"() <{{sym_name = "kernels"}}> ({{
    "gpu.func"() <{{function_type = ({types}) -> ()}}> ({{
    ^bb0({arguments}):
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %size = arith.constant {size} : index
      scf.for %i = %zero to %size step %one {{
        {loads}
        %r0 = math.{name} {operands} : {type}
        {further}
        memref.store %r, %out[%i] : memref<{size}x{type}>
      }}
      "gpu.return"() : () -> ()
    }}) {{sym_name = "f"}} : () -> ()
  }}) : () -> ()
}}
"""


SAME = "%r = arith.bitcast %r0 : {type} to {type}"
ONE_MORE = """
        %real_one = arith.constant 1.0 : {type}
        %r = arith.addf %r0, %real_one : {type}
"""


def lowered(name: str, arity: int, element: str = "f32", further: str = SAME) -> str:
    """LLVM IR of a function that applies `math.<name>` to arrays of `SIZE` elements,
    and does `further` with each result."""
    array = f"memref<{SIZE}x{element}>"
    inputs = [f"%x{k}" for k in range(arity)]
    text = LOOP.format(
        types=", ".join([array] * (arity + 1)),
        arguments=", ".join(f"{x}: {array}" for x in [*inputs, "%out"]),
        loads="\n".join(f"{x}_i = memref.load {x}[%i] : {array}" for x in inputs),
        operands=", ".join(f"{x}_i" for x in inputs),
        size=SIZE,
        type=element,
        name=name,
        further=further.format(type=element),
    )
    context = Context()
    for dialect in (Arith, Builtin, GPU, Math, MemRef, Scf):
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    ExpandMathPass().apply(context, module)
    ConvertToLlvmPass().apply(context, module)
    module.verify()
    return print_llvm(module)


KEPT_ALIVE: list[Any] = []
"""Engines: what they compiled is gone with them."""


@cache
def compiled(name: str, arity: int, further: str = SAME) -> Callable[..., F32]:
    """`math.<name>` on arrays of f32 of any length that is a multiple of `SIZE`."""
    binding = import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=features, opt=3
    )
    module = binding.parse_assembly(lowered(name, arity, further=further))
    module.verify()
    builder = binding.create_pass_builder(
        machine, binding.create_pipeline_tuning_options(3)
    )
    builder.getModulePassManager().run(module, builder)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    KEPT_ALIVE.append(engine)
    pointers = [ctypes.c_void_p] * (arity + 1)
    function = ctypes.CFUNCTYPE(None, *pointers)(engine.get_function_address("f"))

    def run(*inputs: F32) -> F32:
        out = np.empty_like(inputs[0])
        for start in range(0, out.size, SIZE):
            part = slice(start, start + SIZE)
            function(*(array[part].ctypes.data for array in (*inputs, out)))
        return out

    return run


def apply(name: str, *inputs: F32, further: str = SAME) -> F32:
    """`math.<name>` on arrays of any one length."""
    size = -inputs[0].size % SIZE
    padded = [np.pad(array, (0, size)).astype(np.float32) for array in inputs]
    return compiled(name, len(inputs), further)(*padded)[: inputs[0].size]


def errors(actual: F32, exact: F64) -> F64:
    """Distances in units of the last place of the f32 nearest to the exact value.

    Infinite where one of the two is NaN, or infinite after rounding, and not the other.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        nearest = exact.astype(np.float32)
        unit = np.spacing(np.maximum(np.abs(nearest), np.float32(2**-126)))
        distance = np.abs(actual.astype(np.float64) - exact) / unit
    same = (np.isnan(actual) & np.isnan(exact)) | (actual == nearest)
    # What overflows by less than the bound may be the greatest float, and the reverse.
    distance = np.where(np.isfinite(distance), distance, np.inf)
    return np.where(same, np.where(np.isfinite(distance), distance, 0.0), distance)


def all_magnitudes(step: int = 1031) -> F32:
    """Every `step`th f32 of both signs: all binades, subnormals, infinities, NaN."""
    bits = np.arange(0, 1 << 32, step, dtype=np.uint64).astype(np.uint32)
    return bits.view(np.float32)


def between(low: float, high: float) -> F32:
    return np.linspace(low, high, 1 << 20).astype(np.float32)


def error_function(x: F64) -> F64:
    return np.array([math.erf(value) for value in x.tolist()])


EXACT_AND_BOUND: dict[str, tuple[Callable[[F64], F64], float, tuple[F32, ...]]] = {
    "acos": (np.arccos, 2, (between(-1, 1),)),
    "acosh": (np.arccosh, 4, (between(1, 1.1), between(1, 5000))),
    "asin": (np.arcsin, 2, (between(-1, 1),)),
    "asinh": (np.arcsinh, 4, (between(-1, 1), between(-5000, 5000))),
    "atan": (np.arctan, 2, (between(-4, 4),)),
    "atanh": (np.arctanh, 4, (between(-1, 1),)),
    "cos": (np.cos, 3, (between(-100, 100),)),
    "cosh": (np.cosh, 2, (between(-90, 90),)),
    "erf": (error_function, 2, (between(-4.5, 4.5),)),
    "exp": (np.exp, 1, (between(-105, 90),)),
    "exp2": (np.exp2, 1, (between(-151, 129),)),
    "expm1": (np.expm1, 2, (between(-26, 2), between(80, 90))),
    "log": (np.log, 1, (between(0.5, 2),)),
    "log10": (np.log10, 3, (between(0.5, 2),)),
    "log1p": (np.log1p, 2, (between(-1, 2),)),
    "log2": (np.log2, 2, (between(0.5, 2),)),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5, (between(0.5, 4),)),
    "sin": (np.sin, 3, (between(-100, 100),)),
    "sinh": (np.sinh, 2, (between(-2, 2), between(80, 90))),
    "tan": (np.tan, 4, (between(-100, 100),)),
    "tanh": (np.tanh, 2, (between(-10, 10),)),
}


def sweep(name: str) -> tuple[float, float]:
    """The greatest error of a function of one argument, and where it is."""
    function, _, ranges = EXACT_AND_BOUND[name]
    step = 16411 if name == "erf" else 1031
    x = np.concatenate([all_magnitudes(step), *ranges])
    with np.errstate(all="ignore"):
        found = errors(apply(name, x), function(x.astype(np.float64)))
    at = int(np.argmax(found))
    return float(found[at]), float(x[at])


@pytest.mark.parametrize("name", EXACT_AND_BOUND)
def test_stays_within_its_bound(name: str):
    worst, at = sweep(name)
    bound = EXACT_AND_BOUND[name][1]
    assert worst <= bound, f"{name}({at!r}) is off by {worst} ulp"


def test_an_exponential_beside_one_is_as_exact():
    x = np.concatenate([all_magnitudes(), between(-90, 90)])
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(np.float64)) + 1
    found = errors(apply("exp", x, further=ONE_MORE), exact)
    at = int(np.argmax(found))
    assert found[at] <= 2, f"e^{x[at]!r} + 1 is off by {found[at]} ulp"


def test_pow_stays_within_its_bound():
    random = np.random.default_rng(0)
    x = np.exp2(random.uniform(-30, 30, 1 << 20)).astype(np.float32)
    y = (random.uniform(-105, 90, x.size) / np.log(x)).astype(np.float32)
    near_one = (1 + random.uniform(-0.01, 0.01, x.size)).astype(np.float32)
    x, y = np.concatenate([x, near_one]), np.concatenate([y, y])
    bits = random.integers(0, 1 << 32, (2, 1 << 20), dtype=np.uint32)
    any_x, any_y = bits.view(np.float32)
    x, y = np.concatenate([x, any_x]), np.concatenate([y, any_y])
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.float64), y.astype(np.float64))
    found = errors(apply("powf", x, y), exact)
    at = int(np.argmax(found))
    assert found[at] <= 6, f"{x[at]!r} ** {y[at]!r} is off by {found[at]} ulp"


def test_pow_treats_special_arguments_as_c99():
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1.5, -1.5]
    values += [math.inf, -math.inf, math.nan, 2.0**24 + 2, 2.0**-149, -(2.0**-149)]
    pairs = np.array(list(product(values, values)), dtype=np.float32)
    x, y = np.ascontiguousarray(pairs.T)
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.float64), y.astype(np.float64))
    assert_equal_where_special(apply("powf", x, y), exact)


def assert_equal_where_special(actual: F32, exact: F64):
    """Equal where zero, infinite or NaN, signs equal, and near where neither."""
    assert errors(actual, exact).max() <= 2
    is_number = ~np.isnan(exact)
    np.testing.assert_array_equal(
        np.signbit(actual)[is_number], np.signbit(exact)[is_number]
    )
    with np.errstate(over="ignore"):
        nearest = exact.astype(np.float32)
    is_special = (nearest == 0) | ~np.isfinite(nearest)
    np.testing.assert_array_equal(actual[is_special], nearest[is_special])


@pytest.mark.parametrize("name", EXACT_AND_BOUND)
def test_special_arguments_give_what_numpy_gives(name: str):
    function = EXACT_AND_BOUND[name][0]
    x = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan], dtype=np.float32)
    with np.errstate(all="ignore"):
        exact = function(x.astype(np.float64))
    assert_equal_where_special(apply(name, x), exact)


def test_every_expansion_is_measured():
    names = {op.name.removeprefix("math.") for op in EXPANSIONS}
    assert names == {*EXACT_AND_BOUND, "powf"}


@pytest.mark.parametrize("element", ["f16", "bf16"])
def test_narrow_floats_are_computed_in_f32(element: str):
    text = lowered("exp", 1, element)
    narrow = {"f16": "half", "bf16": "bfloat"}[element]
    assert f"fpext {narrow}" in text
    assert f"to {narrow}" in text
    assert f"fmul {narrow}" not in text


def test_other_types_are_refused():
    with pytest.raises(DiagnosticError, match=r"math\.exp: .* found f64"):
        lowered("exp", 1, "f64")
