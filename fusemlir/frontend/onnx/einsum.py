"""Einstein sums: products of matrices between shuffles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import TypeAlias

from xdsl.ir import SSAValue

from fusemlir.dialects.trt.base import element_type_of, is_float, shape_of
from fusemlir.dialects.trt.enums import (
    ElementWiseOperation,
    MatrixOperation,
    ReduceOperation,
)
from fusemlir.dialects.trt.matmul import MatrixMultiplyOp
from fusemlir.dialects.trt.pointwise import ElementWiseOp
from fusemlir.dialects.trt.reduce import ReduceOp
from fusemlir.dialects.trt.shape import IdentityOp
from fusemlir.dialects.trt.shuffle import ShuffleOp
from fusemlir.frontend.onnx.attributes import Unsupported
from fusemlir.frontend.onnx.node import Node
from fusemlir.frontend.onnx.registry import operator

ELLIPSIS = "..."

Labels: TypeAlias = tuple[str, ...]
"""One for each axis; the axes of an ellipsis are `...1`, `...2` from the last on."""


@dataclass(frozen=True)
class Term:
    """An operand, or a product of some, and the label of each axis."""

    value: SSAValue
    labels: Labels

    def sizes(self, labels: Sequence[str]) -> list[int]:
        by_label = dict(zip(self.labels, shape_of(self.value), strict=True))
        return [by_label[label] for label in labels]


@dataclass(frozen=True)
class _Roles:
    """What the labels of two terms are to their product."""

    batch: Labels
    rows: Labels
    inner: Labels
    columns: Labels

    @property
    def result(self) -> Labels:
        return (*self.batch, *self.rows, *self.columns)


@operator("Einsum")
def einsum(node: Node) -> SSAValue:
    """Products of operands over all values of their labels, summed over those that the
    result has not; operands are multiplied from left to right."""
    operands, result = _equation(node)
    product, *others = operands
    if not others:
        return _rearranged(node, product, result)
    for number, other in enumerate(others, start=1):
        wanted = {*result, *chain.from_iterable(x.labels for x in others[number:])}
        product = _product(node, product, other, wanted, result, is_first=number == 1)
    return _ordered(node, product, result).value


def _equation(node: Node) -> tuple[list[Term], Labels]:
    """The operands with their labels, and the labels of the result."""
    text = "".join(node.attributes.text("equation", "").split())
    given, arrow, wanted = text.partition("->")
    names, values = given.split(","), node.inputs()
    if len(names) != len(values):
        raise Unsupported(f"'{text}' is of {len(names)} operands, not {len(values)}")
    terms = [
        Term(value, _labels(text, name, len(shape_of(value))))
        for name, value in zip(names, values, strict=True)
    ]
    counts = Counter(chain.from_iterable(term.labels for term in terms))
    around = sorted((x for x in counts if x.startswith(ELLIPSIS)), key=_depth)
    if arrow:
        result = _labels(text, wanted, len(wanted.replace(ELLIPSIS, "")) + len(around))
    else:
        once = (x for x in counts if counts[x] == 1 and x not in around)
        result = (*around, *sorted(once))
    if unknown := set(result) - set(counts):
        raise Unsupported(f"in '{text}' no operand has {sorted(unknown)}")
    return _broadcast(node, terms), result


def _depth(label: str) -> int:
    """Of an axis of an ellipsis, such that the first comes first."""
    return -int(label.removeprefix(ELLIPSIS))


def _labels(text: str, name: str, rank: int) -> Labels:
    before, dots, after = name.partition(ELLIPSIS)
    count = rank - len(before) - len(after)
    if not all(letter.isalpha() for letter in before + after):
        raise Unsupported(
            f"wanted letters and one ellipsis, found '{name}' in '{text}'"
        )
    if count < 0 or (count and not dots):
        raise Unsupported(f"'{name}' of '{text}' labels an operand of rank {rank}")
    around = (f"{ELLIPSIS}{number}" for number in range(count, 0, -1))
    labels = (*before, *around, *after)
    if len(set(labels)) != len(labels):
        raise Unsupported(f"'{name}' of '{text}' takes a diagonal, which no layer does")
    return labels


def _broadcast(node: Node, terms: Sequence[Term]) -> list[Term]:
    """Without the axes of one element that are repeated along those of others."""
    sizes = dict[str, int]()
    for term in terms:
        shape = node.static_shape(term.value, "an Einstein sum")
        for label, size in zip(term.labels, shape, strict=True):
            known = sizes.setdefault(label, size)
            if known != size and 1 not in (known, size):
                raise Unsupported(f"'{label}' is of {known} elements and of {size}")
            sizes[label] = size if known == 1 else known
    found = list[Term]()
    for term in terms:
        own = term.sizes(term.labels)
        kept = [
            axis for axis, label in enumerate(term.labels) if own[axis] == sizes[label]
        ]
        value = node.reshape(term.value, kept)
        found.append(Term(value, tuple(term.labels[axis] for axis in kept)))
    return found


def _rearranged(node: Node, term: Term, result: Labels) -> SSAValue:
    """Of one operand."""
    summed = _summed_axes(term, result)
    if summed:
        op = ReduceOp(ReduceOperation.SUM, term.value, summed, keep_dimensions=False)
        left = tuple(label for label in term.labels if label in result)
        return _ordered(node, Term(node.main(op), left), result).value
    if term.labels == result:
        return node.main(IdentityOp(term.value))
    order = [term.labels.index(label) for label in result]
    return node.main(ShuffleOp(term.value, first_transpose=order))


def _summed_axes(term: Term, wanted: Collection[str]) -> list[int]:
    return [axis for axis, label in enumerate(term.labels) if label not in wanted]


def _summed(node: Node, term: Term, wanted: Collection[str]) -> Term:
    """Over the labels that nobody wants."""
    axes = _summed_axes(term, wanted)
    if not axes:
        return term
    op = ReduceOp(ReduceOperation.SUM, term.value, axes, keep_dimensions=False)
    left = tuple(label for label in term.labels if label in wanted)
    return Term(node.add(op), left)


def _ordered(node: Node, term: Term, labels: Labels) -> Term:
    if term.labels == labels:
        return term
    order = [term.labels.index(label) for label in labels]
    return Term(node.add(ShuffleOp(term.value, first_transpose=order)), labels)


def _product(
    node: Node,
    lhs: Term,
    rhs: Term,
    wanted: Collection[str],
    result: Labels,
    *,
    is_first: bool,
) -> Term:
    """Of two terms, summed over the labels that neither the result nor a later operand
    has."""
    emit = node.main if is_first else node.add
    lhs = _summed(node, lhs, {*wanted, *rhs.labels})
    rhs = _summed(node, rhs, {*wanted, *lhs.labels})
    # As the result has them, so that nothing is transposed after the product.
    order = dict.fromkeys((*result, *lhs.labels, *rhs.labels))
    both = [label for label in order if label in lhs.labels and label in rhs.labels]
    roles = _Roles(
        batch=tuple(label for label in both if label in wanted),
        rows=tuple(x for x in order if x in lhs.labels and x not in both),
        inner=tuple(label for label in both if label not in wanted),
        columns=tuple(x for x in order if x in rhs.labels and x not in both),
    )
    if not roles.inner:
        return Term(emit(_outer(node, lhs, rhs, roles)), roles.result)
    if not is_float(element_type_of(lhs.value)):
        raise Unsupported(f"a product of matrices of {element_type_of(lhs.value)}")
    left, op0 = _matrix(node, lhs, roles.batch, roles.rows, roles.inner)
    right, op1 = _matrix(node, rhs, roles.batch, roles.inner, roles.columns)
    product = emit(MatrixMultiplyOp(left, right, op0=op0, op1=op1))
    sizes = lhs.sizes((*roles.batch, *roles.rows)) + rhs.sizes(roles.columns)
    return Term(_reshaped(node, product, sizes), roles.result)


def _outer(node: Node, lhs: Term, rhs: Term, roles: _Roles) -> ElementWiseOp:
    """Where nothing is summed: each by each."""
    batch, rows, columns = map(len, (roles.batch, roles.rows, roles.columns))
    left = _ordered(node, lhs, (*roles.batch, *roles.rows)).value
    right = _ordered(node, rhs, (*roles.batch, *roles.columns)).value
    left = node.reshape(left, [*range(batch + rows), *[None] * columns])
    own = range(batch + columns)
    right = node.reshape(right, [*own[:batch], *[None] * rows, *own[batch:]])
    return ElementWiseOp(ElementWiseOperation.PROD, left, right)


def _matrix(
    node: Node, term: Term, batch: Labels, rows: Labels, columns: Labels
) -> tuple[SSAValue, MatrixOperation]:
    """Matrices of these axes, and whether they lie transposed."""
    operation = MatrixOperation.NONE
    if term.labels == (*batch, *columns, *rows) and rows and columns:
        operation = MatrixOperation.TRANSPOSE
        rows, columns = columns, rows
    value = _ordered(node, term, (*batch, *rows, *columns)).value
    sizes = [*term.sizes(batch), *(prod(term.sizes(x)) for x in (rows, columns))]
    return _reshaped(node, value, sizes), operation


def _reshaped(node: Node, value: SSAValue, sizes: Sequence[int]) -> SSAValue:
    if shape_of(value) == tuple(sizes):
        return value
    op = ShuffleOp(value, reshape_dims=sizes, zero_is_placeholder=False)
    return node.add(op)
