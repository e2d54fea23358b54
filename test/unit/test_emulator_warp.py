"""Instructions of warps and blocks: shuffles, votes, atomics, matrices."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from emulator_kernels import HEADER

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas

START = """.visible .entry k(.param .u64 k_0, .param .u64 k_1)
{
  .reg .pred %p<8>; .reg .b16 %h<4>; .reg .b32 %r<48>; .reg .b64 %d<8>;
  .shared .align 16 .b8 tile[4096];
  ld.param.b64 %d0, [k_0];
  ld.param.b64 %d1, [k_1];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mad.lo.s32 %r3, %r1, %r2, %r0;
  mul.wide.u32 %d2, %r3, 4;
  add.s64 %d3, %d0, %d2;
  add.s64 %d4, %d1, %d2;
  mov.b32 %r4, tile;
"""
LOAD, STORE = "  ld.global.b32 %r5, [%d3];\n", "  st.global.b32 [%d4], %r6;\n"
END = "  ret;\n}\n"
X = np.random.default_rng(0).integers(0, 1 << 32, 256, np.uint32)


def launch(body: str, arrays: list[Any], block: int = 64) -> emulator.Report:
    text = HEADER + START + body + END
    if find_ptxas() is not None:
        assemble(text, "90a")
    module = emulator.load(text)
    return module.launch("k", (256 // block,), (block,), arrays)


def run(body: str, x: np.ndarray = X) -> np.ndarray:
    """What `%r6` is made of `%r5`, by warp and lane."""
    found = np.zeros(256, np.uint32)
    launch(LOAD + body + STORE, [x, found])
    return found.reshape(-1, 32)


LANES = np.arange(32)
ROWS = X.reshape(-1, 32)


@pytest.mark.parametrize(
    ("instruction", "source"),
    [
        ("bfly.b32 %r6, %r5, 5, 31", LANES ^ 5),
        ("down.b32 %r6, %r5, 4, 31", np.where(LANES + 4 < 32, LANES + 4, LANES)),
        ("up.b32 %r6, %r5, 7, 0", np.where(LANES >= 7, LANES - 7, LANES)),
        ("idx.b32 %r6, %r5, 9, 31", np.full(32, 9)),
        ("idx.b32 %r6, %r5, 3, 0x181f", LANES // 8 * 8 + 3),
        (
            "down.b32 %r6, %r5, 2, 0x1c1f",
            np.where(LANES % 4 + 2 < 4, LANES + 2, LANES),
        ),
        ("up.b32 %r6, %r5, 1, 0x1000", np.where(LANES % 16 >= 1, LANES - 1, LANES)),
    ],
)
def test_a_shuffle_takes_from_another_lane(instruction: str, source: np.ndarray):
    found = run(f"  shfl.sync.{instruction}, -1;\n")
    np.testing.assert_array_equal(found, ROWS[:, source])


def test_a_shuffle_says_whether_there_was_a_lane():
    found = run(
        "  shfl.sync.down.b32 %r7|%p0, %r5, 4, 31, -1;\n  selp.b32 %r6, 1, 0, %p0;\n"
    )
    np.testing.assert_array_equal(found, np.tile(LANES < 28, (8, 1)))


HALF = """
  and.b32 %r7, %r0, 16;
  setp.ne.u32 %p0, %r7, 0;
  @%p0 bra HIGH;
  {0}
  bra OUT;
HIGH:
  {1}
OUT:
"""


def test_half_a_warp_shuffles_alone():
    instruction = "shfl.sync.bfly.b32 %r6, %r5, 1, 31, {};"
    body = HALF.format(
        instruction.format("0xffff"), "shfl.sync.bfly.b32 %r6, %r5, 2, 31, 0xffff0000;"
    )
    source = np.where(LANES < 16, LANES ^ 1, LANES ^ 2)
    np.testing.assert_array_equal(run(body), ROWS[:, source])


def test_a_lane_that_does_not_come_is_reported():
    body = HALF.format("shfl.sync.bfly.b32 %r6, %r5, 1, 31, -1;", "mov.b32 %r6, 0;")
    with pytest.raises(emulator.EmulationError, match=r"names lanes 16, 17, .*did not"):
        run(body)
    body = HALF.format("shfl.sync.idx.b32 %r6, %r5, 17, 31, 0xffff;", "mov.b32 %r6, 0;")
    with pytest.raises(emulator.EmulationError, match="lane 17, which is not here"):
        run(body)
    with pytest.raises(emulator.EmulationError, match="does not name the lane itself"):
        run("  shfl.sync.bfly.b32 %r6, %r5, 1, 31, 0xffff;\n")


def test_votes():
    odd = (ROWS % 2).astype(bool)
    bits = (odd << LANES).sum(axis=1)
    setp = "  and.b32 %r7, %r5, 1;\n  setp.ne.u32 %p0, %r7, 0;\n"
    found = run(setp + "  vote.sync.ballot.b32 %r6, %p0, -1;\n")
    np.testing.assert_array_equal(found, np.repeat(bits[:, None], 32, axis=1))
    for name, wanted in (("any", odd.any(1)), ("all", odd.all(1))):
        body = f"  vote.sync.{name}.pred %p1, %p0, -1;\n  selp.b32 %r6, 1, 0, %p1;\n"
        np.testing.assert_array_equal(run(setp + body)[:, 0], wanted)
    same = "  setp.ge.u32 %p0, %r5, 0;\n  vote.sync.uni.pred %p1, %p0, -1;\n"
    assert run(same + "  selp.b32 %r6, 1, 0, %p1;\n").all()


@pytest.mark.parametrize("name", ["add", "min", "max", "and", "or", "xor"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_reduction_over_the_lanes_of_a_mask(name: str, signed: bool):
    logic = name in ("and", "or", "xor")
    type = "b32" if logic else "s32" if signed else "u32"
    body = HALF.format(
        f"redux.sync.{name}.{type} %r6, %r5, 0xffff;",
        f"redux.sync.{name}.{type} %r6, %r5, 0xffff0000;",
    )
    functions: dict[str, Any] = {
        "add": np.add,
        "min": np.minimum,
        "max": np.maximum,
        "and": np.bitwise_and,
        "or": np.bitwise_or,
        "xor": np.bitwise_xor,
    }
    halves = ROWS.view(np.int32 if type == "s32" else np.uint32).reshape(-1, 16)
    wanted = functions[name].reduce(halves, axis=1, dtype=halves.dtype)
    found = run(body).view(halves.dtype).reshape(-1, 16)
    np.testing.assert_array_equal(found, np.repeat(wanted[:, None], 16, axis=1))


def test_lanes_with_the_same_value_find_each_other():
    small = X % 5
    found = run("  match.any.sync.b32 %r6, %r5, -1;\n", small)
    rows = small.reshape(-1, 32)
    equal = rows[:, :, None] == rows[:, None, :]
    np.testing.assert_array_equal(found, (equal << LANES).sum(axis=2))


def test_the_active_lanes_are_those_that_are_here():
    body = HALF.format("activemask.b32 %r6;", "activemask.b32 %r6;")
    found = run(body)
    wanted = np.where(LANES < 16, 0xFFFF, 0xFFFF0000)
    np.testing.assert_array_equal(found, np.tile(wanted, (8, 1)))


def test_one_lane_is_elected():
    body = "  elect.sync %r7|%p0, -1;\n  selp.b32 %r6, 1, 0, %p0;\n"
    np.testing.assert_array_equal(run(body), np.tile(LANES == 0, (8, 1)))


ATOMICS: dict[str, Any] = {
    "add.u32": lambda x: x.sum(dtype=np.uint32),
    "min.u32": lambda x: min(x.min(), 0),
    "max.u32": lambda x: x.max(),
    "min.s32": lambda x: min(x.view(np.int32).min(), 0),
    "max.s32": lambda x: max(x.view(np.int32).max(), 0),
    "or.b32": np.bitwise_or.reduce,
    "xor.b32": np.bitwise_xor.reduce,
}


@pytest.mark.parametrize("name", ATOMICS)
def test_atomic_operations_of_all_threads_all_count(name: str):
    total = np.zeros(1, np.uint32)
    launch(LOAD + f"  red.global.{name} [%d1], %r5;\n", [X, total])
    wanted = np.array(ATOMICS[name](X)).astype(np.int64).astype(np.uint32)
    assert total[0] == wanted


def test_an_atomic_operation_gives_what_was_there_before():
    total = np.zeros(1, np.uint32)
    found = np.zeros(256, np.uint32)
    body = "  atom.global.add.u32 %r6, [%d0], 3;\n" + STORE
    launch(body, [total, found])
    assert total[0] == 768
    assert sorted(found.tolist()) == list(range(0, 768, 3))


def test_shared_atomics_and_a_barrier_before_they_are_read():
    body = """
  setp.eq.u32 %p0, %r0, 0;
  @%p0 st.shared.b32 [%r4], 10;
  bar.sync 0;
  atom.shared.add.u32 %r7, [%r4], %r0;
  bar.sync 0;
  ld.shared.b32 %r6, [%r4];
"""
    found = run(body)
    assert (found == 10 + 63 * 32).all()
    early = body.replace("  bar.sync 0;\n  ld.shared", "  ld.shared")
    with pytest.raises(emulator.EmulationError, match="race"):
        run(early)


def test_compare_and_swap_lets_one_win():
    lock = np.zeros(1, np.uint32)
    body = "  add.s32 %r7, %r3, 1;\n  atom.global.cas.b32 %r6, [%d0], 0, %r7;\n"
    found = np.zeros(256, np.uint32)
    launch(body + STORE, [lock, found])
    assert np.count_nonzero(found == 0) == 1
    assert lock[0] == np.flatnonzero(found == 0)[0] + 1


def test_sums_of_floats_in_memory():
    x = np.random.default_rng(0).standard_normal(256).astype(np.float32)
    total = np.zeros(1, np.float32)
    launch(LOAD + "  red.global.add.f32 [%d1], %r5;\n", [x, total])
    in_order = np.float32(0)
    for value in x:
        in_order += value
    assert total[0] == in_order
    pairs = np.random.default_rng(0).integers(-8, 8, 512).astype(np.float16)
    both = np.zeros(2, np.float16)
    body = LOAD + "  red.global.add.noftz.f16x2 [%d1], %r5;\n"
    launch(body, [pairs, both])
    np.testing.assert_array_equal(both, pairs.reshape(-1, 2).sum(axis=0))


FRAGMENTS = {
    ("m16n8k16", "f16"): (2, 16),
    ("m16n8k8", "f16"): (2, 8),
    ("m16n8k16", "bf16"): (2, 16),
    ("m16n8k8", "tf32"): (1, 8),
    ("m16n8k4", "tf32"): (1, 4),
    ("m16n8k32", "s8"): (4, 32),
    ("m16n8k16", "u8"): (4, 16),
}
ELEMENTS: dict[str, Any] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "tf32": np.float32,
    "s8": np.int8,
    "u8": np.uint8,
}


def fragments(matrix: np.ndarray, each: int, transposed: bool) -> np.ndarray:
    """Registers (32 lanes, n) of a matrix (rows, k), by the figures of the PTX manual:
    a lane of group g and number t has k = t * each + i, rows g and, of a, g + 8."""
    rows, inner = matrix.shape
    registers: list[np.ndarray] = []
    for block in range(inner // (4 * each)):
        for upper in range(rows // 8):
            lane = np.zeros((32, each), matrix.dtype)
            for g in range(8):
                for t in range(4):
                    first = block * 4 * each + t * each
                    lane[4 * g + t] = matrix[g + 8 * upper, first : first + each]
            registers.append(lane.view(np.uint32).reshape(32))
    assert transposed == (rows == 8)
    return np.stack(registers, axis=1)


@pytest.mark.parametrize(("shape", "type"), FRAGMENTS)
def test_a_product_of_matrices_is_one(shape: str, type: str):
    each, inner = FRAGMENTS[shape, type]
    dtype = ELEMENTS[type]
    random = np.random.default_rng(0)
    whole = np.dtype(dtype).kind in "iu"
    a, b, c = (
        random.integers(0 if type == "u8" else -100, 100, size)
        for size in ((16, inner), (8, inner), (16, 8))
    )
    if not whole:
        a, b, c = a / 16, b / 32, c / 8
    a, b = a.astype(dtype), b.astype(dtype)
    c = c.astype(np.int32 if whole else np.float32)
    a_registers, b_registers = fragments(a, each, False), fragments(b, each, True)
    c_registers = np.zeros((32, 4), c.dtype)
    for g in range(8):
        for t in range(4):
            part = [c[g + 8 * k, 2 * t : 2 * t + 2] for k in range(2)]
            c_registers[4 * g + t] = np.concatenate(part)
    given = np.concatenate(
        [a_registers, b_registers, c_registers.view(np.uint32)], axis=1
    )
    count = given.shape[1]
    loads = "".join(
        f"  ld.global.b32 %r{10 + k}, [%d5+{4 * k}];\n" for k in range(count)
    )
    names = [f"%r{10 + k}" for k in range(count)]
    na, nb = a_registers.shape[1], b_registers.shape[1]
    lists = [
        "{%r40, %r41, %r42, %r43}",
        f"{{{', '.join(names[:na])}}}",
        f"{{{', '.join(names[na : na + nb])}}}",
        f"{{{', '.join(names[na + nb :])}}}",
    ]
    total = "s32" if whole else "f32"
    body = (
        f"  and.b32 %r6, %r0, 31;\n  mad.wide.u32 %d5, %r6, {4 * count}, %d0;\n{loads}"
        f"  mma.sync.aligned.{shape}.row.col.{total}.{type}.{type}.{total} "
        f"{', '.join(lists)};\n"
        "  mad.wide.u32 %d5, %r3, 16, %d1;\n"
        "  st.global.v4.b32 [%d5], {%r40, %r41, %r42, %r43};\n"
    )
    found = np.zeros((256, 4), c.dtype)
    launch(body, [np.ascontiguousarray(given), found])
    product = a.astype(np.float64) @ b.astype(np.float64).T + c
    for warp in found.reshape(8, 32, 4):
        result = np.zeros((16, 8), c.dtype)
        for g in range(8):
            for t in range(4):
                for k in range(2):
                    two = warp[4 * g + t, 2 * k : 2 * k + 2]
                    result[g + 8 * k, 2 * t : 2 * t + 2] = two
        np.testing.assert_array_equal(result, product.astype(c.dtype))


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("transposes", [False, True])
def test_matrices_are_loaded_by_rows(count: int, transposes: bool):
    matrices = np.arange(4 * 64, dtype=np.uint16).reshape(4, 8, 8)
    registers = ", ".join(f"%r{10 + k}" for k in range(count))
    stores = "".join(
        f"  st.global.b32 [%d5+{4 * k}], %r{10 + k};\n" for k in range(count)
    )
    trans = ".trans" if transposes else ""
    body = f"""
  ld.global.b32 %r5, [%d3];
  shl.b32 %r6, %r0, 2;
  add.s32 %r6, %r6, %r4;
  st.shared.b32 [%r6], %r5;
  bar.sync 0;
  and.b32 %r7, %r0, 31;
  shl.b32 %r7, %r7, 4;
  add.s32 %r7, %r7, %r4;
  ldmatrix.sync.aligned.m8n8.x{count}{trans}.shared.b16 {{{registers}}}, [%r7];
  mad.wide.u32 %d5, %r0, {4 * count}, %d1;
{stores}"""
    found = np.zeros((128, count, 2), np.uint16)
    text = HEADER + START + body + END
    if find_ptxas() is not None:
        assemble(text, "90a")
    emulator.load(text).launch("k", (1,), (128,), [matrices, found])
    for k in range(count):
        wanted = matrices[k].T if transposes else matrices[k]
        np.testing.assert_array_equal(found[:32, k], wanted.reshape(32, 2))
    without = text.replace("  bar.sync 0;\n", "")
    with pytest.raises(emulator.EmulationError, match="race"):
        emulator.load(without).launch("k", (1,), (128,), [matrices, found])


def test_rows_that_each_lane_wrote_itself_want_a_barrier_too():
    """What a lane gets of them others have written."""
    body = """
  and.b32 %r7, %r0, 31;
  shl.b32 %r7, %r7, 4;
  add.s32 %r7, %r7, %r4;
  st.shared.v4.b32 [%r7], {%r0, %r0, %r0, %r0};
  bar.warp.sync -1;
  ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r5, %r6, %r8, %r9}, [%r7];
"""
    x = np.zeros(256, np.uint32)
    launch(body, [x, x.copy()], block=32)
    with pytest.raises(emulator.EmulationError, match="race"):
        launch(body.replace("  bar.warp.sync -1;\n", ""), [x, x.copy()], block=32)


def test_matrices_are_stored_as_they_are_loaded():
    matrices = np.arange(4 * 64, dtype=np.uint16).reshape(4, 8, 8)
    body = """
  shl.b32 %r7, %r0, 4;
  add.s32 %r7, %r7, %r4;
  ld.global.v4.b32 {%r10, %r11, %r12, %r13}, [%d5];
  stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r7], {%r10, %r11, %r12, %r13};
  bar.sync 0;
  ld.shared.v4.b32 {%r14, %r15, %r16, %r17}, [%r7];
  mad.wide.u32 %d6, %r0, 16, %d1;
  st.global.v4.b32 [%d6], {%r14, %r15, %r16, %r17};
"""
    body = "  mad.wide.u32 %d5, %r0, 16, %d0;\n" + body
    text = HEADER + START + body + END
    if find_ptxas() is not None:
        assemble(text, "90a")
    by_lane = matrices.reshape(4, 32, 2).transpose(1, 0, 2)
    found = np.zeros((4, 8, 8), np.uint16)
    module = emulator.load(text)
    module.launch("k", (1,), (32,), [np.ascontiguousarray(by_lane), found])
    np.testing.assert_array_equal(found, matrices)


def test_a_matrix_instruction_wants_the_whole_warp():
    registers = "{%r5, %r5, %r5, %r5}"
    mma = (
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        f"{{%r6, %r7, %r8, %r9}}, {registers}, {{%r5, %r5}}, {registers};"
    )
    with pytest.raises(emulator.EmulationError, match="wanted all 32 lanes"):
        run(
            "  setp.lt.u32 %p0, %r0, 40;\n  mov.b32 %r6, 0;\n"
            f"  @!%p0 bra OUT;\n  {mma}\nOUT:\n"
        )
