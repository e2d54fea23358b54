"""The kernels of a module: one function for each distinct body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from xdsl.dialects import gpu
from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Block, Region, SSAValue

from fusemlir.lowering.elements.contracted import is_integer_contraction
from fusemlir.lowering.elements.contraction import (
    contraction_element,
    is_contraction_of_elements,
)
from fusemlir.lowering.elements.conv_pooling import is_conv_pooling
from fusemlir.lowering.elements.pooling import is_pooling_kernel, pooling_element
from fusemlir.lowering.elements.resize import is_resize_kernel, resize_element
from fusemlir.lowering.elements.separable import is_separable_kernel
from fusemlir.lowering.gpu.attention.attention import (
    build_attention,
    is_attention_kernel,
)
from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.contraction.contraction import (
    build_contraction,
    is_contraction_kernel,
)
from fusemlir.lowering.gpu.contraction.conv_pooling import build_conv_pooling
from fusemlir.lowering.gpu.contraction.integer import (
    build_integer_contraction,
)
from fusemlir.lowering.gpu.depthwise.depthwise import (
    build_depthwise,
    is_depthwise_kernel,
)
from fusemlir.lowering.gpu.depthwise.separable import build_separable
from fusemlir.lowering.gpu.element_kernel import of_elements
from fusemlir.lowering.gpu.movement.movement import build_movement, is_movement_kernel
from fusemlir.lowering.gpu.pointwise import build_pointwise, is_pointwise_kernel
from fusemlir.lowering.gpu.rows.normalization import (
    build_normalization,
    is_normalization_kernel,
)
from fusemlir.lowering.gpu.rows.reduce import build_reduce, is_reduce_kernel
from fusemlir.lowering.gpu.rows.softmax import build_softmax, is_softmax_kernel
from fusemlir.lowering.gpu.top_k.top_k import build_top_k, is_top_k_kernel
from fusemlir.lowering.kernel.immediates import Immediates, are_single_elements
from fusemlir.lowering.kernel.kernel_body import KernelBody

MODULE = "kernels"
"""Name of the gpu module that holds all kernels."""


@dataclass(frozen=True)
class Family:
    """A way to build kernels, and which bodies it takes."""

    takes: Callable[[KernelBody], bool]
    build: Callable[[str, KernelBody, Immediates], Kernel | tuple[Kernel, ...]]
    """Of several, each is launched after those before it."""


FAMILIES = (
    Family(is_pointwise_kernel, build_pointwise),
    Family(is_depthwise_kernel, build_depthwise),
    Family(is_separable_kernel, build_separable),
    Family(is_contraction_kernel, build_contraction),
    Family(is_integer_contraction, build_integer_contraction),
    Family(is_contraction_of_elements, of_elements(contraction_element)),
    Family(is_conv_pooling, build_conv_pooling),
    Family(is_attention_kernel, build_attention),
    Family(is_reduce_kernel, build_reduce),
    Family(is_pooling_kernel, of_elements(pooling_element)),
    Family(is_movement_kernel, build_movement),
    Family(is_resize_kernel, of_elements(resize_element)),
    Family(is_top_k_kernel, build_top_k),
    Family(is_softmax_kernel, build_softmax),
    Family(is_normalization_kernel, build_normalization),
)

SUPPORTED = (
    "there are kernels for pointwise layers, casts and quantization; for a "
    "convolution, deconvolution or matrix multiply of inputs, a pooling or an lrn, "
    "with pointwise layers after it; for a convolution with a pooling on its result; "
    "for an int8 convolution of what a depthwise one is rounded to; "
    "for a softmax along the rows of a matrix product, and a product of that; "
    "for a reduction, softmax or normalization with "
    "pointwise layers around it; and for a shuffle, slice, padding, resize, "
    "concatenation or top-k, of a softmax too"
)


def family_of(body: KernelBody) -> Family | None:
    """What builds the kernel of `body`; None where nothing does yet."""
    if not are_single_elements(body):
        return None
    return next((family for family in FAMILIES if family.takes(body)), None)


@dataclass(frozen=True)
class BodyProgram:
    """The kernels of a body, or of all that are equal to it, in order."""

    body: KernelBody
    """That they were built of."""
    kernels: tuple[Kernel, ...]

    @property
    def scratch(self) -> tuple[SSAValue, ...]:
        """The tensors that some of them make for others."""
        known = {*self.body.inputs, *self.body.outputs}
        used = dict.fromkeys(t for k in self.kernels for t in k.tensors)
        return tuple(tensor for tensor in used if tensor not in known)

    @property
    def tensors(self) -> tuple[SSAValue, ...]:
        """All that they read and write: inputs, outputs, scratch."""
        return (*self.body.inputs, *self.body.outputs, *self.scratch)


@dataclass
class KernelTable:
    """Holds the kernels of every distinct body that it was given."""

    immediates: Immediates
    _programs: dict[Hashable, BodyProgram] = field(
        default_factory=dict[Hashable, BodyProgram], init=False
    )
    _counts: Counter[str] = field(default_factory=Counter[str], init=False)

    def __len__(self) -> int:
        return len(self._programs)

    def __getitem__(self, body: KernelBody) -> BodyProgram:
        return self._programs[body.key]

    def add(self, body: KernelBody) -> None:
        """Build the kernels of `body`, which a family takes, unless equal ones were."""
        if body.key in self._programs:
            return
        family = family_of(body)
        assert family is not None
        built = family.build(self._name(body.kind), body, self.immediates)
        kernels = (built,) if isinstance(built, Kernel) else built
        self._programs[body.key] = BodyProgram(body, kernels)

    def module(self) -> gpu.ModuleOp:
        """The gpu module of all kernels, in the order in which they were first met."""
        kernels = [k for program in self._programs.values() for k in program.kernels]
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
