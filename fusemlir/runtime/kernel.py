"""What a network launches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from fusemlir.dialects.trt import FusedOp
from fusemlir.dialects.trt.fused import short_name
from fusemlir.network import Group, kernels


@dataclass(frozen=True)
class Kernel:
    """One launch of a network."""

    name: str
    """`conv1 + relu1`, or `fusedPointwiseNode(a, b)`."""
    kind: str
    """What it computes: `conv_sum_relu`, `pool`."""
    layers: tuple[str, ...]
    """Ids of the layers in it."""
    onnx_nodes: tuple[str, ...]
    """The nodes of the model that they came from; empty for other sources."""


def list_kernels(
    module: ModuleOp, nodes_of_layers: Mapping[str, str]
) -> tuple[Kernel, ...]:
    """The kernels of a module, with the model's nodes looked up by layer id."""
    return tuple(_kernel(group, nodes_of_layers) for group in kernels(module))


def _kernel(group: Group, nodes_of_layers: Mapping[str, str]) -> Kernel:
    node = group.node
    kind = node.kind.data if isinstance(node, FusedOp) else short_name(node)
    ids = node.layer_ids
    origins = (nodes_of_layers[id] for id in ids if id in nodes_of_layers)
    return Kernel(group.name, kind, ids, tuple(dict.fromkeys(origins)))
