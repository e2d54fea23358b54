"""Control flow, calls and special registers of the emulator."""

from __future__ import annotations

import numpy as np
import pytest
from emulator_kernels import HEADER

from fusemlir import emulator
from fusemlir.codegen.ptx import assemble, find_ptxas
from fusemlir.emulator.flow import order_blocks

ENTRY = """.visible .entry k(.param .u64 k_0, .param .u64 k_1)
{
  .reg .pred %p<8>; .reg .b16 %h<8>; .reg .b32 %r<32>; .reg .b64 %d<8>;
  ld.param.b64 %d0, [k_0];
  ld.param.b64 %d1, [k_1];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mad.lo.s32 %r3, %r1, %r2, %r0;
  mul.wide.u32 %d2, %r3, 4;
  add.s64 %d0, %d0, %d2;
  add.s64 %d1, %d1, %d2;
  ld.global.b32 %r4, [%d0];
"""
EXIT = "  st.global.b32 [%d1], %r5;\n  ret;\n}\n"


def kernel(body: str, before: str = "") -> str:
    text = HEADER + before + ENTRY + body + EXIT
    if find_ptxas() is not None:
        assemble(text, "90a")
    return text


def run(
    body: str, x: np.ndarray, block: int = 64, before: str = ""
) -> tuple[np.ndarray, emulator.Report]:
    """What `%r5` is made of `%r4`, thread by thread."""
    found = np.zeros_like(x)
    module = emulator.load(kernel(body, before))
    report = module.launch("k", (x.size // block,), (block,), [x, found])
    return found, report


X = np.random.default_rng(0).integers(0, 40, 1024, np.uint32)


def test_threads_that_part_meet_again():
    body = """
  and.b32 %r6, %r4, 1;
  setp.eq.u32 %p0, %r6, 0;
  @%p0 bra EVEN;
  mul.lo.s32 %r5, %r4, 3;
  bra.uni DONE;
EVEN:
  add.s32 %r5, %r4, 1000;
DONE:
  add.s32 %r5, %r5, 1;
"""
    found, report = run(body, X)
    np.testing.assert_array_equal(found, np.where(X % 2, X * 3, X + 1000) + 1)
    assert report.warp_instructions["add.s32"] <= 2 * X.size // 32, "met too late"
    assert report.thread_instructions["mul.lo.s32"] == np.count_nonzero(X % 2)


def test_a_loop_runs_as_often_as_each_thread_wants():
    body = """
  mov.b32 %r5, 0;
  mov.b32 %r6, 0;
LOOP:
  setp.ge.u32 %p0, %r6, %r4;
  @%p0 bra DONE;
  add.s32 %r5, %r5, %r6;
  add.s32 %r6, %r6, 1;
  bra LOOP;
DONE:
"""
    found, report = run(body, X)
    np.testing.assert_array_equal(found, X * (X - (X > 0)) // 2)
    # Both multiplications and the store, once for each warp: all met again.
    assert report.warp_instructions["st.global.b32"] == X.size // 32


def test_loops_in_loops_with_ways_out():
    body = """
  mov.b32 %r5, 0;
  mov.b32 %r6, 0;
OUTER:
  mov.b32 %r7, 0;
INNER:
  add.s32 %r8, %r6, %r7;
  setp.gt.u32 %p0, %r8, 25;
  @%p0 bra DONE;
  add.s32 %r5, %r5, 1;
  add.s32 %r7, %r7, 1;
  setp.lt.u32 %p1, %r7, %r6;
  @%p1 bra INNER;
  add.s32 %r6, %r6, 1;
  setp.lt.u32 %p2, %r6, %r4;
  @%p2 bra OUTER;
DONE:
"""

    def count(n: int) -> int:
        total = i = 0
        while True:
            j = 0
            while True:
                if i + j > 25:
                    return total
                total, j = total + 1, j + 1
                if j >= i:
                    break
            i += 1
            if i >= n:
                return total

    found, report = run(body, X)
    assert found.tolist() == [count(int(x)) for x in X]
    assert report.warp_instructions["st.global.b32"] == X.size // 32


def test_threads_end_early_and_the_others_go_on():
    body = """
  setp.gt.u32 %p0, %r4, 20;
  mov.b32 %r5, 7;
  @%p0 ret;
  setp.lt.u32 %p1, %r4, 5;
  @!%p1 bra MIDDLE;
  exit;
MIDDLE:
"""
    found, _ = run(body, X)
    np.testing.assert_array_equal(found, np.where((X > 20) | (X < 5), 0, 7))


def test_predicates_guard_single_instructions():
    body = """
  setp.gt.u32 %p0, %r4, 20;
  mov.b32 %r5, 1;
  @%p0 mov.b32 %r5, 2;
  @!%p0 add.s32 %r5, %r5, %r4;
"""
    found, report = run(body, X)
    np.testing.assert_array_equal(found, np.where(X > 20, 2, 1 + X))
    assert report.thread_instructions["mov.b32"] == X.size + np.count_nonzero(X > 20)


FUNCTIONS = """
.func (.param .b32 f_out) triple(.param .b32 f_in)
{
  .reg .b32 %r<4>; .reg .pred %p<2>;
  ld.param.b32 %r0, [f_in];
  setp.gt.u32 %p0, %r0, 30;
  @%p0 bra LARGE;
  mul.lo.s32 %r1, %r0, 3;
  st.param.b32 [f_out+0], %r1;
  ret;
LARGE:
  st.param.b32 [f_out+0], 5;
  ret;
}
.func (.reg .b32 out) plus(.reg .b32 a, .reg .b32 b)
{
  add.s32 out, a, b;
  ret;
}
"""


def test_functions_are_called_with_what_they_take():
    body = """
  {
    .param .b32 argument;
    .param .b32 result;
    st.param.b32 [argument+0], %r4;
    call.uni (result), triple, (argument);
    ld.param.b32 %r6, [result+0];
  }
  call (%r5), plus, (%r6, 10);
  call (%r5), plus, (%r5, %r5);
"""
    found, _ = run(body, X, before=FUNCTIONS)
    np.testing.assert_array_equal(found, 2 * (np.where(X > 30, 5, 3 * X) + 10))


def test_a_function_that_calls_itself_is_refused():
    before = ".func f()\n{\n  call f;\n  ret;\n}\n"
    module = emulator.load(HEADER + before + ENTRY + "  call f;\n" + EXIT)
    with pytest.raises(emulator.PtxError, match="line 6: function 'f' calls itself"):
        module.launch("k", (1,), (32,), [X, X.copy()])


def test_names_in_braces_hide_those_outside():
    body = """
  mov.b32 %r5, 1;
  {
    .reg .b32 %r5;
    .reg .pred p;
    mov.b32 %r5, 100;
    setp.gt.u32 p, %r4, 20;
    @p bra OUT;
    add.s32 %r6, %r5, %r5;
  OUT:
  }
  {
    .reg .pred p;
    setp.lt.u32 p, %r4, 10;
    @p bra OUT;
    add.s32 %r5, %r5, 5;
  OUT:
  }
"""
    found, _ = run(body, X)
    np.testing.assert_array_equal(found, np.where(X < 10, 1, 6))


SPECIAL = """.visible .entry k(.param .u64 k_0)
{
  .reg .b32 %r<16>; .reg .b64 %d<4>; .reg .pred %p;
  ld.param.b64 %d0, [k_0];
  mov.u32 %r0, %tid.x; mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z;
  mov.u32 %r3, %ntid.x; mov.u32 %r4, %ntid.y;
  mad.lo.u32 %r5, %r2, %r4, %r1; mad.lo.u32 %r5, %r5, %r3, %r0;
  mov.u32 %r6, %ctaid.x; mov.u32 %r7, %ctaid.y; mov.u32 %r8, %ctaid.z;
  mov.u32 %r9, %nctaid.x; mov.u32 %r10, %nctaid.y;
  mad.lo.u32 %r11, %r8, %r10, %r7; mad.lo.u32 %r11, %r11, %r9, %r6;
  mov.u32 %r12, %ntid.z; mul.lo.u32 %r12, %r12, %r3; mul.lo.u32 %r12, %r12, %r4;
  mad.lo.u32 %r11, %r11, %r12, %r5;
  mul.wide.u32 %d1, %r11, 16; add.s64 %d0, %d0, %d1;
  mov.u32 %r13, %laneid; mov.u32 %r14, %warpid; mov.u32 %r15, %lanemask_lt;
  st.global.v4.b32 [%d0], {%r11, %r13, %r14, %r15};
  ret;
}
"""


def test_threads_know_where_they_are():
    grid, block = (3, 2, 2), (5, 4, 3)
    count = 12 * 60
    found = np.zeros((count, 4), np.uint32)
    emulator.load(HEADER + SPECIAL).launch("k", grid, block, [found])
    thread = np.arange(count) % 60
    np.testing.assert_array_equal(found[:, 0], np.arange(count))
    np.testing.assert_array_equal(found[:, 1], thread % 32)
    np.testing.assert_array_equal(found[:, 2], thread // 32)
    np.testing.assert_array_equal(found[:, 3], (1 << thread % 32) - 1)


def test_a_block_comes_after_all_that_lead_to_it():
    """But for the way back of loops, which are run out before what follows them."""
    graph = {0: [1, 4], 1: [2], 2: [1, 3], 3: [5], 4: [5], 5: []}
    order = order_blocks(graph, 0)
    assert sorted(order) == [0, 1, 2, 3, 4, 5]
    at = {block: order.index(block) for block in order}
    assert at[0] == 0
    assert at[5] == 5
    assert at[1] < at[2] < at[3]
    assert at[2] == at[1] + 1


def test_the_order_of_a_graph_that_is_no_nest_of_loops():
    graph = {0: [1, 2], 1: [2, 3], 2: [1, 3], 3: []}
    assert order_blocks(graph, 0)[0] == 0
    assert order_blocks(graph, 0)[-1] == 3


def test_a_chain_of_many_blocks_is_ordered():
    graph = {k: [k + 1, 4999] for k in range(4999)} | {4999: []}
    assert order_blocks(graph, 0) == list(range(5000))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("  frobnicate.b32 %r5, %r4;\n", "does not know this instruction"),
        ("  add.odd.s32 %r5, %r4, %r4;\n", "does not know .odd"),
        ("  add.s32 %r5, %r4;\n", "wanted 3 operands, found 2"),
        ("  mov.b32 %r5, %q9;\n", "cannot read operand"),
        ("  bra NOWHERE;\n", "no label is called"),
        ("  mov.b64 %r5, 0;\n", r"register %r5 is .b32, wanted .b64"),
        ("  ld.global.b32 %r5, %d0;\n", "wanted an address"),
        ("  mov.u32 %r5, %tid.w;\n", "cannot read operand"),
        ("  ?\n", r"cannot read '\?"),
    ],
)
def test_what_is_not_known_is_refused_with_its_line(body: str, why: str):
    text = HEADER + ENTRY + body + EXIT
    line = (HEADER + ENTRY).count("\n") + 1
    with pytest.raises(emulator.PtxError, match=why) as caught:
        emulator.load(text).launch("k", (1,), (32,), [X, X.copy()])
    assert caught.value.line == line


def test_a_launch_that_does_not_fit_is_refused():
    module = emulator.load(HEADER + ".visible .entry k()\n.maxntid 64\n{ ret; }\n")
    for arguments, why in (
        (("other", (1,), (1,), []), "no kernel 'other', there are: k"),
        (("k", (1,), (65,), []), "takes 64 threads, found 65"),
        (("k", (0,), (1,), []), "at least 1"),
        (("k", (1,), (1,), [1]), "takes 0 arguments, found 1"),
        (("k", (1,), (1,), [], 300_000), "wants 300000 bytes of shared memory"),
    ):
        with pytest.raises(ValueError, match=why):
            module.launch(*arguments)


def test_what_never_ends_is_stopped():
    module = emulator.load(HEADER + ".visible .entry k()\n{\nL: bra L;\n}\n")
    with pytest.raises(emulator.EmulationError, match="ran 1000 blocks without an end"):
        module.launch("k", (1,), (32,), [], limit=1000)
