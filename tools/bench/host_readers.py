"""Who is measured on the CPU: us, and the runtimes that we are compared with.

Each makes the file of a model ready, with so many threads, for inputs that lie in
numpy's arrays, and by the quickest way to call it that its Python interface has. This
module loads nothing else: who is measured in a process of its own pays for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

OURS, UNFUSED, WINOGRAD = "fusemlir", "no fusion", "winograd"
REFERENCE = "onnxruntime"
"""Who says what is right."""

PACKAGES = {
    REFERENCE: "onnxruntime",
    "OpenVINO": "openvino",
    "torch": "torch",
    "Inductor": "torch",
}
"""What must be installed for each but us."""

INSTALLING = {"torch": "torch"}
"""What pip is asked for, where it is not the extra of this bench."""


@dataclass(frozen=True)
class Ready:
    """A model that can be run again and again."""

    run: Callable[[], object]
    outputs: Callable[[], Sequence[Any]]
    """Arrays, after a run."""
    inputs: Sequence[Any]
    """What is read, and must live as long."""


Runner = Callable[[Path, Sequence[Any], int], Ready]
"""Of the file of a model, its inputs, and the number of threads."""


class NoRunnerError(Exception):
    """Somebody cannot run a case, for the reason that is the text."""


def installed() -> dict[str, str]:
    """The versions of the packages of others that are found."""
    found: dict[str, str] = {}
    for package in dict.fromkeys(PACKAGES.values()):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def package_of(runner: str) -> Any:
    """Imported; raises `NoRunnerError` where it is not installed."""
    package = PACKAGES[runner]
    try:
        return import_module(package)
    except ImportError as error:
        wanted = INSTALLING.get(package, "-e '.[bench]'")
        reason = f"{package} is not installed: pip install {wanted}"
        raise NoRunnerError(reason) from error


def _ours(
    fuse: Literal["practice", "none"] = "practice", *, winograd: bool = False
) -> Runner:
    def prepare(path: Path, inputs: Sequence[Any], threads: int) -> Ready:
        from fusemlir import compile
        from fusemlir.diagnostics import DiagnosticError

        if winograd and not _has_small_windows(path):
            raise NoRunnerError("no convolution has a window of 3x3")
        try:
            engine = compile(
                path, device="host", threads=threads, fuse=fuse, winograd=winograd
            )
        except DiagnosticError as error:
            raise NoRunnerError(error.diagnostics[0].message) from error

        def run() -> Sequence[Any]:
            return engine.run(inputs)

        return Ready(run, run, inputs)

    return prepare


def _has_small_windows(path: Path) -> bool:
    from onnx import ModelProto

    graph = ModelProto.FromString(path.read_bytes()).graph
    windows = {array.name: list(array.dims[2:]) for array in graph.initializer}
    kernels = (node.input[1] for node in graph.node if node.op_type == "Conv")
    return any(windows.get(name) == [3, 3] for name in kernels)


def run_onnxruntime(path: Path, inputs: Sequence[Any], threads: int) -> Ready:
    """With inputs and outputs bound; its threads spin in a run, and not after it."""
    onnxruntime = package_of(REFERENCE)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Else they take time from who comes next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    binding = session.io_binding()
    for info, array in zip(session.get_inputs(), inputs, strict=True):
        value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        binding.bind_ortvalue_input(info.name, value)
    for info in session.get_outputs():
        binding.bind_output(info.name)
    return Ready(
        lambda: session.run_with_iobinding(binding),
        binding.copy_outputs_to_cpu,
        inputs,
    )


def run_openvino(path: Path, inputs: Sequence[Any], threads: int) -> Ready:
    """In f32, for latency, on memory that is shared with numpy."""
    openvino = package_of("OpenVINO")
    compiled = openvino.Core().compile_model(
        str(path),
        "CPU",
        {
            # Its default on some CPUs is to round to bf16.
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        },
    )
    request = compiled.create_infer_request()
    for at, array in enumerate(inputs):
        request.set_input_tensor(at, openvino.Tensor(array, shared_memory=True))
    return Ready(
        lambda: request.infer(share_outputs=True),
        lambda: [tensor.data.copy() for tensor in request.output_tensors],
        inputs,
    )


READERS: dict[str, Runner] = {
    OURS: _ours("practice"),
    UNFUSED: _ours("none"),
    WINOGRAD: _ours(winograd=True),
    REFERENCE: run_onnxruntime,
    "OpenVINO": run_openvino,
}
"""Those that read the file of a model, by name."""
