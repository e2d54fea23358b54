"""The passes that can be asked for by name: ours, then xDSL's."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.passes import ModulePass
from xdsl.transforms import get_all_passes as get_all_xdsl_passes

from fusemlir.diagnostics import did_you_mean
from fusemlir.tools.pass_options import PassCall
from fusemlir.tools.usage import UsageError
from fusemlir.universe import PassLoader, get_all_passes


class PassRegistry:
    """Passes by name; a pass is imported when it is first asked for."""

    def __init__(self) -> None:
        self.ours: dict[str, PassLoader] = get_all_passes()
        theirs = get_all_xdsl_passes()
        self.theirs: dict[str, PassLoader] = {
            name: loader for name, loader in theirs.items() if name not in self.ours
        }

    def __contains__(self, name: str) -> bool:
        return name in self.ours or name in self.theirs

    @property
    def names(self) -> list[str]:
        return [*self.ours, *self.theirs]

    def load(self, name: str) -> type[ModulePass]:
        """Raises `UsageError` on a name that nobody has."""
        loader = self.ours.get(name) or self.theirs.get(name)
        if loader is None:
            hint = did_you_mean(name, self.names)
            raise UsageError(f"unknown pass '{name}'{hint or '; see --list-passes'}")
        return loader()

    def build(self, calls: Iterable[PassCall]) -> tuple[ModulePass, ...]:
        """The passes with their options; raises `UsageError`."""
        return tuple(call.build(self.load(call.name)) for call in calls)
