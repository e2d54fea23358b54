"""Floats in the IR read back as the bits that were written, in every spelling."""

from __future__ import annotations

import struct
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trt_values import value
from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    ModuleOp,
    TensorType,
    bf16,
    f16,
    f32,
)
from xdsl.parser import Parser
from xdsl.printer import Printer

from fusemlir.dialects import get_all_dialects
from fusemlir.dialects.exact_printer import Dense, ExactPrinter, is_uniform
from fusemlir.dialects.trt.constant import ConstantOp, scalar_of
from fusemlir.dialects.trt.enums import ActivationType
from fusemlir.dialects.trt.pointwise import ActivationOp
from fusemlir.dialects.trt.weight import WeightAttr

BITS: dict[AnyFloat, dict[str, int]] = {
    f32: {
        "zero": 0x00000000,
        "minus zero": 0x80000000,
        "one": 0x3F800000,
        "a tenth": 0x3DCCCCCD,
        "third": 0x3EAAAAAB,
        "infinity": 0x7F800000,
        "minus infinity": 0xFF800000,
        "nan": 0x7FC00000,
        "minus nan": 0xFFC00000,
        "nan with payload": 0x7FC12345,
        "signalling nan": 0x7F812345,
        "least denormal": 0x00000001,
        "largest denormal": 0x807FFFFF,
        "least normal": 0x00800000,
        "largest": 0x7F7FFFFF,
        "least": 0xFF7FFFFF,
        "2^24": 0x4B800000,
        "2^24 - 1": 0x4B7FFFFF,
        "-1234567": 0xC996B438,
        "999999.94": 0x497423FF,
    },
    f16: {
        "minus zero": 0x8000,
        "a tenth": 0x2E66,
        "infinity": 0x7C00,
        "nan": 0x7E00,
        "nan with payload": 0xFE23,
        "signalling nan": 0x7C01,
        "least denormal": 0x0001,
        "largest": 0x7BFF,
        "2049 rounded": 0x6801,
    },
    bf16: {
        "minus zero": 0x8000,
        "a tenth": 0x3DCD,
        "infinity": 0x7F80,
        "nan": 0x7FC0,
        "nan with payload": 0xFFA3,
        "signalling nan": 0x7F81,
        "least denormal": 0x0001,
        "largest": 0x7F7F,
        "2^24 + 2^17": 0x4B81,
    },
}
WIDTH = {f32: 32, f16: 16, bf16: 16}


def dense(element: AnyFloat, *bits: int) -> Dense:
    size = WIDTH[element] // 8
    data = b"".join(each.to_bytes(size, "little") for each in bits)
    return DenseIntOrFPElementsAttr(TensorType(element, (len(bits),)), BytesAttr(data))


def constant_in_recipe(value: Dense) -> ConstantOp:
    return ConstantOp(WeightAttr.derived("neg", [value], value.type))


def text_of(module: ModuleOp, *, generic: bool, exact: bool = True) -> str:
    stream = StringIO()
    make = ExactPrinter if exact else Printer
    make(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def read(text: str) -> ModuleOp:
    """Read with xDSL's own parser, which is the stricter judge of what was printed."""
    context = Context()
    for name, load in get_all_dialects().items():
        context.register_dialect(name, load)
    return Parser(context, text).parse_module()


def assert_reads_back(op: ConstantOp | ActivationOp, *, plain: bool) -> None:
    """`plain`: xDSL's printer must do in custom syntax, as in `str(op)`."""
    operands = [operand.owner for operand in op.operands]
    module = ModuleOp([*operands, op])
    texts = [text_of(module, generic=generic) for generic in (False, True)]
    if plain:
        texts.append(text_of(module, generic=False, exact=False))
    for text in texts:
        again = read(text)
        again.verify()
        last = again.body.block.last_op
        assert last is not None
        assert last.properties == op.properties, text


ALL_BITS = [
    pytest.param(element, bits, id=f"{element} {name}")
    for element, table in BITS.items()
    for name, bits in table.items()
]


@pytest.mark.parametrize(("element", "bits"), ALL_BITS)
def test_a_dense_float_reads_back(element: AnyFloat, bits: int):
    one = 0x3F800000 if element is f32 else 0x3F80
    for constant in (
        dense(element, bits),
        dense(element, bits, one),
        dense(element, bits, bits),
    ):
        assert_reads_back(ConstantOp(constant), plain=True)
        assert_reads_back(constant_in_recipe(constant), plain=True)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_dense_floats_of_any_bits_read_back(data: st.DataObject):
    element = data.draw(st.sampled_from([f32, f16, bf16]))
    bits = st.integers(0, 2 ** WIDTH[element] - 1)
    value = dense(element, *data.draw(st.lists(bits, min_size=1, max_size=4)))
    assert_reads_back(ConstantOp(value), plain=True)
    assert_reads_back(constant_in_recipe(value), plain=True)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=150, deadline=None)
def test_a_float_property_reads_back(number: float):
    op = ActivationOp(ActivationType.CLIP, value(4), number, 0.0)
    assert_reads_back(op, plain=False)


@pytest.mark.parametrize(
    "number", [16777216.0, -1234567.0, 0.1, -0.0, 3.4028234663852886e38, 1e-45]
)
def test_a_float_property_with_an_awkward_decimal_reads_back(number: float):
    op = ActivationOp(ActivationType.CLIP, value(4), number, 0.0)
    assert_reads_back(op, plain=False)
    assert op.alpha is not None
    assert struct.pack("f", op.alpha.value.data) == struct.pack("f", number)


def test_decimals_stay_decimals():
    text = str(ConstantOp(dense(f32, 0x3F000000, 0x40400000)))
    assert "dense<[5.000000e-01, 3.000000e+00]>" in text


def test_zeros_of_both_signs_are_not_one_number():
    zeros = dense(f32, 0x00000000, 0x80000000)
    assert_reads_back(ConstantOp(zeros), plain=True)
    assert not is_uniform(zeros)
    assert scalar_of(zeros) is None
    assert scalar_of(dense(f32, 0x80000000, 0x80000000)) == 0.0


def test_no_number_is_of_an_empty_constant():
    empty = DenseIntOrFPElementsAttr(TensorType(f32, (0,)), BytesAttr(b""))
    assert scalar_of(empty) is None
    assert_reads_back(ConstantOp(empty), plain=True)
