"""What a program takes, written and read: the same bits, whatever they are."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerType,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute

from fusemlir.dialects.trt.constant import dense
from fusemlir.dialects.trt.weight import ConstantValue, WeightAttr
from fusemlir.runtime.host_program import HostProgram
from fusemlir.runtime.program_record import ELEMENTS, read_program, write_program
from fusemlir.runtime.timing import Step
from fusemlir.weights.element_types import _DTYPES  # pyright: ignore[reportPrivateUsage]

BYTE = IntegerType(8, Signedness.UNSIGNED)
W = WeightAttr.named('a "name"/ß', TensorType(f32, (4, 3)))
NUMBERS = dense(
    TensorType(f32, (7,)), [0.0, -0.0, float("nan"), float("inf"), 1e-45, 0.1, -3]
)
TURNED = WeightAttr.derived("transpose", [W, [1, 0]], TensorType(f32, (3, 4)))


def program(*constants: ConstantValue) -> HostProgram:
    numbered = dict(enumerate(constants, start=3))
    steps = (Step(("conv_0", "halo_0"), ("a", "b/ß")), Step(("reformat_1",), ()))
    images = b"", b"code"
    return HostProgram(images, "main", 9, (0, 1), (2,), numbered, 1 << 33, steps)


@pytest.mark.parametrize("element", [f32, f16, bf16, i1, i8, i32, i64, BYTE])
def test_every_type_that_constants_have_is_read_as_written(element: Attribute):
    ones = dense(TensorType(element, (2, 1)), [1, 0])
    named = WeightAttr.named("x", TensorType(element, ()))
    wanted = program(ones, named)
    assert read_program(write_program(wanted), wanted.images) == wanted
    assert set(_DTYPES) == set(ELEMENTS.values())


def test_constants_are_read_as_written():
    epsilon = WeightAttr.derived(
        "batch_norm_scale", [NUMBERS, NUMBERS, 1e-5], TensorType(f32, (7,))
    )
    whole = WeightAttr.derived(
        "batch_norm_scale", [NUMBERS, NUMBERS, 1.0], TensorType(f32, (7,))
    )
    joined = WeightAttr.derived(
        "concatenation", [TURNED, TURNED, 0], TensorType(f32, (6, 4))
    )
    wanted = program(NUMBERS, W, TURNED, epsilon, whole, joined, W)
    found = read_program(write_program(wanted), wanted.images)
    assert found == wanted
    numbers = found.constants[3]
    assert isinstance(numbers, DenseIntOrFPElementsAttr)
    assert numbers.data.data == NUMBERS.data.data


def test_what_many_constants_are_over_is_written_once():
    several = [
        WeightAttr.derived(
            "slice", [TURNED, [n, 0], [1, 4], [1, 1]], TensorType(f32, (1, 4))
        )
        for n in range(3)
    ]
    assert write_program(program(*several)).count(b"transpose") == 1
