"""Who may import whom: the order of the parts, held over every import of every file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "fusemlir"

_FACTS = {"diagnostics", "dialects"}
_REPORTS = {"decision_log", "logger", "name_style", "remarks"}
_MODEL = _FACTS | _REPORTS | {"target", "weights"}
_MEANING = _MODEL | {"network", "reference"}
_COMPILER = _MEANING | {"codegen", "frontend", "lowering", "transforms"}
_ALL = _COMPILER | {
    "emulator",
    "garbage_collection",
    "native_objects",
    "native_program",
    "pipeline",
    "runtime",
    "source_network",
    "stages",
    "tools",
    "tuning",
    "universe",
}

PARTS: dict[str, set[str]] = {
    "diagnostics": set(),
    "dialects": set(),
    "garbage_collection": set(),
    "logger": set(),
    "remarks": _FACTS,
    "decision_log": _FACTS | {"logger", "remarks"},
    "name_style": _FACTS,
    "target": _FACTS,
    "weights": _FACTS,
    "network": _MODEL,
    "reference": _MODEL | {"network"},
    "frontend": _MEANING,
    "transforms": _MEANING,
    "lowering": _MEANING,
    "codegen": _MEANING | {"lowering"},
    "emulator": set(),
    "runtime": _MEANING | {"codegen", "emulator"},
    "source_network": _MEANING | {"frontend"},
    "stages": _MEANING | {"lowering", "source_network", "transforms"},
    "native_objects": _COMPILER | {"source_network", "stages"},
    "native_program": _COMPILER
    | {"native_objects", "runtime", "source_network", "stages"},
    "tuning": _COMPILER | {"native_objects", "runtime", "source_network", "stages"},
    "pipeline": _COMPILER
    | {
        "emulator",
        "native_program",
        "runtime",
        "source_network",
        "stages",
        "tuning",
    },
    "universe": _COMPILER,
    "tools": _ALL,
    "__init__": _ALL,
}
"""What each part of the package may import of the others."""

_EVERYWHERE = tuple(part for part in PARTS if part != "emulator")

THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "xdsl": _EVERYWHERE,
    "typing_extensions": _EVERYWHERE,
    "numpy": (
        "emulator",
        "frontend",
        "pipeline",
        "reference",
        "runtime",
        "tools",
        "transforms",
        "tuning",
        "weights",
    ),
    "ml_dtypes": ("emulator", "frontend/onnx", "reference", "runtime", "weights"),
    "onnx": ("frontend/onnx", "weights"),
    # What onnx's models are made of, and its errors come from.
    "google": ("frontend/onnx", "source_network", "weights"),
    "llvmlite": ("codegen",),
    "cuda": ("runtime/cuda",),
}
"""Under which paths of the package a module of others may be imported."""


@dataclass(frozen=True)
class Import:
    """`module` is dotted; `for_types` where only a type checker sees it."""

    line: int
    module: str
    for_types: bool


def imports_of(tree: ast.AST, for_types: bool = False) -> Iterator[Import]:
    """Every import below `tree`, in functions too, and those by `import_module`."""
    for node in ast.iter_child_nodes(tree):
        checked = for_types
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                checked = True
            case ast.Import(names=names):
                yield from (Import(node.lineno, n.name, for_types) for n in names)
            case ast.ImportFrom(module="fusemlir", names=names):
                for name in names:
                    yield Import(node.lineno, f"fusemlir.{name.name}", for_types)
            case ast.ImportFrom(module=module, level=level):
                dotted = "." * level + (module or "")
                yield Import(node.lineno, dotted, for_types)
            case ast.Call(func=ast.Name(id="import_module"), args=[name, *_]):
                if (module := _leading_text(name)) is not None:
                    yield Import(node.lineno, module, for_types)
            case _:
                pass
        yield from imports_of(node, checked)


def _leading_text(name: ast.expr) -> str | None:
    """The text that an expression begins with, as far as it is written out."""
    match name:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str() as text), *_]):
            return text
        case _:
            return None


def violations(package: Path) -> list[str]:
    """What breaks the tables in the files below `package`."""
    faults: list[str] = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).with_suffix("").as_posix()
        if place.split("/")[0] not in PARTS:
            faults.append(f"{place}.py: it is in no row of the table")
            continue
        for found in imports_of(ast.parse(path.read_text(encoding="utf-8"))):
            fault = _fault(place, found)
            if fault is not None:
                faults.append(f"{place}.py:{found.line}: {fault}")
    return faults


def _fault(place: str, found: Import) -> str | None:
    part, top = place.split("/")[0], found.module.split(".")[0]
    if not top:
        return f"'{found.module}' is relative"
    if top == "fusemlir":
        # A bare `import fusemlir` is the public face, which stands last.
        _, other, *_ = [*found.module.split("."), "__init__"]
        allowed = other == part or other in PARTS[part]
        return None if allowed else f"{part} may not import {other}"
    if top in sys.stdlib_module_names:
        return None
    if top not in THIRD_PARTY:
        return f"'{top}' is no module that the package depends on"
    if top == "onnx" and found.for_types:
        return None
    inside = any(f"{place}/".startswith(f"{at}/") for at in THIRD_PARTY[top])
    return None if inside else f"{part} may not import {top}"


def test_the_package_keeps_the_order_of_imports():
    assert violations(PACKAGE) == []


def test_every_row_of_the_table_imports_only_rows_above_it():
    above: set[str] = set()
    for part, allowed in PARTS.items():
        assert allowed - {part} <= above, part
        above.add(part)


VIOLATIONS = [
    ("dialects/trt/a.py", "import fusemlir.weights", "dialects may not import weights"),
    ("dialects/a.py", "import numpy as np", "dialects may not import numpy"),
    ("remarks.py", "from fusemlir import network", "remarks may not import network"),
    ("weights/a.py", "from fusemlir.reference import x", "weights may not"),
    ("network.py", "from fusemlir.transforms import x", "network may not"),
    ("reference/a.py", "from fusemlir.frontend import x", "reference may not"),
    ("frontend/a.py", "from fusemlir.transforms import x", "frontend may not"),
    ("transforms/a.py", "from fusemlir.frontend.mlir import x", "transforms may not"),
    ("transforms/a.py", "from fusemlir.lowering.gpu import x", "transforms may not"),
    ("lowering/a.py", "from fusemlir.transforms import x", "lowering may not"),
    ("lowering/a.py", "from fusemlir.frontend import x", "lowering may not"),
    ("codegen/a.py", "from fusemlir.runtime import x", "codegen may not"),
    ("emulator/a.py", "from fusemlir.dialects import x", "emulator may not"),
    ("emulator/a.py", "import xdsl", "emulator may not import xdsl"),
    ("runtime/a.py", "from fusemlir.lowering import x", "runtime may not"),
    ("pipeline.py", "from fusemlir.tools import x", "pipeline may not"),
    ("universe.py", "from fusemlir.tools import x", "universe may not"),
    ("lowering/a.py", "import fusemlir", "lowering may not import __init__"),
    ("lowering/a.py", "import llvmlite.binding", "lowering may not import llvmlite"),
    ("runtime/host.py", "from cuda import bindings", "runtime may not import cuda"),
    ("frontend/mlir.py", "import onnx", "frontend may not import onnx"),
    ("tools/a.py", "import onnx", "tools may not import onnx"),
    ("tools/a.py", "import torch", "'torch' is no module"),
    ("tools/a.py", "from . import b", "is relative"),
    ("helpers/a.py", "import ast", "helpers/a.py: it is in no row"),
    (
        "runtime/a.py",
        "def f():\n    def g():\n        from fusemlir.lowering import x",
        "runtime/a.py:3: runtime may not import lowering",
    ),
    (
        "runtime/a.py",
        "def f(n):\n    return import_module(f'fusemlir.lowering.{n}')",
        "runtime/a.py:2: runtime may not import lowering",
    ),
    (
        "dialects/a.py",
        "if TYPE_CHECKING:\n    from fusemlir.network import x",
        "dialects/a.py:2: dialects may not import network",
    ),
]


@pytest.mark.parametrize(("file", "source", "fault"), VIOLATIONS)
def test_a_planted_violation_is_found(
    tmp_path: Path, file: str, source: str, fault: str
):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    (found,) = violations(tmp_path)
    assert fault in found


LEGAL = [
    ("dialects/a.py", "import re\nfrom fusemlir.dialects.trt import x"),
    ("runtime/cuda.py", "def f():\n    return import_module('cuda.bindings.driver')"),
    ("frontend/onnx/a.py", "from onnx import ModelProto"),
    ("weights/a.py", "def f():\n    import onnx"),
    ("codegen/a.py", "import llvmlite.binding"),
    (
        "emulator/a.py",
        "import numpy\nimport ml_dtypes\nfrom fusemlir.emulator import x",
    ),
    ("pipeline.py", "if TYPE_CHECKING:\n    from onnx import ModelProto"),
]


@pytest.mark.parametrize(("file", "source"), LEGAL)
def test_what_the_order_allows_is_no_violation(tmp_path: Path, file: str, source: str):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    assert violations(tmp_path) == []


@pytest.mark.parametrize("module", ["fusemlir", "fusemlir.tools.fuse_opt"])
def test_starting_loads_nothing_heavy(module: str):
    heavy = "{'numpy', 'onnx', 'llvmlite', 'cuda', 'ml_dtypes', 'google'}"
    code = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
