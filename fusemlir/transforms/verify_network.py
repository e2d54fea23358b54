"""Checks that a network is still one: the judge of every fusion, from the outside.

It shares nothing with the driver's own guards: a group that a wrong guard let through
shows here as a value that is used before it is made, a lost output or a lost layer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt import FusedOp
from fusemlir.network import block_of, functions, is_node, label, source_ids, sources


def verify_network(
    function: FuncOp, expected: Collection[str] = (), *, after: str = ""
) -> None:
    """Raise `VerifyException` unless `function` is a well-formed network.

    That is: one block of nodes and a return; each value is made before it is used, in
    bodies too; no group has an unused result; each source layer
    is in exactly one node or ledger entry, and none of `expected` is missing. `after`
    names the pass to blame.
    """
    try:
        _check(function, expected)
    except VerifyException as error:
        blame = f" after {after}" if after else ""
        raise VerifyException(
            f"network '{function.sym_name.data}' is broken{blame}: {error}"
        ) from error


def _check(function: FuncOp, expected: Collection[str]) -> None:
    block = block_of(function)
    if not isinstance(block.last_op, ReturnOp):
        raise VerifyException("a network ends in func.return")
    for op in block.ops:
        if not (is_node(op) or op is block.last_op):
            raise VerifyException(f"{op.name} is no layer")
        if isinstance(op, FusedOp):
            _check_order(op.block)
            _check_results(op)
    _check_order(block)
    _check_sources(function, expected)


def _check_order(block: Block) -> None:
    made: set[SSAValue] = set(block.args)
    for op in block.ops:
        for operand in op.operands:
            if operand not in made:
                raise VerifyException(f"{label(op)} uses a value before it is made")
        made.update(op.results)


def _check_results(group: FusedOp) -> None:
    for result in group.outputs:
        if result.first_use is None and len(group.outputs) > 1:
            raise VerifyException(f"{label(group)} has a result that nothing uses")
    for op in group.block.ops:
        if op.results and all(result.first_use is None for result in op.results):
            raise VerifyException(f"{label(group)} computes {label(op)} for nothing")


def _check_sources(function: FuncOp, expected: Collection[str]) -> None:
    found: set[str] = set()
    for id in source_ids(function):
        if id in found:
            # Where it is costs as much as the rest, so only a broken network is asked.
            places = " and in ".join(sources(function)[id])
            raise VerifyException(f"layer '{id}' is in {places}")
        found.add(id)
    lost = next((id for id in expected if id not in found), None)
    if lost is not None:
        raise VerifyException(f"layer '{lost}' is lost")


@dataclass(frozen=True)
class VerifyNetworkPass(ModulePass):
    """Check order, results and sources of every network."""

    name = "verify-network"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.verify()
        for function in functions(op):
            verify_network(function)
