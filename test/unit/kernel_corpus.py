"""Kernels of many kinds: what the rules make of the lit files and of random networks,
each kernel in a module of its own."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain

from hypothesis import HealthCheck, given, seed, settings
from lit_files import TRANSFORMS, context, parse, parts_of
from random_layers import LAYERS
from random_motifs import MOTIFS
from random_networks import Drawn, Kind, networks
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from fusemlir.dialects.trt import ConstantOp
from fusemlir.dialects.trt.base import is_static, shape_of
from fusemlir.lowering.kernel.kernel_body import KernelBody
from fusemlir.network import Node, functions, is_kernel, nodes
from fusemlir.transforms import load_pass
from fusemlir.transforms.trt_fuse import RUN_ALONE, TrtFusePass

GROWERS = (*MOTIFS, *LAYERS.values())


def lit_networks() -> Iterator[ModuleOp]:
    """The modules of all lit files about rules, as they stand there."""
    for path in sorted(TRANSFORMS.glob("*.mlir")):
        # That one holds what is no network.
        for text in parts_of(path) if path.stem != "verify_network" else ():
            yield parse(text)


def random_modules(count: int, start: int = 0) -> list[ModuleOp]:
    """Random networks, the same each time."""
    drawn: list[ModuleOp] = []

    @seed(start)
    @settings(
        deadline=None,
        max_examples=count,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(networks(GROWERS, Kind.ANY, most=6))
    def draw(network: Drawn) -> None:
        drawn.append(network.module.clone())

    draw()
    return drawn


def distinct_kernels(modules: Iterable[ModuleOp]) -> Iterator[KernelBody]:
    """All kernels of static shapes, before fusing and after it, and after what only
    runs when it is named; equal ones once."""
    seen: set[Hashable] = set()
    for module in modules:
        fused = module.clone()
        TrtFusePass().apply(context(), fused)
        further = fused.clone()
        for name in RUN_ALONE:
            load_pass(name)().apply(context(), further)
        for function in chain.from_iterable(map(functions, (module, fused, further))):
            for node in nodes(function):
                body = KernelBody(node)
                if is_kernel(node) and _is_static(body) and body.key not in seen:
                    seen.add(body.key)
                    yield body


def _is_static(body: KernelBody) -> bool:
    return all(is_static(shape_of(value)) for value in body.values)


def alone(node: Node) -> ModuleOp:
    """A network of that node alone, and of the constants that it is given."""
    operands = tuple(dict.fromkeys(node.operands))
    constants = [v.owner for v in operands if isinstance(v.owner, ConstantOp)]
    inputs = [v for v in operands if not isinstance(v.owner, ConstantOp)]
    block = Block(arg_types=[value.type for value in inputs])
    values: dict[SSAValue, SSAValue] = dict(zip(inputs, block.args, strict=True))
    for op in (*constants, node):
        block.add_op(op.clone(values))
    last = block.last_op
    assert last is not None
    block.add_op(ReturnOp(*last.results))
    results = [value.type for value in last.results]
    function = FuncOp("network", (block.arg_types, results), Region(block))
    return ModuleOp([function])
