"""The order in which basic blocks are run when threads stand at several.

Always running the first block that threads stand at, in an order where every block
comes after those it is reached from, but for the way back of loops, brings threads
that parted together again at the latest at the immediate post-dominator of the branch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

Graph = Mapping[int, Sequence[int]]


def order_blocks(successors: Graph, entry: int) -> list[int]:
    """The blocks that can be reached; loops are contiguous, with their exits after.

    Inside of a loop the edges back to its head are left out, and so on inwards: a weak
    topological order (Bourdoncle, "Efficient chaotic iteration strategies", 1993).
    """
    found: list[int] = []
    work: list[tuple[Collection[int], int, frozenset[int]]] = [
        (_reachable(successors, entry), entry, frozenset())
    ]
    while work:
        inside, head, cut = work.pop()
        if len(inside) == 1:
            found.extend(inside)
            continue
        edges = {
            block: [b for b in successors[block] if b in inside and b not in cut]
            for block in inside
        }
        parts = components(edges, head)
        # Taken from the end: the component that comes first has to be last.
        for part in parts:
            start = next(iter(part))
            if len(part) > 1:
                start = _head(part, edges, head)
            work.append((part, start, cut | {start} if len(part) > 1 else cut))
    return found


def _head(part: Collection[int], edges: Graph, entry: int) -> int:
    """Where a loop is entered; of several, the block that stands first in the text."""
    if entry in part:
        return entry
    entered = {
        target
        for block, targets in edges.items()
        if block not in part
        for target in targets
        if target in part
    }
    return min(entered or part)


def _reachable(successors: Graph, entry: int) -> set[int]:
    found, work = {entry}, [entry]
    while work:
        for block in successors[work.pop()]:
            if block not in found:
                found.add(block)
                work.append(block)
    return found


def components(edges: Graph, entry: int) -> list[list[int]]:
    """Strongly connected components, each after all that it leads to (Tarjan)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in (entry, *sorted(edges)):
        if root in index:
            continue
        work = [(root, 0)]
        while work:
            block, position = work.pop()
            if position == 0:
                index[block] = low[block] = len(index)
                stack.append(block)
                on_stack.add(block)
            targets = edges[block]
            if position < len(targets):
                work.append((block, position + 1))
                target = targets[position]
                if target not in index:
                    work.append((target, 0))
                elif target in on_stack:
                    low[block] = min(low[block], index[target])
                continue
            for target in targets:
                if target in on_stack:
                    low[block] = min(low[block], low[target])
            if low[block] == index[block]:
                found.append(_popped(stack, on_stack, block))
    return found


def _popped(stack: list[int], on_stack: set[int], block: int) -> list[int]:
    part: list[int] = []
    while True:
        part.append(stack.pop())
        on_stack.discard(part[-1])
        if part[-1] == block:
            return part
