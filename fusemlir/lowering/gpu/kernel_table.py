"""The kernels of a module: one function for each distinct body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from xdsl.dialects import gpu
from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Block, Region

from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.contraction import (
    build_contraction,
    is_contraction_kernel,
)
from fusemlir.lowering.gpu.contraction.integer import (
    build_integer_contraction,
    is_integer_contraction,
)
from fusemlir.lowering.gpu.immediates import Immediates, are_single_elements
from fusemlir.lowering.gpu.kernel_body import KernelBody
from fusemlir.lowering.gpu.movement.movement import build_movement, is_movement_kernel
from fusemlir.lowering.gpu.pointwise import build_pointwise, is_pointwise_kernel
from fusemlir.lowering.gpu.pooling import build_pooling, is_pooling_kernel
from fusemlir.lowering.gpu.rows.normalization import (
    build_normalization,
    is_normalization_kernel,
)
from fusemlir.lowering.gpu.rows.reduce import build_reduce, is_reduce_kernel
from fusemlir.lowering.gpu.rows.softmax import build_softmax, is_softmax_kernel
from fusemlir.lowering.gpu.top_k.top_k import build_top_k, is_top_k_kernel

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
    Family(is_integer_contraction, build_integer_contraction),
    Family(is_reduce_kernel, build_reduce),
    Family(is_pooling_kernel, build_pooling),
    Family(is_movement_kernel, build_movement),
    Family(is_top_k_kernel, build_top_k),
    Family(is_softmax_kernel, build_softmax),
    Family(is_normalization_kernel, build_normalization),
)

SUPPORTED = (
    "there are kernels for pointwise layers, casts and quantization; for a "
    "convolution, deconvolution or matrix multiply of inputs, a pooling or an lrn, "
    "with pointwise layers after it; for a reduction, softmax or normalization with "
    "pointwise layers around it; and for a shuffle, slice, padding, concatenation or "
    "top-k, of a softmax too"
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
        kernels = self._kernels.values()
        symbols = [op for k in kernels for op in (*k.shared_arrays, k.function)]
        return gpu.ModuleOp.build(
            properties={"sym_name": StringAttr(MODULE)},
            regions=[Region(Block(symbols))],
        )

    def _name(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}_{self._counts[kind] - 1}"


def symbol(kernel: Kernel) -> SymbolRefAttr:
    return SymbolRefAttr(MODULE, [kernel.function.sym_name.data])
