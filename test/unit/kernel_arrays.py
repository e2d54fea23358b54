"""Inputs of kernels, networks of one layer, and how near a result must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from kernels_on_host import HostProgram, lower
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region

import fusemlir
from fusemlir.runtime.emu_executor import EmuExecutor
from fusemlir.weights import element_of


def random(shape: tuple[int, ...], dtype: Any = np.float32, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def tensor(array: np.ndarray) -> str:
    sizes = "".join(f"{size}x" for size in array.shape)
    return f"tensor<{sizes}{element_of(array.dtype)}>"


def assert_near(actual: np.ndarray, exact: np.ndarray, terms: int = 1) -> None:
    """Within what rounding `terms` products of magnitude one, and the result, costs."""
    eps = float(ml_dtypes.finfo(actual.dtype).eps)
    sums = 2 * float(np.finfo(np.float32).eps) * np.sqrt(terms)
    wide = exact.astype(np.float64)
    off = np.abs(actual.astype(np.float64) - wide)
    allowed = 4 * sums * max(1.0, np.abs(wide).max()) + eps * np.abs(wide)
    if actual.dtype == np.float32:
        allowed = 8 * sums * max(1.0, np.abs(wide).max())
    assert (off <= allowed).all(), (off.max(), allowed.min())


def layer_module(
    build: Callable[..., Operation], *arrays: np.ndarray, name: str = "main"
) -> ModuleOp:
    """A network of the one layer or group that `build` makes of arguments of the
    arrays' types."""
    block = Block(arg_types=[TensorType(element_of(a.dtype), a.shape) for a in arrays])
    op = build(*block.args)
    block.add_ops([op, ReturnOp(*op.results)])
    types = block.arg_types, list(op.result_types)
    module = ModuleOp([FuncOp(name, types, Region(block))])
    module.verify()
    return module


def run_layer(build: Callable[..., Operation], *arrays: np.ndarray) -> np.ndarray:
    """The one result of a layer or group, lowered and run natively."""
    (result,) = HostProgram(lower(layer_module(build, *arrays)))(*arrays)
    return result


def emulate_layer(build: Callable[..., Operation], *arrays: np.ndarray) -> np.ndarray:
    """The one result of a layer or group by its PTX, on the emulator."""
    (result,) = emulate(layer_module(build, *arrays), *arrays)
    return result


def emulate(module: ModuleOp, *arrays: np.ndarray) -> list[np.ndarray]:
    """The results of a network by its PTX, on the emulator, its groups as they are."""
    engine = fusemlir.compile(module, device="emu", fuse="none")
    assert isinstance(engine.executor, EmuExecutor)
    results = engine.run(list(arrays))
    assert engine.executor.reports, "nothing was launched"
    return list(results)
