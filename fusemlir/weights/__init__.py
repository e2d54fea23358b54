"""Weight attribute to array: mapped from the model, or evaluated from a recipe."""

from fusemlir.weights.element_types import (
    Array,
    dtype_of,
    element_of,
    largest,
    round_to,
    smallest_normal,
)
from fusemlir.weights.onnx_file import OnnxFile
from fusemlir.weights.seeded import SeededSource
from fusemlir.weights.store import Weights, WeightSource

__all__ = [
    "Array",
    "OnnxFile",
    "SeededSource",
    "WeightSource",
    "Weights",
    "dtype_of",
    "element_of",
    "largest",
    "round_to",
    "smallest_normal",
]
