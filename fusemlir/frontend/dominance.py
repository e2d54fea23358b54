"""Finds the uses of values that are not, or not yet, defined where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove


class Misuse(NamedTuple):
    """A value that an op may not use."""

    op: Operation
    operand: int
    """Index of the first operand that is this value."""
    reason: str


def misuses(root: Operation) -> Iterator[Misuse]:
    """For each op below `root`, the values whose definition does not dominate it.

    A value is visible to the ops after it in its block, to the blocks that its block
    dominates, and to what is nested in those, up to a region that is isolated from
    above. Blocks that cannot be reached are not looked at: every use in them is
    vacuously fine. Linear in the number of ops.
    """
    for region in root.regions:
        yield from _in_region(region, set())


def immediate_dominators(region: Region) -> dict[Block, Block | None]:
    """For each block that can be reached, the nearest block on every path to it.

    The entry block has none. After Cooper, Harvey and Kennedy, "A Simple, Fast
    Dominance Algorithm" (2001).
    """
    if region.first_block is None:
        return {}
    order = _reverse_postorder(region.first_block)
    number = {block: index for index, block in enumerate(order)}
    predecessors: dict[Block, list[Block]] = {block: [] for block in order}
    for block in order:
        for successor in _successors(block):
            predecessors[successor].append(block)

    above = [0] * len(order)
    known = [True] + [False] * (len(order) - 1)
    changed = True
    while changed:
        changed = False
        for index, block in enumerate(order[1:], start=1):
            paths = [number[p] for p in predecessors[block] if known[number[p]]]
            nearest = paths[0]
            for path in paths[1:]:
                nearest = _meet(nearest, path, above)
            changed |= not known[index] or above[index] != nearest
            above[index], known[index] = nearest, True
    return {
        block: order[above[index]] if index else None
        for index, block in enumerate(order)
    }


def _meet(a: int, b: int, above: Sequence[int]) -> int:
    while a != b:
        if a < b:
            b = above[b]
        else:
            a = above[a]
    return a


def _successors(block: Block) -> Sequence[Block]:
    return () if block.last_op is None else block.last_op.successors


def _reverse_postorder(entry: Block) -> list[Block]:
    finished: list[Block] = []
    seen = {entry}
    path = [(entry, iter(_successors(entry)))]
    while path:
        block, successors = path[-1]
        following = next((s for s in successors if s not in seen), None)
        if following is None:
            finished.append(block)
            path.pop()
            continue
        seen.add(following)
        path.append((following, iter(_successors(following))))
    return finished[::-1]


def _in_region(region: Region, visible: set[SSAValue]) -> Iterator[Misuse]:
    """Misuses in `region`; leaves `visible` as it found it."""
    if region.first_block is None:
        return
    children: dict[Block, list[Block]] = {}
    for block, parent in immediate_dominators(region).items():
        if parent is not None:
            children.setdefault(parent, []).append(block)

    # A second visit to a block, with its own values, takes those back out of sight.
    pending: list[tuple[Block, list[SSAValue] | None]] = [(region.first_block, None)]
    while pending:
        block, defined = pending.pop()
        if defined is not None:
            visible.difference_update(defined)
            continue
        added: list[SSAValue] = []
        yield from _in_block(block, visible, added)
        pending.append((block, added))
        pending.extend((child, None) for child in children.get(block, ()))


def _in_block(
    block: Block, visible: set[SSAValue], defined: list[SSAValue]
) -> Iterator[Misuse]:
    """Misuses in `block`; adds what it defines to `visible` and to `defined`."""
    visible.update(block.args)
    defined.extend(block.args)
    for op in block.ops:
        hidden = [operand for operand in op.operands if operand not in visible]
        for value in dict.fromkeys(hidden):
            yield Misuse(op, op.operands.index(value), _reason(op, value))
        if op.regions:
            around = set[SSAValue]() if op.has_trait(IsolatedFromAbove) else visible
            for region in op.regions:
                yield from _in_region(region, around)
        visible.update(op.results)
        defined.extend(op.results)


def _reason(op: Operation, value: SSAValue) -> str:
    """Why `op` may not use `value`, to follow `uses '%x', `."""
    owner = value.owner
    scope = owner.parent if isinstance(owner, Block) else owner.parent_region()
    isolating = ""
    around = op.parent_region()
    while around is not None and around is not scope:
        holder = around.parent
        if holder is not None and holder.has_trait(IsolatedFromAbove):
            isolating = isolating or holder.name
        around = None if holder is None else holder.parent_region()
    if around is None:
        return "which is defined in a region that it cannot see"
    if isolating:
        return f"which is defined outside '{isolating}', isolated from above"
    home = owner if isinstance(owner, Block) else owner.parent
    if home is not None and home.find_ancestor_op_in_block(op) is None:
        return "whose definition does not lie on every path to it"
    return "which is defined only further down"
