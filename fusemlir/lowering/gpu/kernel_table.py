"""The kernels of a module: one function for each distinct body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import gpu
from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Block, Region

from fusemlir.lowering.gpu.contraction import build_contraction, is_contraction_kernel
from fusemlir.lowering.gpu.element_kernel import Kernel
from fusemlir.lowering.gpu.immediates import Immediates, are_single_elements
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.pointwise import build_pointwise, is_pointwise_kernel

MODULE = "kernels"
"""Name of the gpu module that holds all kernels."""


@dataclass(frozen=True)
class Family:
    """A way to build kernels, and which bodies it takes."""

    takes: Callable[[KernelBody], bool]
    build: Callable[[str, KernelBody, Immediates], Kernel]


FAMILIES = (
    Family(is_pointwise_kernel, build_pointwise),
    Family(is_contraction_kernel, build_contraction),
)

SUPPORTED = (
    "there are kernels for pointwise layers and casts, and for a convolution or a "
    "matrix multiply of inputs with pointwise layers after it"
)


def family_of(body: KernelBody) -> Family | None:
    """What builds the kernel of `body`; None where nothing does yet."""
    if not are_single_elements(body):
        return None
    return next((family for family in FAMILIES if family.takes(body)), None)


@dataclass
class KernelTable:
    """Holds a kernel for every distinct body that it was given."""

    immediates: Immediates
    _kernels: dict[Hashable, Kernel] = field(
        default_factory=dict[Hashable, Kernel], init=False
    )
    _counts: Counter[str] = field(default_factory=Counter[str], init=False)

    def __len__(self) -> int:
        return len(self._kernels)

    def __getitem__(self, body: KernelBody) -> Kernel:
        return self._kernels[body.key]

    def add(self, body: KernelBody) -> None:
        """Build the kernel of `body`, which a family takes, unless an equal one was."""
        if body.key in self._kernels:
            return
        family = family_of(body)
        assert family is not None
        kernel = family.build(self._name(body.kind), body, self.immediates)
        self._kernels[body.key] = kernel

    def module(self) -> gpu.ModuleOp:
        """The gpu module of all kernels, in the order in which they were first met."""
        functions: Sequence[gpu.FuncOp] = [k.function for k in self._kernels.values()]
        return gpu.ModuleOp.build(
            properties={"sym_name": StringAttr(MODULE)},
            regions=[Region(Block(functions))],
        )

    def _name(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}_{self._counts[kind] - 1}"


def symbol(kernel: Kernel) -> SymbolRefAttr:
    return SymbolRefAttr(MODULE, [kernel.function.sym_name.data])
