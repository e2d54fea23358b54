"""How much the tests try, and what is said of the mutations at the end."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from fusemlir import native_program

# `make test` draws the same examples on every machine, however slow it is; new ones are
# for `make nightly`.
settings.register_profile("default", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=5000, deadline=None)
settings.load_profile("default")

# What tests compile is nobody's, and what others compiled is not to be tested.
os.environ["FUSEMLIR_CACHE"] = ""

# What LLVM says of a kernel that is wrong is harder to read.
native_program.VERIFIED = True

YOUNG = 50_000
"""Objects between two looks for garbage: Python's 700 cost a twelfth of all time."""

MUTATION_TESTS = (
    "test_a_missing_constraint_breaks_a_case",
    "test_a_missing_question_breaks_a_case",
)


def pytest_collection_finish() -> None:
    """Leave what lives until the end, as the tests themselves, out of those looks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many constraints and guards were switched off, and how many of these
    mutations no lit case noticed; those tests have failed."""
    outcomes = {
        outcome: sum(
            any(name in report.nodeid for name in MUTATION_TESTS)
            for report in terminalreporter.stats.get(outcome, ())
            if report.when == "call"
        )
        for outcome in ("passed", "failed")
    }
    count = sum(outcomes.values())
    if count:
        terminalreporter.write_line(
            f"mutations: {count} constraints and guards switched off, "
            f"{outcomes['failed']} survived"
        )
