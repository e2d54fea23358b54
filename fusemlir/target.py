"""The device that rules and lowerings may assume."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp, StringAttr, UnitAttr

from fusemlir.dialects.trt import TargetAttr
from fusemlir.dialects.trt.module_attributes import TARGET, TF32

DEFAULT_TARGET = "sm_80"
HOST = "host"


@dataclass(frozen=True)
class Target:
    """A GPU by its compute capability, `sm_80`, or the host CPU."""

    name: str
    tf32: bool = False
    """Whether its tensor cores may multiply f32, of which they see the first 10 bits of
    the fraction."""

    @property
    def capability(self) -> tuple[int, int] | None:
        """Compute capability, (8, 0) for `sm_80`; None for the host."""
        found = re.fullmatch(r"sm_(\d+)(\d)[a-z]?", self.name)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def is_known(self) -> bool:
        """Whether the name is one that a target can have."""
        return self.capability is not None or self.name == HOST

    def put_on(self, module: ModuleOp) -> None:
        """Let rules and lowerings of `module` assume this device."""
        module.attributes[TARGET] = TargetAttr(StringAttr(self.name))
        if self.tf32:
            module.attributes[TF32] = UnitAttr()

    @staticmethod
    def is_named(module: ModuleOp) -> bool:
        """Whether the module names one."""
        return TARGET in module.attributes

    @staticmethod
    def of_module(module: ModuleOp) -> Target:
        """The module's target, `DEFAULT_TARGET` where it names none."""
        attribute = module.attributes.get(TARGET)
        tf32 = TF32 in module.attributes
        if isinstance(attribute, TargetAttr):
            return Target(attribute.device.data, tf32)
        return Target(DEFAULT_TARGET, tf32)
