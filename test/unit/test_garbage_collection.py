"""What compiling sets for Python's garbage collector, and that it is undone."""

from __future__ import annotations

import gc

import pytest

from fusemlir.garbage_collection import RARE, rare_collections


def test_collections_are_rare_only_inside() -> None:
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == RARE
    assert gc.get_threshold() == before != RARE


def test_an_error_undoes_it_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="refused"), rare_collections():
        raise ValueError("refused")
    assert gc.get_threshold() == before


def test_of_two_side_by_side_the_last_to_end_undoes_it() -> None:
    before = gc.get_threshold()
    first, second = rare_collections(), rare_collections()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == RARE
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before
