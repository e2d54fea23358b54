"""Resizes for tests, as layers and as nodes of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper
from xdsl.ir import SSAValue

from fusemlir.dialects.trt import ResizeOp
from fusemlir.dialects.trt.enums import InterpolationMode as Mode
from fusemlir.dialects.trt.enums import ResizeCoordinateTransformation as Coordinates
from fusemlir.dialects.trt.enums import ResizeRoundMode as Rounding
from fusemlir.dialects.trt.enums import ResizeSelector as Selector

COORDINATES = {
    "asymmetric": (Coordinates.ASYMMETRIC, Selector.FORMULA),
    "half_pixel": (Coordinates.HALF_PIXEL, Selector.FORMULA),
    "pytorch_half_pixel": (Coordinates.HALF_PIXEL, Selector.UPPER),
    "align_corners": (Coordinates.ALIGN_CORNERS, Selector.FORMULA),
}

ROUNDINGS = {
    "round_prefer_floor": Rounding.HALF_DOWN,
    "round_prefer_ceil": Rounding.HALF_UP,
    "floor": Rounding.FLOOR,
    "ceil": Rounding.CEIL,
}


@dataclass(frozen=True)
class Resize:
    """A node; of `sizes` and `scales` it has one."""

    mode: str
    coordinates: str
    sizes: Sequence[int] | None = None
    scales: Sequence[float] | None = None
    rounding: str = "floor"
    coefficient: float = -0.75
    excludes: bool = False

    @property
    def layer(self) -> Callable[[SSAValue], ResizeOp]:
        coordinates, selector = COORDINATES[self.coordinates]
        return lambda x: ResizeOp(
            Mode(self.mode),
            x,
            self.sizes,
            scales=self.scales,
            coordinates=coordinates,
            single_pixel=selector,
            rounding=ROUNDINGS[self.rounding],
            cubic_coeff=self.coefficient,
            exclude_outside=self.excludes,
        )

    @property
    def attributes(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "coordinate_transformation_mode": self.coordinates,
            "nearest_mode": self.rounding,
            "cubic_coeff_a": self.coefficient,
            "exclude_outside": int(self.excludes),
        }

    def by_onnxruntime(self, x: np.ndarray) -> np.ndarray:
        type = helper.np_dtype_to_tensor_dtype(x.dtype)
        given = {
            "scales": self.scales and np.array(self.scales, np.float32),
            "sizes": self.sizes and np.array(self.sizes, np.int64),
        }
        names = [name if array is not None else "" for name, array in given.items()]
        node = helper.make_node("Resize", ["x", "", *names], ["y"], **self.attributes)
        graph = helper.make_graph(
            [node],
            "resize",
            [helper.make_tensor_value_info("x", type, x.shape)],
            [helper.make_tensor_value_info("y", type, None)],
            [numpy_helper.from_array(a, n) for n, a in given.items() if a is not None],
        )
        opset = helper.make_opsetid("", 19)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return session.run(None, {"x": x})[0]
