"""How lit runs the .mlir tests: `lit test/filecheck` from the root of a checkout."""

# ruff: noqa: F821
# pyright: reportUndefinedVariable=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import os
import shutil
import sys
from pathlib import Path

import lit.formats

SOURCE_ROOT = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent

config.name = "fusemlir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs", "Output"]
config.test_source_root = str(SOURCE_ROOT)
# lit writes its Output folders beside the tests; .gitignore knows them.
config.test_exec_root = str(SOURCE_ROOT)

# The tools under test are those of the interpreter that runs lit.
config.environment["PATH"] = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
for name in ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "PYTHONPATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

# Python's filecheck is what installs with us; FILECHECK=/path/to/FileCheck asks for
# LLVM's, which the tests pass as well.
filecheck = os.environ.get("FILECHECK") or str(BIN / "filecheck")
config.substitutions.append((r"\bFileCheck\b", filecheck))

for tool in ("mlir-opt", "ptxas"):
    if shutil.which(tool):
        config.available_features.add(tool)
# The driver's own device node, so that lit need not start CUDA to know.
if Path("/dev/nvidiactl").exists():
    config.available_features.add("cuda")
