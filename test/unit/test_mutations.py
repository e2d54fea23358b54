"""The lit files notice when a constraint of a rule, or a guard of the driver, is gone.

A rule that wraps leaves its layers as they are, so that comparing values before and
after proves nothing about it. What proves it is that each thing it asks for, replaced
by one that always holds, breaks a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lit_files import TRANSFORMS, files_of, runs

from fusemlir.transforms import PASS_NAMES, driver, load_rules
from fusemlir.transforms.fusion import Constraint


@dataclass(frozen=True)
class Mutation:
    """An attribute of a class or module, and what to put there."""

    name: str
    owner: Any
    attribute: str
    value: Any
    files: Sequence[Path]


RULES = {
    rule: name
    for name in PASS_NAMES
    for rule in load_rules(name)
    if "constraints" in vars(rule)
}
FILES_OF_RULES = [
    path for name in dict.fromkeys(RULES.values()) for path in files_of(name)
]


def always_holds(constraint: Constraint[Any]) -> Constraint[Any]:
    return replace(constraint, violation=lambda subject: None)


def without(
    constraints: Sequence[Constraint[Any]],
) -> Iterator[tuple[str, tuple[Constraint[Any], ...]]]:
    """Each constraint's name, and all of them with that one holding always."""
    for at, constraint in enumerate(constraints):
        before, after = constraints[:at], constraints[at + 1 :]
        yield constraint.name, (*before, always_holds(constraint), *after)


MUTATIONS = [
    *(
        Mutation(f"{rule.__name__}: {name}", rule, "constraints", value, files_of(of))
        for rule, of in RULES.items()
        for name, value in without(rule.constraints)
    ),
    *(
        Mutation(f"guard: {name}", driver, "GUARDS", value, FILES_OF_RULES)
        for name, value in without(driver.GUARDS)
    ),
    Mutation(
        "guard: types", driver, "TYPES", always_holds(driver.TYPES), FILES_OF_RULES
    ),
]

PREDICATES: list[tuple[str, str, bool]] = [
    ("driver", "is_dead", False),
    ("trt_canonicalize", "is_output", False),
    ("trt_canonicalize", "only_reshapes", True),
    ("trt_canonicalize", "is_determined", True),
    ("trt_canonicalize", "is_float", True),
    ("scale_algebra", "is_float", True),
    ("scale_algebra", "_is_finite", True),
    ("fold_constants", "is_static", True),
    ("erase_dead_layers", "is_dead", False),
]
"""What rules without a list of constraints ask, and the answer that lets all pass."""


def all_pass(files: Sequence[Path]) -> bool:
    return all(run.passes() for path in files for run in runs(path))


def test_every_rule_has_a_file_that_passes():
    assert {path.stem for path in FILES_OF_RULES} >= {
        name.replace("-", "_") for name in RULES.values()
    }
    assert all_pass(FILES_OF_RULES)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_missing_constraint_breaks_a_case(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mutation.owner, mutation.attribute, mutation.value)
    assert not all_pass(mutation.files), f"nothing noticed: {mutation.name}"


@pytest.mark.parametrize(("module", "predicate", "answer"), PREDICATES)
def test_a_missing_question_breaks_a_case(
    module: str, predicate: str, answer: bool, monkeypatch: pytest.MonkeyPatch
):
    target = import_module(f"fusemlir.transforms.{module}")
    monkeypatch.setattr(target, predicate, lambda *_: answer)
    assert not all_pass(sorted(TRANSFORMS.glob("*.mlir")))


def test_every_constraint_and_guard_is_mutated():
    constraints = sum(len(rule.constraints) for rule in RULES)
    assert len(MUTATIONS) == constraints + len(driver.GUARDS) + 1
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    assert constraints >= 18
