"""The bench of the CPU: its cases are right, and its ceilings are what they say."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from host import difference, measure
from host_cases import PATTERNS, Pattern, moved_bytes, operations
from host_ceilings import ROUNDS, arithmetic, copying, has_dot_product
from host_readers import OURS, READERS, REFERENCE, Ready
from host_record import (
    Machine,
    Measured,
    Record,
    ceilings,
    means_rows,
    reasons,
    times_row,
)
from measure import in_turns
from onnx import checker

from fusemlir.codegen.native import host_cpu

ROOT = Path(__file__).parents[2]

QUICK = ("conv1x1_relu_56", "pointwise_6", "softmax_topk", "log_sum_exp")
"""The patterns that every run of the tests builds; all others are for the night."""

BY_NAME = {pattern.name: pattern for pattern in PATTERNS}


def saved(pattern: Pattern, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(pattern.model().SerializeToString())
    return path


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(
            one, id=one.name, marks=() if one.name in QUICK else pytest.mark.nightly
        )
        for one in PATTERNS
    ],
)
def test_a_pattern_is_right(pattern: Pattern, tmp_path: Path):
    path, model = saved(pattern, tmp_path), pattern.model()
    checker.check_model(model, full_check=True)
    inputs = pattern.inputs(model)
    wanted = READERS[REFERENCE](path, inputs, 1)
    wanted.run()
    ours = READERS[OURS](path, inputs, 2)
    assert difference(ours.outputs(), wanted.outputs()) <= pattern.tolerance


def test_what_is_measured_has_a_time_and_what_is_wrong_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(path: Path, *_: object) -> Ready:
        raise OSError(f"no {path.name}\nand more")

    def wrong(*_: object) -> Ready:
        return Ready(lambda: None, lambda: [np.zeros((1, 64, 112, 112))], [])

    pattern = BY_NAME["pointwise_6"]
    model = pattern.model()
    monkeypatch.setitem(READERS, "broken", broken)
    monkeypatch.setitem(READERS, "wrong", wrong)
    found = measure(pattern, model, saved(pattern, tmp_path), 1, 1)
    assert {OURS, REFERENCE} <= found.seconds.keys()
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert found.missing["broken"] == "OSError: no model.onnx"
    assert found.missing["wrong"] == "wrong by 1.0e+00 of the largest output"
    assert found.kind == "memory-bound patterns"


def test_numbers_that_are_none_are_wrong():
    wanted = [np.array([1.0, -4.0])]
    assert difference([np.array([1.0, -3.0])], wanted) == 0.25
    broken = np.array([1.0, np.nan])
    assert not difference([wanted[0], broken], [*wanted, *wanted]) <= 1
    assert difference([np.array([0.0])], [np.array([0.0])]) == 0


def test_all_have_a_turn_before_one_has_two():
    order: list[str] = []
    works = {name: lambda name=name: order.append(name) for name in ("a", "b")}
    medians = in_turns(works, 2)
    turns = [n for at, n in enumerate(order) if at == 0 or order[at - 1] != n]
    assert turns == ["a", "b", "a", "b"]
    assert medians.keys() == works.keys()


def test_who_takes_long_has_fewer_turns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("measure.ENOUGH", 0.05)
    runs: list[int] = []

    def slow() -> None:
        runs.append(len(runs))
        time.sleep(0.03)

    assert in_turns({"slow": slow}, 9)["slow"] >= 0.03
    assert len(runs) == 2


def test_operations_and_bytes_are_counted_by_the_formula():
    model = BY_NAME["conv3x3_relu_56"].model()
    assert operations(model) == 2 * (64 * 3 * 3) * (64 * 56 * 56)
    image, weights = 64 * 56 * 56, 64 * 64 * 3 * 3 + 64
    assert moved_bytes(model) == 4 * (2 * image + weights)
    assert operations(BY_NAME["matmul_int8"].model()) == 2 * 1024**3
    assert moved_bytes(BY_NAME["matmul_of_inputs"].model()) == 4 * 3 * 1024**2


@pytest.mark.parametrize("threads", [1, 2])
def test_the_peak_is_of_multiply_adds_that_were_done(threads: int):
    work = arithmetic(threads)
    work.run()
    lanes = host_cpu().vector_bytes // 4
    sums = work.amount // (2 * lanes * ROUNDS * threads)
    # All numbers in the sums are multiples of 1/16, and exact.
    wanted = sums * (0.25 + ROUNDS * 0.25 * 0.25)
    for memory in work.written:
        assert (memory.view(np.float32)[:lanes] == wanted).all()


@pytest.mark.skipif(not has_dot_product(), reason="the CPU has no vpdpbusd")
def test_the_peak_of_integers_is_of_products_that_were_done():
    work = arithmetic(1, integers=True)
    before = work.written[0].copy()
    work.run()
    a, b = before[:64].astype(np.int64), before[64:].view(np.int8).astype(np.int64)
    starts = before[:64].view(np.int32).astype(np.int64)
    sums = work.amount // (2 * 64 * ROUNDS)
    wanted = sums * (starts + ROUNDS * (a * b).reshape(16, 4).sum(axis=1))
    found = work.written[0][:64].view(np.uint32).astype(np.int64)
    assert (found == wanted % 2**32).all()


@pytest.mark.parametrize("past_caches", [False, True])
def test_a_copy_writes_as_many_bytes_as_it_says(past_caches: bool):
    work = copying(100_000, 2, past_caches=past_caches)
    work.run()
    written = sum(int((part == 2).sum()) for part in work.written)
    assert written == 2 * (100_000 // 256) * 64
    assert work.amount % (2 * written) == 0


def example() -> Record:
    machine = Machine("a CPU", 2, {"L1": 32768}, "Linux", {}, "today", "bench", 3)
    quick = Measured("quick", False, False, 1, 10, 4000, "L1")
    quick.seconds = {OURS: 2e-6, REFERENCE: 6e-6, "torch": 4e-6}
    quick.missing = {"OpenVINO": "openvino is not installed"}
    quick.peak, quick.bandwidth = 1e9, 4e9
    none = Measured("none", False, False, 1, 10, 4000, "L1", {REFERENCE: 1e-6})
    none.missing = {OURS: "no kernel", "OpenVINO": "openvino is not installed"}
    none.peak, none.bandwidth = 1e9, 4e9
    return Record(machine, [quick, none], [])


def test_a_record_comes_back_from_its_text():
    assert Record.of_text(example().text()) == example()


def test_the_ceilings_are_medians_by_what_holds_the_bytes():
    first, second = example().measured
    second.is_quantized, second.place, second.bandwidth = True, "memory", 2e9
    assert ceilings([first, second]) == (
        "Ceilings: multiply-adds 1 GFLOP/s, of int8 1 GOP/s, "
        "copies in L1 4 GB/s, copies in memory 2 GB/s."
    )


def test_rows_say_who_is_how_much_quicker():
    quick, none = example().measured
    wanted = "quick 1 0.002 - - 0.006 - 0.004 - 3.00 2.00 -"
    assert times_row(quick) == [*wanted.split(), "2.0 GB/s of L1", "50%"]
    assert times_row(none) == ["none", "1", "-", "-", "-", "0.001", *["-"] * 8]
    (means,) = means_rows([quick, none])
    assert means == ["memory-bound patterns", "1", "1 of 2", "3.00", "2.00"]
    assert reasons([quick, none]) == [
        "OpenVINO: openvino is not installed (quick, none)",
        "fusemlir: no kernel (none)",
    ]


def test_the_page_agrees_with_what_was_measured():
    command = [sys.executable, str(ROOT / "tools/bench/performance.py"), "--check"]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr
