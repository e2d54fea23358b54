"""A limit of changes: exactly so many are made, and every prefix of them is sound."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from lit_files import TRANSFORMS, context, parse, parts_of, runs
from test_driver import ChangesTheType, apply
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from fusemlir.dialects.trt.base import element_type_of, is_static, shape_of
from fusemlir.frontend.verifier import verify_module
from fusemlir.network import functions
from fusemlir.reference import Mode, run
from fusemlir.remarks import RemarkKind, collect
from fusemlir.tools.fuse_opt import main
from fusemlir.tools.instrumentation import PrintStyle
from fusemlir.transforms import load_pass
from fusemlir.transforms.fuel import Change, Fuel, limited
from fusemlir.transforms.verify_network import verify_network
from fusemlir.weights import Weights, dtype_of

FILES = (
    "erase_scale",
    "fold_constants",
    "fuse_conv_elementwise",
    "fuse_conv_relu",
    "fuse_conv_scale",
    "fuse_gelu",
    "fuse_pad_conv",
    "fuse_pointwise",
    "fuse_shuffle_shuffle",
    "merge_duplicate_layers",
    "trt_canonicalize",
    "trt_fuse",
)

TWO_NETWORKS = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.activation relu %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
  %c = trt.activation relu %b layers ["c"] : tensor<4xf32> -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}
func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.activation relu %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
"""

DUPLICATES = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary exp %x layers ["b"] : tensor<4xf32> -> tensor<4xf32>
  %c = trt.unary exp %x layers ["c"] : tensor<4xf32> -> tensor<4xf32>
  %d = trt.element_wise sum %a, %b layers ["d"]
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = trt.element_wise sum %d, %c layers ["e"]
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %e : tensor<4xf32>
}
"""


def text_of(module: ModuleOp) -> str:
    return PrintStyle().text(module)


def fused(text: str, limit: int | None, *names: str) -> tuple[ModuleOp, Fuel]:
    module = parse(text)
    with limited(limit) as fuel:
        for name in names:
            load_pass(name)().apply(context(), module)
    return module, fuel


def layers_of(module: ModuleOp) -> list[int]:
    return [len(list(f.body.block.ops)) - 1 for f in functions(module)]


def is_runnable(function: FuncOp) -> bool:
    values = [value for op in function.walk() for value in op.results]
    return all(
        is_static(shape_of(value)) for value in (*values, *function.body.block.args)
    )


def answers(module: ModuleOp, names: Container[str]) -> list[Any]:
    """What the networks of these names give, each for its own seeded inputs."""
    found: list[Any] = []
    for function in functions(module):
        if function.sym_name.data not in names:
            continue
        rng = np.random.default_rng(len(function.sym_name.data))
        inputs = [
            (rng.standard_normal(shape_of(value)) * 3).astype(
                dtype_of(element_type_of(value))
            )
            for value in function.body.block.args
        ]
        found += run(function, inputs, Weights.of_module(module), Mode.WIDE)
    return found


@pytest.mark.parametrize("stem", FILES)
def test_every_prefix_of_the_changes_is_a_network_that_means_the_same(stem: str):
    path = Path(TRANSFORMS, f"{stem}.mlir")
    passes = runs(path)[0].make_passes()
    for text in parts_of(path):
        runnable = filter(is_runnable, functions(parse(text)))
        names = {function.sym_name.data for function in runnable}
        wanted = answers(parse(text), names)
        for limit in range(count_of(text, passes) + 1):
            module = parse(text)
            with limited(limit) as fuel:
                for module_pass in passes:
                    module_pass.apply(context(), module)
            assert fuel.spent == limit
            verify_module(module)
            for function in functions(module):
                verify_network(function)
            for one, other in zip(answers(module, names), wanted, strict=True):
                assert_close(one, other)


def assert_close(found: Any, wanted: Any) -> None:
    precision = 1e-5 if wanted.dtype == np.float32 else 2e-2
    wide = wanted.astype(np.float64)
    size = np.max(np.abs(wide), initial=1.0, where=np.isfinite(wide))
    np.testing.assert_allclose(
        found.astype(np.float64), wide, rtol=0, atol=size * precision
    )


def count_of(text: str, passes: Any) -> int:
    module = parse(text)
    with limited(None) as fuel:
        for module_pass in passes:
            module_pass.apply(context(), module)
    return fuel.spent


def test_the_files_have_changes_to_count():
    changes = [
        count_of(text, runs(path)[0].make_passes())
        for path in (Path(TRANSFORMS, f"{stem}.mlir") for stem in FILES)
        for text in parts_of(path)
    ]
    assert sum(changes) > 150
    assert max(changes) > 8


def test_without_fuel_nothing_changes():
    for text in (TWO_NETWORKS, DUPLICATES):
        module, fuel = fused(text, 0, "trt-fuse")
        assert text_of(module) == text_of(parse(text))
        assert fuel.spent == 0
        assert fuel.refused is not None


def test_the_limit_is_one_for_all_networks():
    unlimited, fuel = fused(TWO_NETWORKS, None, "fuse-relu-relu")
    assert (layers_of(unlimited), fuel.spent) == ([1, 1], 3)
    for limit, wanted in enumerate(([3, 2], [2, 2], [1, 2], [1, 1])):
        module, fuel = fused(TWO_NETWORKS, limit, "fuse-relu-relu")
        assert (layers_of(module), fuel.spent) == (wanted, limit)


def test_the_limit_is_one_for_all_passes():
    module, fuel = fused(DUPLICATES, 3, "merge-duplicate-layers", "fuse-pointwise")
    assert fuel.spent == 3
    # Two merges leave three layers, and one grouping makes two of them one.
    assert layers_of(module) == [2]
    assert "trt.fused" in text_of(module)


def test_merges_are_counted_too():
    module, fuel = fused(DUPLICATES, 1, "merge-duplicate-layers")
    assert layers_of(module) == [4]
    assert fuel.last == Change("merge-duplicate-layers", ("b",))
    assert fuel.refused == Change("merge-duplicate-layers", ("c",))


def test_the_first_refusal_is_told_once_and_is_no_miss():
    with collect() as remarks:
        fused(TWO_NETWORKS, 1, "fuse-relu-relu")
    kinds = [(remark.kind, remark.layers) for remark in remarks]
    assert kinds == [
        (RemarkKind.PASSED, ("b",)),
        (RemarkKind.ANALYSIS, ("c",)),
    ]
    assert "out of fuel after 1 changes" in remarks[-1].reason


OTHER_TYPE = """
func.func @f(%x: tensor<?xf32>) -> tensor<4xf32> {
  %r = trt.activation tanh %x : tensor<?xf32> -> tensor<?xf32>
  %n = trt.unary neg %r : tensor<?xf32> -> tensor<4xf32>
  func.return %n : tensor<4xf32>
}
"""


def test_a_change_that_the_driver_refuses_costs_nothing():
    with limited(5) as fuel, collect() as remarks:
        apply(parse(OTHER_TYPE), ChangesTheType)
    assert [remark.constraint for remark in remarks] == ["types"]
    assert fuel.spent == 0


def test_threads_have_their_own_limits():
    counts: list[int] = []

    def unlimited() -> None:
        module = parse(TWO_NETWORKS)
        load_pass("fuse-relu-relu")().apply(context(), module)
        counts.extend(layers_of(module))

    with limited(0):
        thread = Thread(target=unlimited)
        thread.start()
        thread.join()
    assert counts == [1, 1]


def test_a_limit_ends_with_its_block():
    with limited(0):
        pass
    module = parse(TWO_NETWORKS)
    load_pass("fuse-relu-relu")().apply(context(), module)
    assert layers_of(module) == [1, 1]


def test_the_command_line_limits_all_parts_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    first, second = TWO_NETWORKS.split("func.func @g")
    path = tmp_path / "in.mlir"
    path.write_text(f"{first}// -----\nfunc.func @g{second}")
    words = [str(path), "--split-input-file", "--fuse-relu-relu"]
    counts: list[int] = []
    for limit in range(5):
        assert main([*words, f"--fuel={limit}"]) == 0
        counts.append(capsys.readouterr().out.count("trt.activation"))
    assert counts == [5, 4, 3, 2, 2]


@pytest.mark.parametrize("value", ["", "-1", "some", "1.5"])
def test_the_command_line_wants_a_count(value: str, capsys: pytest.CaptureFixture[str]):
    assert main(["--fuel", value, "--fuse-relu-relu"]) == 1
    error = capsys.readouterr().err
    assert f"flag '--fuel' wants 0 or more, got '{value}'" in error
