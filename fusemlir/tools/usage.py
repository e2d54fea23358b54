"""A mistake on the command line, and the hint that goes with it."""

from __future__ import annotations

from collections.abc import Iterable


class UsageError(Exception):
    """What is wrong with the command line: what was wanted, what was found."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest of `known`, or nothing."""
    from difflib import get_close_matches

    nearest = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
