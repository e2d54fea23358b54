"""The onnx package's own operator tests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from damage import damage
from node_cases import arrays_of, check, load_cases, with_initializers
from onnx import ModelProto
from onnx.backend.test.case.test_case import TestCase

from fusemlir.diagnostics import DiagnosticError
from fusemlir.frontend.onnx import import_model
from fusemlir.frontend.onnx.registry import handlers

AT_LEAST = 700
"""Cases that pass; which ones there are depends on the version of onnx."""

NEVER_REFUSED = frozenset(
    """
    Abs Acos Acosh And Asin Asinh Atan Atanh Ceil Concat Conv
    ConvTranspose Cos Cosh Elu Erf Exp Expand Flatten Floor Gelu Gemm
    GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish IsNaN LRN LeakyRelu
    LogSoftmax MatMul Mish Neg Or PRelu Reciprocal ReduceL1 ReduceL2 ReduceLogSum
    ReduceLogSumExp ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round Selu
    Sigmoid Sign Sin Sinh Slice Softmax Softplus Softsign Split Sqrt Squeeze Sum Tan
    Tanh ThresholdedRelu Transpose Unsqueeze Upsample Xor
    """.split()  # noqa: SIM905
)
"""Operators all of whose cases, in types that a network has, can be imported."""


@pytest.fixture(scope="module")
def cases() -> list[TestCase]:
    return load_cases()


def test_every_case_is_computed_right_or_refused_with_a_reason(
    cases: list[TestCase], tmp_path: Path
):
    path = tmp_path / "case.onnx"
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    refused: set[str] = set()
    for case in cases:
        try:
            check(case, path)
            counts["passed"] += 1
        except DiagnosticError as error:
            counts["refused"] += 1
            if "element type" not in str(error) and len(case.model.graph.node) == 1:
                refused.add(case.model.graph.node[0].op_type)
        except AssertionError as error:
            wrong.append(f"{case.name}: {error}")
    print(dict(counts))
    assert not wrong, "\n".join(wrong)
    assert counts["passed"] >= AT_LEAST
    assert sorted(refused & NEVER_REFUSED) == []


def test_a_damaged_model_is_imported_or_refused(cases: list[TestCase], tmp_path: Path):
    rng, path = Random(3), tmp_path / "case.onnx"
    known = [case for case in cases if _is_known(case.model)]
    counts: Counter[str] = Counter()
    for _ in range(2000):
        case = rng.choice(known)
        model, inputs = ModelProto(), case.data_sets[0][0]
        model.CopyFrom(case.model)
        if rng.random() < 0.6:
            model, _ = with_initializers(model, arrays_of(inputs))
        for _ in range(rng.randrange(1, 4)):
            damage(model, rng)
        path.write_bytes(model.SerializeToString())
        try:
            import_model(path).verify()
            counts["imported"] += 1
        except DiagnosticError:
            counts["refused"] += 1
    assert min(counts.values()) > 100


def _is_known(model: ModelProto) -> bool:
    """A few nodes that can be imported, between tensors."""
    nodes, inputs = model.graph.node, model.graph.input
    return (
        len(nodes) < 4
        and all(node.op_type in handlers() for node in nodes)
        and all(info.type.HasField("tensor_type") for info in inputs)
    )


@pytest.mark.parametrize("op_type", sorted(NEVER_REFUSED))
def test_an_operator_that_is_never_refused_has_an_importer(op_type: str):
    assert op_type in handlers()
