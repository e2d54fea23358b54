"""Networks as they come: a model file, a text, a model or module in memory."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, TypeAlias, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, UnitAttr

from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.dialects import get_all_dialects
from fusemlir.dialects.trt.module_attributes import (
    WEIGHTS,
    WINOGRAD,
    WeightSourceAttr,
)
from fusemlir.network import functions
from fusemlir.target import Target
from fusemlir.weights import OnnxFile

if TYPE_CHECKING:
    from onnx import ModelProto

Source: TypeAlias = "str | Path | ModelProto | ModuleOp"
"""A network: the path of an .onnx or .mlir file, a model, or a module."""

Shapes: TypeAlias = Mapping[str, Sequence[int]]


def usage_error(message: str) -> DiagnosticError:
    """An error in how fusemlir was called."""
    return DiagnosticError.at(SourceLocation("fusemlir"), message)


def make_context() -> Context:
    """A context that knows all dialects."""
    ctx = Context()
    for name, load in get_all_dialects().items():
        ctx.register_dialect(name, load)
    return ctx


class TemporaryFolder:
    """A folder that goes with this object, at the end of the process at the latest."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="fusemlir-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True)
class SourceNetwork:
    """A network as it was read."""

    module: ModuleOp
    name: str
    folder: TemporaryFolder | None = field(default=None, repr=False)
    """Holds the file that weights are mapped from, where it had to be written."""

    @staticmethod
    def read(source: Source, shapes: Shapes | None = None) -> SourceNetwork:
        """Read a model file, a text, an `onnx.ModelProto` or (a copy of) a module.

        `shapes` fixes the inputs' shapes of a model, by name. Raises `DiagnosticError`
        on what is wrong with the input, `OSError` where a file cannot be read.
        """
        if isinstance(source, str | Path):
            return _read_file(Path(source), shapes)
        if not isinstance(source, ModuleOp):
            return _read_proto(source, shapes)
        if shapes:
            raise usage_error("shapes are for models; the module has types")
        name = source.sym_name.data if source.sym_name is not None else ""
        return SourceNetwork(source.clone(), name or _function_name(source))

    def set_target(self, target: str) -> None:
        """Let rules and lowerings assume the device `target`, as `sm_90`."""
        if not Target(target).is_known:
            raise usage_error(
                f"unknown target '{target}'; wanted one as sm_80, or host"
            )
        Target(target).put_on(self.module)

    def allow_tf32(self) -> None:
        """Let lowerings multiply f32 on tensor cores that see 10 bits of a fraction."""
        replace(Target.of_module(self.module), tf32=True).put_on(self.module)

    def allow_winograd(self) -> None:
        """Let a CPU compute convolutions of 3x3 by Winograd's transformation."""
        self.module.attributes[WINOGRAD] = UnitAttr()

    def set_weights(self, path: str) -> None:
        """Take named weights from the ONNX file `path`, whatever the module says."""
        file = OnnxFile.at(path)
        if not file.tensors:
            raise DiagnosticError.at(SourceLocation(path), "holds no weights")
        source = WeightSourceAttr(StringAttr(path), StringAttr(file.sha256))
        self.module.attributes[WEIGHTS] = source


def _read_file(path: Path, shapes: Shapes | None) -> SourceNetwork:
    if path.suffix == ".onnx":
        from fusemlir.frontend.onnx import import_model

        return SourceNetwork(import_model(path, shapes), path.stem)
    if path.suffix != ".mlir":
        raise usage_error(f"'{path}' is no network: wanted a file .onnx or .mlir")
    if shapes:
        raise usage_error(f"shapes are for models; '{path}' has types")
    from fusemlir.frontend.mlir import parse_module

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DiagnosticError.at(
            SourceLocation(str(path)), "is not UTF-8; is this MLIR text?"
        ) from error
    module = parse_module(make_context(), text, str(path))
    return SourceNetwork(module, path.stem)


def _read_proto(source: object, shapes: Shapes | None) -> SourceNetwork:
    """Import a model that is in no file: its weights are mapped, so it is written."""
    from google.protobuf.message import EncodeError, Message

    from fusemlir.frontend.onnx import import_model

    if not isinstance(source, Message):
        raise usage_error(
            "wanted a path, an onnx.ModelProto or a module, "
            f"found {type(source).__name__}"
        )
    model = cast("ModelProto", source)
    folder = TemporaryFolder()
    path = folder.path / "model.onnx"
    try:
        path.write_bytes(model.SerializeToString())
    except (EncodeError, ValueError) as error:
        raise usage_error(
            f"the model cannot be serialised ({error}); save it with external data "
            "and give its path"
        ) from error
    return SourceNetwork(
        import_model(path, shapes), model.graph.name or "model", folder
    )


def _function_name(module: ModuleOp) -> str:
    return next((function.sym_name.data for function in functions(module)), "empty")
