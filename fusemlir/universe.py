"""What xDSL's own tools find of ours, through the `xdsl.universe` entry point."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from xdsl.passes import ModulePass
from xdsl.transforms import get_all_passes as get_all_xdsl_passes
from xdsl.universe import Universe

from fusemlir import lowering, transforms
from fusemlir.dialects import get_all_dialects

PassLoader = Callable[[], type[ModulePass]]


def get_all_passes() -> dict[str, PassLoader]:
    """What loads each of our passes, by name; none is imported before it is needed."""
    return {
        name: partial(package.load_pass, name)
        for package in (transforms, lowering)
        for name in package.PASS_NAMES
    }


def _universe() -> Universe:
    # A name that xDSL has too would be a duplicate, which it refuses to start with.
    theirs = get_all_xdsl_passes()
    dialects = get_all_dialects()
    return Universe(
        all_dialects={name: dialects[name] for name in ("trt", "nvvm")},
        all_passes={k: v for k, v in get_all_passes().items() if k not in theirs},
    )


FUSEMLIR = _universe()
