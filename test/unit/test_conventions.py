"""What is agreed on how files, passes and layers look, held mechanically."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

import fusemlir.lowering
import fusemlir.transforms
from fusemlir.dialects import trt

ROOT = Path(__file__).resolve().parents[2]
LIT = ROOT / "test" / "filecheck"

MAX_LINES = 400

PASSES = [
    (package, name)
    for package in (fusemlir.transforms, fusemlir.lowering)
    for name in package.PASS_NAMES
]


def faults_of_pass(name: str, loaded: type[ModulePass], lit: Path) -> list[str]:
    """What does not agree with the name of a pass; `lit` is the root of the tests."""
    words = name.split("-")
    module = "_".join(words)
    folders = loaded.__module__.split(".")[1:-1]
    test = lit.joinpath(*folders, f"{module}.mlir")
    own = vars(loaded)
    docstring = own.get("__doc__") or ""
    checks = {
        f"its name is {loaded.name}": loaded.name == name,
        f"its module is {loaded.__module__}": (
            loaded.__module__.split(".")[-1] == module
        ),
        f"its class is {loaded.__name__}": (
            loaded.__name__ == "".join(word.capitalize() for word in words) + "Pass"
        ),
        "it is no ModulePass": issubclass(loaded, ModulePass),
        # What inherits from a frozen dataclass is frozen, if it is a dataclass.
        "it is no frozen dataclass": "__dataclass_params__" in own,
        # A dataclass that has no docstring is given its signature as one.
        "it has no docstring": docstring.partition(f"{loaded.__name__}(")[0] != "",
        f"{test.relative_to(lit)} does not exist": test.is_file(),
    }
    return [fault for fault, holds in checks.items() if not holds]


def faults_of_layer(layer: type[Operation], round_trips: str) -> list[str]:
    """What a layer lacks; `round_trips` is the text of all round-trip tests."""
    checks = {
        "its docstring does not say what it mirrors": "Mirrors `I"
        in (vars(layer).get("__doc__") or ""),
        "it is in no round-trip test": f"{layer.name} " in round_trips,
    }
    return [fault for fault, holds in checks.items() if not holds]


def _defines_something(text: str) -> bool:
    """Whether a file does more than import, so that it may have annotations."""
    defining = ast.FunctionDef | ast.ClassDef | ast.AnnAssign
    return any(isinstance(node, defining) for node in ast.parse(text).body)


def faults_of_file(path: Path, text: str) -> list[str]:
    """What is wrong with a file of Python or MLIR."""
    lines = text.splitlines()
    is_python = path.suffix == ".py"
    is_source = is_python and "fusemlir" in path.parts
    future = "from __future__ import annotations"
    checks = {
        f"it has {len(lines)} lines": not is_source or len(lines) <= MAX_LINES,
        "a helper has a home that is not called utils": path.stem != "utils",
        f"it lacks '{future}'": not is_python
        or not _defines_something(text)
        or future in lines,
        "it has a to-do": "TO" + "DO" not in text and "FIX" + "ME" not in text,
        "it has no module docstring": not (is_source and text.strip())
        or text.startswith('"""'),
        "it does not end in one newline": not text
        or (text.endswith("\n") and not text.endswith("\n\n")),
    }
    return [fault for fault, holds in checks.items() if not holds]


def files() -> list[Path]:
    """Sources, tests and tools of the checkout."""
    folders = [ROOT / "fusemlir", ROOT / "test", ROOT / "tools"]
    return sorted(
        path
        for folder in folders
        for suffix in ("py", "mlir")
        for path in folder.rglob(f"*.{suffix}")
        if "Output" not in path.parts
    )


def round_trips() -> str:
    folder = LIT / "dialects" / "trt"
    tests = [p for p in folder.glob("*.mlir") if not p.stem.endswith("_invalid")]
    return "\n".join(test.read_text(encoding="utf-8") for test in tests)


@pytest.mark.parametrize(("package", "name"), PASSES, ids=[name for _, name in PASSES])
def test_a_pass_is_called_alike_everywhere(package: object, name: str):
    load_pass: Callable[[str], type[ModulePass]] = getattr(package, "load_pass")  # noqa: B009
    assert faults_of_pass(name, load_pass(name), LIT) == []


def test_names_of_passes_are_unique():
    names = [name for _, name in PASSES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("layer", trt.LAYERS, ids=lambda layer: layer.name)
def test_a_layer_says_what_it_mirrors_and_round_trips(layer: type[Operation]):
    assert faults_of_layer(layer, round_trips()) == []


@pytest.mark.parametrize("op", [trt.FusedOp, trt.YieldOp])
def test_groups_round_trip(op: type[Operation]):
    assert f"{op.name} " in round_trips()


def test_every_round_trip_test_has_its_invalid_cases():
    folder = LIT / "dialects" / "trt"
    valid = {p.stem for p in folder.glob("*.mlir") if not p.stem.endswith("_invalid")}
    invalid = {p.stem.removesuffix("_invalid") for p in folder.glob("*_invalid.mlir")}
    assert valid == invalid


def _show(faults: Iterable[tuple[Path, Sequence[str]]]) -> list[str]:
    return [f"{path}: {fault}" for path, found in faults for fault in found]


def test_files_are_as_agreed():
    found = [
        (path.relative_to(ROOT), faults_of_file(path.relative_to(ROOT), text))
        for path in files()
        for text in [path.read_text(encoding="utf-8")]
    ]
    assert len(found) > 50
    assert _show(found) == []


@dataclasses.dataclass(frozen=True)
class FuseThisThatPass(ModulePass):
    """A pass whose names agree, but for the module it is in."""

    name = "fuse-this-that"

    def apply(self, ctx: object, op: ModuleOp) -> None:
        """Do nothing."""


class UndocumentedPass(ModulePass):
    name = "undocumented"

    def apply(self, ctx: object, op: ModuleOp) -> None:
        """Do nothing."""


@pytest.fixture
def lit(tmp_path: Path) -> Path:
    """A folder of tests with one for `fuse-this-that` in `transforms`."""
    (tmp_path / "transforms").mkdir()
    (tmp_path / "transforms" / "fuse_this_that.mlir").touch()
    return tmp_path


def _placed(loaded: type[ModulePass], module: str) -> type[ModulePass]:
    """A copy of the class as if it had been written in `module`."""
    namespace = {"__module__": module, "__doc__": loaded.__doc__}
    copy = type(loaded.__name__, (loaded,), namespace)
    return dataclasses.dataclass(frozen=True)(copy)


HOME = "fusemlir.transforms.fuse_this_that"


def test_a_pass_whose_names_agree_has_no_faults(lit: Path):
    loaded = _placed(FuseThisThatPass, HOME)
    assert faults_of_pass("fuse-this-that", loaded, lit) == []


@pytest.mark.parametrize(
    ("name", "module", "fault"),
    [
        ("fuse-this", "fusemlir.transforms.fuse_this", "its name is fuse-this-that"),
        ("fuse-this", "fusemlir.transforms.fuse_this", "its class is FuseThisThatPass"),
        ("fuse-this-that", "fusemlir.transforms.fuse_that", "its module is"),
        ("fuse-this-that", "fusemlir.lowering.fuse_this_that", "does not exist"),
    ],
)
def test_a_pass_whose_names_disagree_is_found(
    lit: Path, name: str, module: str, fault: str
):
    faults = faults_of_pass(name, _placed(FuseThisThatPass, module), lit)
    assert any(fault in found for found in faults)


def test_a_pass_that_is_not_frozen_or_not_documented_is_found(lit: Path):
    faults = faults_of_pass("undocumented", UndocumentedPass, lit)
    assert "it is no frozen dataclass" in faults
    assert "it has no docstring" in faults


def test_a_layer_that_lacks_something_is_found():
    class Mute(trt.IdentityOp):
        name = "trt.mute"

    assert len(faults_of_layer(Mute, "trt.identity %x")) == 2
    assert len(faults_of_layer(trt.IdentityOp, "trt.identity_else %x")) == 1
    assert faults_of_layer(trt.IdentityOp, "trt.identity %x") == []


GOOD = '"""A module."""\n\nfrom __future__ import annotations\n'


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("fusemlir/a.py", GOOD + "\n# a line" * MAX_LINES + "\n", "lines"),
        ("fusemlir/utils.py", GOOD, "utils"),
        ("fusemlir/a.py", '"""A module."""\n\nA: int = 1\n', "it lacks 'from"),
        ("test/unit/test_a.py", "def f(): ...\n", "it lacks 'from __future__"),
        ("fusemlir/a.py", GOOD + "# TO" + "DO: more\n", "to-do"),
        ("test/filecheck/a.mlir", "// FIX" + "ME\n", "to-do"),
        ("fusemlir/a.py", GOOD.removeprefix('"""A module."""\n\n'), "no module docstr"),
        ("fusemlir/a.py", GOOD.rstrip(), "one newline"),
        ("test/filecheck/a.mlir", "\n\n", "one newline"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_found(path: str, text: str, fault: str):
    (found,) = faults_of_file(Path(path), text)
    assert fault in found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("fusemlir/a.py", GOOD),
        ("fusemlir/b/__init__.py", ""),
        ("fusemlir/b/__init__.py", '"""A package."""\n\nfrom b import a\n'),
        ("test/unit/test_a.py", GOOD + "\n# a line" * MAX_LINES + "\n"),
        ("test/filecheck/a.mlir", "// RUN: fuse-opt %s\n"),
    ],
)
def test_a_file_that_is_as_agreed_has_no_faults(path: str, text: str):
    assert faults_of_file(Path(path), text) == []
