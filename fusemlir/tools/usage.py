"""A mistake on the command line."""

from __future__ import annotations


class UsageError(Exception):
    """What is wrong with the command line: what was wanted, what was found."""
