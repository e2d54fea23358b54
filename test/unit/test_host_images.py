"""Images that convolutions read on the CPU, whatever makes them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnxruntime
from onnx import NodeProto, numpy_helper
from onnx_models import model, node

import fusemlir


def check_on_host(
    nodes: list[NodeProto], initializers: Mapping[str, np.ndarray], *inputs: np.ndarray
) -> None:
    """Without fusions, on one thread and on two."""
    given = {f"x{number}": array for number, array in enumerate(inputs)}
    built = model(nodes, given, initializers=initializers)
    session = onnxruntime.InferenceSession(
        built.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (wanted,) = session.run(None, given)
    for threads in (1, 2):
        engine = fusemlir.compile(built, device="host", fuse="none", threads=threads)
        (found,) = engine.run(list(inputs))
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def test_a_constant_image_has_a_halo():
    conv = node("Conv", ["c", "w"], ["y"], pads=[0, 1, 1, 1], strides=[1, 2])
    check_on_host([conv], {"c": normal(2, 3, 4, 5), "w": normal(4, 3, 2, 3)})


def test_a_constant_may_be_image_and_kernel_at_once():
    conv = node("Conv", ["c", "c"], ["y"], pads=[1, 1, 1, 1])
    check_on_host([conv], {"c": normal(3, 3, 2, 2)})


def test_what_a_lone_convolution_reads_of_a_dequantize_has_a_halo():
    """One with a zero point, that no int8 group has."""
    made = [
        node("DequantizeLinear", ["x0", "scale", "zero"], ["image"]),
        node("Conv", ["image", "w"], ["y"], pads=[1, 1, 1, 1], group=5),
    ]
    constants = {
        "scale": np.float32(0.5),
        "zero": np.int8(3),
        "w": normal(5, 1, 3, 3),
    }
    levels = np.random.default_rng(0).integers(-128, 128, (3, 5, 7, 9), np.int8)
    check_on_host(made, constants, levels)


def test_a_product_of_no_elements_has_none():
    rows, matrix = np.zeros((0, 3), np.float32), normal(3, 4)
    check_on_host([node("MatMul", ["x0", "w"], ["y"])], {"w": matrix}, rows)
    empty = np.zeros((0, 3, 3, 3), np.float32)
    built = model([node("Conv", ["x", "w"], ["y"])], {"x": normal(1, 3, 5, 5)})
    built.graph.initializer.append(numpy_helper.from_array(empty, "w"))
    found = fusemlir.compile(built, device="host")(normal(1, 3, 5, 5))
    assert np.shape(found) == (1, 0, 3, 3)
