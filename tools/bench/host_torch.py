"""The patterns in torch, as they are written and compiled by Inductor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import MethodType
from typing import Any

from host_cases import Case, Pattern
from host_readers import NoRunnerError, Ready, Runner, package_of
from onnx import ModelProto, numpy_helper


def torch_runners(case: Case, model: ModelProto) -> dict[str, Runner]:
    """By name; they need no file, `model` is that of `case`."""
    return {
        "torch": lambda _, inputs, threads: _eager(case, model, inputs, threads),
        "Inductor": lambda _, inputs, threads: _inductor(case, model, inputs, threads),
    }


def _eager(case: Case, model: ModelProto, inputs: Sequence[Any], threads: int) -> Ready:
    return _ready(case, model, inputs, threads, lambda module: module)


def _inductor(
    case: Case, model: ModelProto, inputs: Sequence[Any], threads: int
) -> Ready:
    torch = package_of("Inductor")
    # Weights are constants, as they are for all others.
    config: Any = import_module("torch._inductor.config")
    config.freezing = True
    torch._dynamo.reset()
    return _ready(case, model, inputs, threads, torch.compile)


def _ready(
    case: Case,
    model: ModelProto,
    inputs: Sequence[Any],
    threads: int,
    prepare: Callable[[Any], Any],
) -> Ready:
    torch = package_of("torch")
    if not isinstance(case, Pattern) or case.torch is None:
        raise NoRunnerError("torch reads no ONNX, and this is not written for it")
    torch.set_num_threads(threads)
    module = torch.nn.Module()
    for tensor in model.graph.initializer:
        if tensor.name in case.weights:
            array = numpy_helper.to_array(tensor).copy()
            module.register_buffer(tensor.name, torch.from_numpy(array))
    asked = case.torch

    def forward(to: Any, *given: Any) -> Any:
        return asked(torch, to, *given)

    module.forward = MethodType(forward, module)
    module = prepare(module.eval())
    given = [torch.from_numpy(array) for array in inputs]

    def run() -> Any:
        with torch.inference_mode():
            return module(*given)

    def outputs() -> list[Any]:
        found = run()
        tensors = [found] if torch.is_tensor(found) else found
        return [tensor.numpy() for tensor in tensors]

    return Ready(run, outputs, given)
