"""Kernels of top-k: by selection where k is small, else by sorting.

Of 64-bit integers, which with an index have no common word, by ranking.
"""

from __future__ import annotations

from fusemlir.lowering.gpu.block_kernel import Kernel
from fusemlir.lowering.gpu.top_k.ranking import build_ranking, is_ranking_kernel
from fusemlir.lowering.gpu.top_k.selection import build_selection, is_selection_kernel
from fusemlir.lowering.gpu.top_k.sort import build_sort, is_sort_kernel
from fusemlir.lowering.kernel.immediates import Immediates
from fusemlir.lowering.kernel.kernel_body import KernelBody


def is_top_k_kernel(body: KernelBody) -> bool:
    """Whether it is a top-k, maybe of a softmax along its axis or of its logarithm."""
    return is_ranking_kernel(body) or is_sort_kernel(body)


def build_top_k(name: str, body: KernelBody, immediates: Immediates) -> Kernel:
    if is_ranking_kernel(body):
        return build_ranking(name, body, immediates)
    if is_selection_kernel(body):
        return build_selection(name, body, immediates)
    return build_sort(name, body, immediates)
