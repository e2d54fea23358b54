"""Fusions that users expect and the catalog does not list: for practice alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from fusemlir.transforms.fusion import Constraint, FusionMode


class Site(Protocol):
    """A site that knows in which mode it is looked at."""

    @property
    def mode(self) -> FusionMode: ...


SiteT = TypeVar("SiteT", bound=Site)


def practice_only(what: Callable[[SiteT], str | None]) -> Constraint[SiteT]:
    """Refuses in strict mode what `what` names, nothing where it gives None: to be
    asked last, so that what it refuses, practice takes."""
    return Constraint(
        name="catalog",
        sentence="In strict mode, only what the catalog lists is fused.",
        required="a fusion of the catalog",
        violation=lambda site: what(site) if site.mode == FusionMode.STRICT else None,
        suggestion="mode=practice",
    )
