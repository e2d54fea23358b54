"""The onnx package's own tests of operators, run through importer and reference."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests
from xdsl.dialects.func import FuncOp

from fusemlir.diagnostics import DiagnosticError
from fusemlir.frontend.onnx import import_model
from fusemlir.reference import run
from fusemlir.weights import Weights


def load_cases() -> list[TestCase]:
    """All operator tests; those of domains beside ONNX's own are left out."""
    with warnings.catch_warnings():
        # The cases compute with infinities on purpose.
        warnings.simplefilter("ignore")
        cases = load_model_tests(kind="node")
    return [case for case in cases if case.model is not None]


def check(case: TestCase, path: Path) -> None:
    """Import `case` and compare with its expected outputs.

    Inputs that have to be known at import (shapes, axes) are made initializers where
    the model as it is cannot be imported. Raises `DiagnosticError` where it still
    cannot, `AssertionError` where the results differ.
    """
    model = case.model
    assert model is not None
    for arrays, outputs in case.data_sets:
        inputs, expected = arrays_of(arrays), arrays_of(outputs)
        try:
            results = _results(model, inputs, path)
        except DiagnosticError:
            if any(isinstance(value, list) for value in inputs):
                raise
            results = _results(*with_initializers(model, inputs), path)
        compare(results, expected, case.rtol, case.atol)


def compare(
    results: Sequence[Any], expected: Sequence[Any], rtol: float, atol: float
) -> None:
    """Equal types and shapes, and values within the case's own tolerance."""
    assert len(results) == len(expected)
    for actual, wanted in zip(results, expected, strict=True):
        assert actual.dtype == wanted.dtype
        assert actual.shape == wanted.shape
        np.testing.assert_allclose(
            _wide(actual), _wide(wanted), rtol=rtol, atol=atol, equal_nan=True
        )


def arrays_of(values: Sequence[Any]) -> list[Any]:
    """Arrays as they are, tensors of small types decoded; sequences stay lists."""
    return [
        numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
        for value in values
    ]


def _wide(array: Any) -> Any:
    return array.astype(np.float64 if array.dtype.kind in "fV" else array.dtype)


def _results(model: ModelProto, inputs: Sequence[Any], path: Path) -> list[Any]:
    path.write_bytes(model.SerializeToString())
    module = import_model(path)
    module.verify()
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    return list(run(function, inputs, Weights.of_module(module)))


def with_initializers(
    model: ModelProto, inputs: Sequence[Any]
) -> tuple[ModelProto, list[Any]]:
    """The model with all its inputs but the first as initializers."""
    fixed = ModelProto()
    fixed.CopyFrom(model)
    names = [info.name for info in fixed.graph.input]
    del fixed.graph.input[1:]
    for name, array in zip(names[1:], inputs[1:], strict=True):
        fixed.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    return fixed, list(inputs[:1])
