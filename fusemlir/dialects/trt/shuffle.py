"""Shuffle: transpose, reshape, transpose; and what of it moves nothing."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import BoolAttr, DenseArrayBase, TensorType, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from fusemlir.dialects.trt.base import (
    UNKNOWN,
    LayerOp,
    Shape,
    Tensor,
    element_type_of,
    ints,
    ints_or,
    shape_of,
    show_shape,
    volume,
)


def permute(shape: Sequence[int], order: Sequence[int]) -> Shape:
    """out[i] = in[order[i]]: numpy's order, which TensorRT's examples follow."""
    return tuple(shape[axis] for axis in order)


def resolve_reshape(source: Shape, target: Shape, zero_is_placeholder: bool) -> Shape:
    """The shape that reshape dimensions `target` give to a tensor of `source`.

    0 copies the dimension at that position, one -1 takes what is left. An unknown
    dimension that is copied is taken not to be 0. Raises `VerifyException` where the
    volumes differ or the request is ambiguous.
    """
    wildcards = target.count(-1)
    if wildcards > 1:
        raise VerifyException(f"reshape has {wildcards} dimensions of -1")
    if any(dim < -1 for dim in target):
        raise VerifyException(
            f"reshape dimensions must be at least -1, found {list(target)}"
        )
    copies = {at for at, dim in enumerate(target) if dim == 0 and zero_is_placeholder}
    if copies and max(copies) >= len(source):
        raise VerifyException(
            f"reshape copies dimension {max(copies)} of rank {len(source)}"
        )
    shape = [source[at] if at in copies else dim for at, dim in enumerate(target)]
    # A copied dimension is a factor of both sides, so an unknown one is left out.
    shared = {at for at in copies if source[at] == UNKNOWN}
    total = volume([dim for at, dim in enumerate(source) if at not in shared])
    rest = volume(
        [dim for at, dim in enumerate(shape) if at not in shared and dim != -1]
    )
    known = UNKNOWN not in (total, rest)
    if wildcards and rest == 0:
        raise VerifyException("reshape of an empty tensor cannot infer -1")
    if known and (total % rest if wildcards else total != rest):
        raise VerifyException(
            f"cannot reshape {show_shape(source)} to {show_shape(shape)}"
        )
    left = total // rest if known and wildcards else UNKNOWN
    return tuple(left if dim == -1 else dim for dim in shape)


@irdl_op_definition
class ShuffleOp(LayerOp):
    """Mirrors `IShuffleLayer`: transpose, then reshape, then transpose, all optional.

    `first_transpose` and `second_transpose` are permutations in numpy's sense,
    out.dim[i] = in.dim[order[i]]. In `reshape` 0 copies the dimension of the first
    transpose's result unless `zero_is_placeholder = false`, and one -1 takes what is
    left. Any type.
    """

    name = "trt.shuffle"

    first_transpose = opt_prop_def(DenseArrayBase.constr(i64))
    reshape_dims = opt_prop_def(DenseArrayBase.constr(i64))
    second_transpose = opt_prop_def(DenseArrayBase.constr(i64))
    zero_is_placeholder = opt_prop_def(BoolAttr)

    input = operand_def(TensorType)
    output = result_def(TensorType)

    assembly_format = (
        "$input (`first_transpose` `=` $first_transpose^)? "
        "(`reshape` `=` $reshape_dims^)? "
        "(`second_transpose` `=` $second_transpose^)? "
        "(`zero_is_placeholder` `=` $zero_is_placeholder^)? (`layers` $layers^)? "
        "attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        *,
        first_transpose: Sequence[int] | None = None,
        reshape_dims: Sequence[int] | None = None,
        second_transpose: Sequence[int] | None = None,
        zero_is_placeholder: bool = True,
        layers: Sequence[str] = (),
    ):
        super().__init__(
            [input],
            {
                "first_transpose": _permutation_attr(first_transpose),
                "reshape_dims": None if reshape_dims is None else ints(reshape_dims),
                "second_transpose": _permutation_attr(second_transpose),
                "zero_is_placeholder": None
                if zero_is_placeholder
                else BoolAttr.from_bool(False),
            },
            layers=layers,
        )

    @property
    def placeholder(self) -> bool:
        """Whether 0 in `reshape` copies a dimension."""
        flag = self.zero_is_placeholder
        return flag is None or flag.value.data != 0

    @property
    def reshape(self) -> Shape | None:
        """The reshape as written, unresolved; None where there is none."""
        return None if self.reshape_dims is None else self.reshape_dims.get_values()

    @property
    def first(self) -> Shape:
        rank = len(shape_of(self.input))
        return ints_or(self.first_transpose, tuple(range(rank)))

    @property
    def transposed(self) -> Shape:
        """Shape after the first transpose."""
        return permute(shape_of(self.input), self.first)

    @property
    def reshaped(self) -> Shape:
        """Shape after the reshape, resolved."""
        if self.reshape is None:
            return self.transposed
        return resolve_reshape(self.transposed, self.reshape, self.placeholder)

    @property
    def second(self) -> Shape:
        return ints_or(self.second_transpose, tuple(range(len(self.reshaped))))

    def infer(self) -> tuple[Tensor, ...]:
        _require_permutation(self.first, len(shape_of(self.input)), "first_transpose")
        reshaped = self.reshaped
        _require_permutation(self.second, len(reshaped), "second_transpose")
        element = element_type_of(self.input)
        return (TensorType(element, permute(reshaped, self.second)),)


def _permutation_attr(order: Sequence[int] | None) -> DenseArrayBase | None:
    """The property for a permutation, absent for the identity."""
    if order is None or list(order) == list(range(len(order))):
        return None
    return ints(order)


def _require_permutation(order: Shape, rank: int, what: str) -> None:
    if sorted(order) != list(range(rank)):
        raise VerifyException(f"{what} must permute {rank} axes, found {list(order)}")


def only_reshapes(op: ShuffleOp) -> bool:
    """Whether a shuffle keeps the elements in their order: no kernel is needed."""
    return all(
        transpose_moves_nothing(shape, order)
        for shape, order in (
            (shape_of(op.input), op.first),
            (op.reshaped, op.second),
        )
    )


def transpose_moves_nothing(shape: Shape, order: Shape) -> bool:
    """Whether a permutation keeps the order of all axes that may be longer than one."""
    long = [axis for axis in order if shape[axis] != 1]
    return long == sorted(long)
