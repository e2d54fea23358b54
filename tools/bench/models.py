"""The nine CNNs of the onnx package, with the weights that the tests give them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from onnx import ModelProto

ROOT = Path(__file__).resolve().parents[2]


def _seeded() -> Any:
    tests = str(ROOT / "test" / "models")
    if tests not in sys.path:
        sys.path.append(tests)
    return import_module("seeded")


def networks() -> tuple[str, ...]:
    return _seeded().NETWORKS


def light_model(network: str) -> Path:
    """The file of a network, without its weights."""
    return _seeded().light_model(network)


def seeded_model(network: str) -> ModelProto:
    return _seeded().seeded_model(light_model(network))


def seeded_inputs(model: ModelProto) -> list[Any]:
    """An array for each input of `model`."""
    return list(_seeded().seeded_inputs(model).values())
