"""Shuffle: reshape with 0 and -1 against onnx, and what of it moves nothing."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from onnx.reference.ops.op_reshape import reshape_reference_implementation
from trt_values import shape, value
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import UNKNOWN
from fusemlir.dialects.trt.shuffle import (
    ShuffleOp,
    only_reshapes,
    resolve_reshape,
    transpose_moves_nothing,
)

SOURCES = [(), (1,), (6,), (2, 3), (2, 0), (1, 6), (2, 3, 4), (4, 1, 6), (2, 2, 2, 3)]
TARGETS = [
    target
    for rank in range(4)
    for target in product((-1, 0, 1, 2, 3, 6, 12), repeat=rank)
    if target.count(-1) <= 1
]


@pytest.mark.parametrize("zero_copies", [True, False])
def test_reshape_is_that_of_onnx(zero_copies: bool):
    agreed = 0
    for source, target in product(SOURCES, TARGETS):
        array = np.zeros(source)
        try:
            wanted = reshape_reference_implementation(
                array, np.array(target, np.int64), allowzero=int(not zero_copies)
            ).shape
        except (ValueError, IndexError):
            with pytest.raises(VerifyException):
                resolve_reshape(source, target, zero_copies)
            continue
        agreed += 1
        assert resolve_reshape(source, target, zero_copies) == wanted, (source, target)
    assert agreed > 100


def test_unknown_dimensions_are_never_contradicted():
    """Whatever a known reshape gives is allowed by what the same gives unknown."""
    compared = 0
    for source, target in product(SOURCES, TARGETS):
        if 0 in source:
            continue  # an unknown dimension that is copied is taken not to be 0
        try:
            wanted = resolve_reshape(source, target, zero_is_placeholder=True)
        except VerifyException:
            continue
        for hidden in product((False, True), repeat=len(source)):
            veiled = tuple(
                UNKNOWN if hide else dim
                for hide, dim in zip(hidden, source, strict=True)
            )
            found = resolve_reshape(veiled, target, zero_is_placeholder=True)
            assert len(found) == len(wanted)
            assert all(a in (UNKNOWN, b) for a, b in zip(found, wanted, strict=True)), (
                veiled,
                target,
            )
            compared += 1
    assert compared > 1000


def test_an_unknown_batch_does_not_hide_what_flattening_gives():
    flat = ShuffleOp(value(None, 64, 7, 7), reshape_dims=(0, -1))
    assert shape(flat.output) == (None, 3136)


def test_reshape_follows_the_first_transpose_and_precedes_the_second():
    layer = ShuffleOp(
        value(2, 3, 4),
        first_transpose=(2, 0, 1),
        reshape_dims=(0, -1, 1),
        second_transpose=(2, 1, 0),
    )
    layer.verify()
    array = np.zeros((2, 3, 4)).transpose(2, 0, 1).reshape(4, -1, 1).transpose(2, 1, 0)
    assert shape(layer.output) == array.shape


def test_the_identity_is_absent():
    layer = ShuffleOp(value(2, 3), first_transpose=(0, 1), second_transpose=(0, 1))
    assert not layer.properties


def _keeps_order(dims: tuple[int, ...], order: tuple[int, ...]) -> bool:
    array = np.arange(np.prod(dims)).reshape(dims)
    return bool((array.transpose(order).ravel() == array.ravel()).all())


def test_a_transpose_moves_nothing_where_numpy_keeps_the_order():
    for dims in product((1, 2, 3), repeat=4):
        for order in permutations(range(4)):
            assert transpose_moves_nothing(dims, order) == _keeps_order(dims, order)


def test_an_unknown_dimension_may_be_longer_than_one():
    assert transpose_moves_nothing((UNKNOWN, 64, 1, 1), (0, 2, 3, 1))
    assert not transpose_moves_nothing((UNKNOWN, 64, 1, 1), (1, 0, 2, 3))
    assert not transpose_moves_nothing((UNKNOWN, UNKNOWN), (1, 0))


@pytest.mark.parametrize(
    ("first", "reshape", "second", "expected"),
    [
        (None, None, None, True),
        (None, (6, 4), None, True),
        ((0, 2, 1), None, None, False),
        (None, (6, 4), (1, 0), False),
        (None, (24, 1), (1, 0), True),
        ((1, 0, 2), (24,), None, False),
    ],
)
def test_only_reshapes(
    first: tuple[int, ...] | None,
    reshape: tuple[int, ...] | None,
    second: tuple[int, ...] | None,
    expected: bool,
):
    layer = ShuffleOp(
        value(2, 3, 4),
        first_transpose=first,
        reshape_dims=reshape,
        second_transpose=second,
    )
    assert only_reshapes(layer) == expected
