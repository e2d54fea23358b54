"""Einstein sums of ONNX, against numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import model, node

import fusemlir
from fusemlir.diagnostics import DiagnosticError

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1, "e": 5}


def build(equation: str, *shapes: tuple[int, ...], dtype: Any = np.float32) -> Any:
    rng = np.random.default_rng(len(equation))
    operands = [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]
    names = [f"x{number}" for number in range(len(shapes))]
    einsum = node("Einsum", names, ["y"], equation=equation)
    return model([einsum], dict(zip(names, operands, strict=True))), operands


def check(equation: str, *shapes: tuple[int, ...]) -> None:
    """In the reference, exactly: all numbers are small integers."""
    built, operands = build(equation, *shapes)
    (found,) = fusemlir.compile(built, device="reference").run(operands)
    wanted = np.einsum(equation, *operands)
    assert found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij->ji", [(2, 3)]),
        ("ij->i", [(2, 3)]),
        ("kji->ik", [(2, 3, 4)]),
        ("ij", [(2, 3)]),
        ("ba", [(2, 3)]),
        ("...ii->...i", None),
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("bqhd,bkhd->bhqk", [(2, 4, 3, 5), (2, 6, 3, 5)]),
        ("bhqk,bkhd->bqhd", [(2, 3, 4, 6), (2, 6, 3, 5)]),
        ("i,i", [(4,), (4,)]),
        ("i,j->ij", [(2,), (3,)]),
        ("bi,bi->bi", [(2, 3), (2, 3)]),
        ("bn,anm,bm->ba", [(2, 3), (4, 3, 5), (2, 5)]),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
        ("i...j,jk...", [(2, 6, 3), (3, 4, 6)]),
        ("ij,jk->", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 1), (3, 4)]),
        ("ij,kl->jl", [(2, 3), (4, 5)]),
        (" i j , j k -> k i ", [(2, 3), (3, 4)]),
        ("ij,jk->ik", [(2, 0), (0, 4)]),
        ("...,...->...", [(), (2, 3)]),
        ("Ab,bA->A", [(2, 3), (3, 2)]),
    ],
)
def test_einsum_is_numpys(equation: str, shapes: Any):
    if shapes is None:
        with pytest.raises(DiagnosticError, match="takes a diagonal"):
            check(equation, (2, 3, 3))
    else:
        check(equation, *shapes)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_drawn_einsums_are_numpys(data: st.DataObject):
    letters = st.lists(st.sampled_from("abcde"), unique=True, max_size=4)
    names = ["".join(x) for x in data.draw(st.lists(letters, min_size=1, max_size=3))]
    used = sorted(set("".join(names)))
    result = data.draw(st.lists(st.sampled_from(used), unique=True)) if used else []
    shapes = [tuple(SIZES[letter] for letter in name) for name in names]
    check(f"{','.join(names)}->{''.join(result)}", *shapes)


@pytest.mark.parametrize(
    ("equation", "shapes", "reason"),
    [
        ("ii->i", [(3, 3)], "takes a diagonal"),
        ("ij,jk->ik", [(2, 3)], "of 2 operands, not 1"),
        ("ij->k", [(2, 3)], "no operand has"),
        ("ijk->i", [(2, 3)], "labels an operand of rank 2"),
        ("i->i", [(2, 3)], "labels an operand of rank 2"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "'j' is of 3 elements and of 4"),
        ("i1->i", [(2, 3)], "wanted letters"),
        ("ij->ii", [(2, 3)], "diagonal"),
    ],
)
def test_what_is_no_einsum_is_refused(equation: str, shapes: Any, reason: str):
    built, _ = build(equation, *shapes)
    with pytest.raises(DiagnosticError, match=reason):
        fusemlir.compile(built)


def test_integers_are_summed_but_not_multiplied_as_matrices():
    built, operands = build("ij->j", (2, 3), dtype=np.int32)
    built.graph.output[0].type.tensor_type.elem_type = 6
    (found,) = fusemlir.compile(built, device="reference").run(operands)
    np.testing.assert_array_equal(found, operands[0].sum(axis=0))
    built, _ = build("ij,jk->ik", (2, 3), (3, 4), dtype=np.int32)
    built.graph.output[0].type.tensor_type.elem_type = 6
    with pytest.raises(DiagnosticError, match="a product of matrices of i32"):
        fusemlir.compile(built)


def test_transposed_factors_are_read_where_they_lie():
    built, _ = build("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5))
    engine = fusemlir.compile(built, device="reference")
    assert len(engine.kernels) == 1
