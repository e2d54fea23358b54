"""The table of what joins what: it holds together, and says what the catalog says."""

from __future__ import annotations

from itertools import product

from fusemlir.transforms.epilogue import (
    Admitted,
    Contraction,
    Epilogue,
    Next,
    admitted,
    table_rows,
)

CATALOG = {
    ("a convolution", "nothing", "relu"),
    ("a convolution", "nothing", "clip"),
    ("a convolution", "nothing", "gelu"),
    ("a convolution", "nothing", "a pointwise layer"),
    ("a convolution", "nothing", "a residual"),
    ("a convolution", "nothing", "a pool"),
    ("a convolution", "a residual", "relu"),
    ("a convolution", "a residual", "clip"),
    ("a convolution", "an activation", "a pool"),
    ("a matrix product", "nothing", "a bias"),
    ("a matrix product", "nothing", "relu"),
    ("a matrix product", "nothing", "clip"),
    ("a matrix product", "nothing", "gelu"),
    ("a matrix product", "a bias", "relu"),
    ("a matrix product", "a bias", "clip"),
    ("a matrix product", "a bias", "gelu"),
}

ABSENT = {(Contraction.CONVOLUTION, Epilogue.BIASED)}
"""A convolution has its bias as an operand."""


def test_strict_is_the_catalog_and_nothing_else():
    strict = {row[:3] for row in table_rows() if row[3] == "strict"}
    assert strict == CATALOG


def test_each_pair_is_in_the_table_once():
    rows = [row[:3] for row in table_rows()]
    wanted = [
        (contraction.value, state.value, layer.value)
        for contraction, state, layer in product(Contraction, Epilogue, Next)
        if (contraction, state) not in ABSENT
    ]
    assert sorted(rows) == sorted(wanted)


def is_never(contraction: Contraction, state: Epilogue, layer: Next) -> bool:
    """What no kernel carries, said in another way than by a table."""
    foreign = {
        Contraction.CONVOLUTION: Next.BIAS,
        Contraction.MATMUL: Next.POOLING,
    }
    third = {Next.BIAS, Next.RESIDUAL, Next.POINTWISE_RESIDUAL}
    return (
        state is Epilogue.CLOSED
        or layer is foreign[contraction]
        or (state is Epilogue.RESIDUALS and layer in third)
    )


def test_never_is_a_closed_kernel_a_third_tensor_and_what_has_no_meaning():
    for contraction, state, layer in product(Contraction, Epilogue, Next):
        if (contraction, state) in ABSENT:
            continue
        never = admitted(contraction, state, layer) is Admitted.NEVER
        assert never == is_never(contraction, state, layer), (state, layer)
