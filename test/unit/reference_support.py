"""Layers over arrays, and what a result must be to count as correctly rounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import onnx.helper as onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, SSAValue

from fusemlir.dialects.trt.base import LayerOp
from fusemlir.reference import Mode, evaluate
from fusemlir.weights import Weights, element_of

FLOAT_TYPES = (np.float32, np.float16, ml_dtypes.bfloat16)

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)


CANCELLING = ((1 + 2**-12, 1 + 2**-11), (1 + 2**-12, -(1 - 2**-13)))
"""Two vectors whose product f32 gets wrong in any order, fused or not."""

CANCELLED = 2**-13 + 2**-23
"""Their exact product, which f32 holds."""


def values_of(arrays: Sequence[np.ndarray]) -> list[SSAValue]:
    """SSA values of the arrays' types."""
    types = [TensorType(element_of(a.dtype), a.shape) for a in arrays]
    return list(Block(arg_types=types).args)


def apply(
    build: Callable[..., LayerOp], *arrays: np.ndarray, mode: Mode = Mode.TYPED
) -> Any:
    """What the layer built over these operands gives: an array, or several."""
    op = build(*values_of(arrays))
    op.verify()
    results = evaluate(op, arrays, Weights(), mode)
    for result, value in zip(results, op.results, strict=True):
        assert element_of(result.dtype) == value.type.element_type
    return results if len(results) > 1 else results[0]


def onnx_result(operator: str, *arrays: np.ndarray, **attributes: Any) -> np.ndarray:
    """The first output of one ONNX operator by ONNX's own reference."""
    names, model = _onnx_model(operator, arrays, attributes)
    inputs = dict(zip(names, arrays, strict=True))
    return ReferenceEvaluator(model).run(["y"], inputs)[0]


def onnxruntime_result(
    operator: str, *arrays: np.ndarray, **attributes: Any
) -> np.ndarray:
    """The same by ONNX Runtime: for LRN and grouped ConvTranspose, which ONNX's
    reference gets wrong (it loops over the batch; it slices the kernel by outputs)."""
    names, model = _onnx_model(operator, arrays, attributes)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["y"], dict(zip(names, arrays, strict=True)))[0]


def _onnx_model(
    operator: str, arrays: Sequence[np.ndarray], attributes: dict[str, Any]
) -> tuple[list[str], Any]:
    inputs = [
        onnx.make_tensor_value_info(
            f"x{at}", onnx.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for at, array in enumerate(arrays)
    ]
    names = [value.name for value in inputs]
    node = onnx.make_node(operator, names, ["y"], **attributes)
    output = onnx.make_empty_tensor_value_info("y")
    graph = onnx.make_graph([node], "test", inputs, [output])
    opset = onnx.make_opsetid("", 21)
    return names, onnx.make_model(graph, opset_imports=[opset], ir_version=10)


def floats(dtype: Any, *values: float) -> np.ndarray:
    """Numbers of every size that `dtype` has, the special ones, and `values`."""
    info = ml_dtypes.finfo(dtype)
    edges = [float(v) for v in (info.max, info.tiny, info.smallest_subnormal, info.eps)]
    usual = np.random.default_rng(7).standard_normal(400) * 3
    with np.errstate(all="ignore"):
        signed = np.array([*edges, *(-e for e in edges), *usual, *values])
        return np.concatenate([signed, SPECIAL]).astype(dtype)


def assert_same(actual: np.ndarray, expected: Any) -> None:
    """Equal numbers, NaN to NaN, zeros of one sign; `expected` in the type of `actual`.

    numpy's own comparison does not take a bf16 NaN for one.
    """
    with np.errstate(all="ignore"):
        found = actual.astype(np.float64)
        wanted = np.asarray(expected).astype(actual.dtype).astype(np.float64)
    np.testing.assert_array_equal(found, wanted)
    number = ~np.isnan(found)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(wanted[number]))


def assert_rounded(actual: np.ndarray, exact: np.ndarray) -> None:
    """Every element is a nearest of its type to the f64 `exact`, ties either way."""
    with np.errstate(all="ignore"):
        expected = exact.astype(actual.dtype).astype(np.float64)
        found = actual.astype(np.float64)
        equal = (found == expected) | (np.isnan(found) & np.isnan(expected))
        slack = np.abs(expected - exact) * (1 + 1e-6) + np.abs(exact) * 2**-50
        close = np.abs(found - exact) <= slack
    wrong = np.flatnonzero(~(equal | close))
    assert wrong.size == 0, [
        (float(found.flat[i]), float(exact.flat[i])) for i in wrong[:5]
    ]
