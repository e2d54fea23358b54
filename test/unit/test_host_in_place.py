"""Parts of a concatenation that the CPU's kernels compute where they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import NodeProto, TensorProto
from onnx_models import model, node
from xdsl.dialects.func import CallOp

import fusemlir
from fusemlir.lowering.host.convert_trt_to_host import ConvertTrtToHostPass
from fusemlir.source_network import make_context

IMAGE: Any = np.random.default_rng(0).standard_normal((2, 16, 9, 7)).astype(np.float32)


class Parts:
    """Nodes that make images of `x`, with their weights."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, Any] = {}

    def conv(
        self,
        result: str,
        features: int,
        source: str = "x",
        channels: int = 16,
        window: int = 3,
        groups: int = 1,
        rank: int = 2,
    ) -> None:
        shape = (features, channels // groups, *[window] * rank)
        weights = np.random.default_rng(features).standard_normal(shape)
        self.weights[f"{result}.w"] = weights.astype(np.float32)
        pads = [window // 2] * 2 * rank
        names = [source, f"{result}.w"]
        self.nodes.append(node("Conv", names, [result], pads=pads, group=groups))

    def deconv(self, result: str, features: int) -> None:
        weights = np.random.default_rng(3).standard_normal((16, features, 3, 3))
        self.weights[f"{result}.w"] = weights.astype(np.float32)
        names = ["x", f"{result}.w"]
        self.nodes.append(node("ConvTranspose", names, [result], pads=[1] * 4))

    def pool(self, result: str, kind: str = "MaxPool") -> None:
        window = {"kernel_shape": [3, 3], "pads": [1] * 4}
        self.nodes.append(node(kind, ["x"], [result], **window))

    def concat(self, names: Sequence[str], result: str, axis: int = 1) -> None:
        self.nodes.append(node("Concat", names, [result], axis=axis))

    def check(
        self,
        outputs: Sequence[str],
        x: Any = IMAGE,
        winograd: bool = False,
        tolerance: float = 1e-5,
    ) -> Counter[str]:
        """Compare with onnxruntime; returns how often kernels of each kind run."""
        built = model(self.nodes, {"x": x}, outputs, self.weights)
        session = onnxruntime.InferenceSession(
            built.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        wanted = session.run(None, {"x": x})
        engine = fusemlir.compile(built, device="host", threads=3, winograd=winograd)
        for found, right in zip(engine.run([x]), wanted, strict=True):
            scale = np.abs(right).max()
            np.testing.assert_allclose(found / scale, right / scale, atol=tolerance)
        lowered = engine.module.clone()
        ConvertTrtToHostPass().apply(make_context(), lowered)
        calls = [op for op in lowered.walk() if isinstance(op, CallOp)]
        names = [call.callee.root_reference.data for call in calls]
        return Counter(name.rpartition("_")[0] for name in names)


@pytest.mark.parametrize("winograd", [False, True])
def test_kernels_of_every_family_write_among_other_channels(winograd: bool):
    parts = Parts()
    parts.conv("a", 32)
    parts.conv("b", 48, window=1)
    parts.conv("c", 16, groups=16)
    parts.pool("d")
    parts.pool("e", "AveragePool")
    parts.deconv("f", 16)
    parts.nodes.append(node("LRN", ["x"], ["g"], size=5))
    parts.conv("h", 7)
    parts.concat(["a", "b", "c", "d", "e", "f", "g", "h"], "joined")
    parts.conv("y", 20, "joined", 167)
    assert parts.check(["y"], winograd=winograd)["concatenation"] == 0


def test_parts_are_read_by_others_with_the_halo_that_these_want():
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 19, window=1)
    parts.concat(["a", "b"], "joined")
    parts.conv("y", 8, "joined", 35, window=1)
    parts.conv("z", 8, "a", 16, window=5)
    parts.conv("v", 19, "b", 19, groups=19)
    calls = parts.check(["y", "z", "v"])
    assert calls["concatenation"] == 0
    assert calls["reformat"] == len(("x", "v"))


def test_a_concatenation_of_concatenations_is_one():
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 32, window=1)
    parts.concat(["a", "b"], "inner")
    parts.conv("c", 17, "inner", 48)
    parts.concat(["inner", "c"], "outer")
    parts.conv("d", 5, "outer", 65)
    assert parts.check(["d"])["concatenation"] == 0


def test_parts_and_the_whole_may_be_results_of_the_network():
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 16, window=1)
    parts.concat(["a", "b"], "y")
    assert parts.check(["y", "b"])["concatenation"] == 0


def test_a_result_of_single_pixels_is_brought_out_of_its_whole():
    parts = Parts()
    parts.conv("a", 16, window=1)
    parts.conv("b", 16, window=1)
    parts.concat(["a", "b"], "joined")
    parts.nodes.append(node("Flatten", ["joined"], ["y"]))
    parts.nodes.append(node("Flatten", ["a"], ["z"]))
    pixel = np.ascontiguousarray(IMAGE[:, :, :1, :1])
    assert parts.check(["y", "z"], pixel)["concatenation"] == 0


def test_parts_of_volumes_are_written_in_place():
    parts = Parts()
    parts.conv("a", 16, rank=3)
    parts.conv("b", 5, rank=3, window=1)
    parts.concat(["a", "b"], "joined")
    parts.conv("y", 4, "joined", 21, rank=3)
    volume = IMAGE[:1].reshape(1, 16, 3, 3, 7)
    assert parts.check(["y"], volume)["concatenation"] == 0


@pytest.mark.parametrize(("last", "copies"), [(36, 0), (34, 1)])
def test_parts_of_bytes_are_whole_words(last: int, copies: int):
    """All scales are powers of two: floats between them are exact."""
    parts = Parts()
    parts.weights |= {"s": np.float32(2**-4), "zero": np.int8(0)}

    def quantized(source: str, result: str) -> None:
        names = ["s", "zero"]
        parts.nodes.append(node("QuantizeLinear", [source, *names], [f"{result}.q"]))
        made = node("DequantizeLinear", [f"{result}.q", *names], [result])
        parts.nodes.append(made)

    def conv(result: str, features: int, source: str, channels: int) -> None:
        shape = (features, channels, 3, 3)
        weights = np.random.default_rng(features).integers(-9, 9, shape, np.int8)
        parts.weights[f"{result}.b"] = weights
        names = [f"{result}.b", "s", "zero"]
        parts.nodes.append(node("DequantizeLinear", names, [f"{result}.w"]))
        names = [source, f"{result}.w"]
        parts.nodes.append(node("Conv", names, [f"{result}.f"], pads=[1] * 4))
        quantized(f"{result}.f", result)

    quantized("x", "image")
    conv("a", 32, "image", 16)
    conv("b", last, "image", 16)
    parts.concat(["a", "b"], "joined")
    quantized("joined", "c")
    conv("d", 24, "c", 32 + last)
    conv("y", 5, "b", last)
    calls = parts.check(["d", "y"])
    assert calls["concatenation"] == copies


def test_what_two_concatenations_want_is_copied_by_both():
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 16, window=1)
    parts.concat(["a", "b"], "y")
    parts.concat(["b", "a"], "z")
    assert parts.check(["y", "z"])["concatenation"] == 2


def test_an_image_beside_itself_is_copied():
    parts = Parts()
    parts.conv("a", 16)
    parts.concat(["a", "a"], "y")
    assert parts.check(["y"])["concatenation"] == 1


@pytest.mark.parametrize("axis", [0, 2, 3])
def test_images_along_another_axis_are_copied(axis: int):
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 16, window=1)
    parts.concat(["a", "b"], "y", axis)
    assert parts.check(["y"])["concatenation"] == 1


def test_parts_where_no_vector_may_begin_are_copied():
    parts = Parts()
    parts.conv("a", 12)
    parts.conv("b", 16)
    parts.concat(["a", "b"], "y")
    assert parts.check(["y"])["concatenation"] == 1


def test_what_no_kernel_of_images_made_is_copied():
    shape = np.array([2, 16, 9, 7], np.int64)
    made = {
        "given": [],
        "pointwise": [node("Sigmoid", ["x"], ["b"])],
        "view": [
            node("Flatten", ["x"], ["flat"]),
            node("Reshape", ["flat", "shape"], ["b"]),
        ],
        "constant": [node("Identity", ["c"], ["b"])],
    }
    for kind, nodes in made.items():
        parts = Parts()
        parts.weights |= {"shape": shape, "c": IMAGE}
        parts.nodes += nodes
        parts.conv("a", 16)
        parts.concat(["a", "b" if nodes else "x"], "joined")
        parts.conv("y", 3, "joined", 32)
        assert parts.check(["y"])["concatenation"] == 1, kind


def test_halves_are_copied():
    parts = Parts()
    parts.conv("a", 16)
    parts.conv("b", 16, window=1)
    half = {"to": TensorProto.FLOAT16}
    parts.weights = {k: v.astype(np.float16) for k, v in parts.weights.items()}
    parts.nodes.insert(0, node("Cast", ["x"], ["h"], **half))
    for conv in parts.nodes[1:]:
        conv.input[0] = "h"
    parts.concat(["a", "b"], "joined")
    parts.nodes.append(node("Cast", ["joined"], ["y"], to=TensorProto.FLOAT))
    assert parts.check(["y"], tolerance=2e-3)["concatenation"] == 1
