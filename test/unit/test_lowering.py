"""The lowering passes are found by the names they have."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path

import pytest

from fusemlir.lowering import PACKAGE_BY_PASS_NAME, PASS_NAMES, load_pass

FILECHECK = Path(__file__).parents[1] / "filecheck" / "lowering"


@pytest.mark.parametrize("name", PASS_NAMES)
def test_a_pass_its_class_and_its_lit_test_have_one_name(name: str):
    loaded = load_pass(name)
    assert loaded.name == name
    assert is_dataclass(loaded)
    with pytest.raises(AttributeError):
        loaded().name = "another"  # pyright: ignore[reportAttributeAccessIssue]
    lit_test = FILECHECK / PACKAGE_BY_PASS_NAME[name] / f"{name.replace('-', '_')}.mlir"
    assert lit_test.exists()


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError, match="convert-nothing"):
        load_pass("convert-nothing")
