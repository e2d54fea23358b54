"""An ONNX file is mapped, not loaded, and its damages are told clearly."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper, save
from xdsl.dialects.builtin import TensorType, f32

from fusemlir.diagnostics import DiagnosticError
from fusemlir.weights import OnnxFile
from fusemlir.weights.skeleton import OWN_FILE, skeleton

LARGE = (30, 40)


def model_of(
    *initializers: TensorProto, constant: TensorProto | None = None
) -> ModelProto:
    """A model of one Add, with `initializers` beside it."""
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    if constant is not None:
        nodes.append(helper.make_node("Constant", [], ["c"], value=constant))
    value = helper.make_tensor_value_info
    return helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [value("x", TensorProto.FLOAT, LARGE)],
            [value("y", TensorProto.FLOAT, LARGE)],
            list(initializers),
        )
    )


def written(path: Path, model: ModelProto) -> OnnxFile:
    path.write_bytes(model.SerializeToString())
    return OnnxFile(path)


def random_array(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def array_of(file: OnnxFile, name: str, *shape: int) -> np.ndarray[Any, Any]:
    return file.array(name, TensorType(f32, shape))


def test_raw_data_are_mapped_and_equal(tmp_path: Path):
    array = random_array(*LARGE)
    file = written(tmp_path / "m.onnx", model_of(numpy_helper.from_array(array, "w")))
    mapped = array_of(file, "w", *LARGE)
    np.testing.assert_array_equal(mapped, array)
    assert not mapped.flags.owndata
    assert not mapped.flags.writeable
    assert file.tensors["w"].external_data[0].value == OWN_FILE


def test_packed_float_data_are_mapped_and_equal(tmp_path: Path):
    array = random_array(*LARGE)
    tensor = helper.make_tensor("w", TensorProto.FLOAT, LARGE, array.ravel().tolist())
    file = written(tmp_path / "m.onnx", model_of(tensor))
    assert file.tensors["w"].data_location == TensorProto.EXTERNAL
    np.testing.assert_array_equal(array_of(file, "w", *LARGE), array)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.bool_, np.float16])
def test_all_ways_of_writing_data_are_read(tmp_path: Path, dtype: Any):
    array = (random_array(*LARGE) * 10).astype(dtype)
    values: Any = array.ravel().tolist()
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensors = [
        numpy_helper.from_array(array, "raw"),
        helper.make_tensor("typed", kind, LARGE, values),
        helper.make_tensor("small", kind, [2], values[:2]),
    ]
    file = written(tmp_path / "m.onnx", model_of(*tensors))
    for name, expected in (("raw", array), ("typed", array), ("small", array[0, :2])):
        actual = file.tensor_array(file.tensors[name])
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)


def test_bfloat16_is_read(tmp_path: Path):
    array = random_array(*LARGE).astype(ml_dtypes.bfloat16)
    file = written(tmp_path / "m.onnx", model_of(numpy_helper.from_array(array, "w")))
    actual = file.tensor_array(file.tensors["w"])
    np.testing.assert_array_equal(actual, array)


def test_values_of_constant_nodes_are_named_after_their_outputs(tmp_path: Path):
    array = random_array(*LARGE)
    model = model_of(constant=numpy_helper.from_array(array))
    file = written(tmp_path / "m.onnx", model)
    mapped = array_of(file, "c", *LARGE)
    np.testing.assert_array_equal(mapped, array)
    assert not mapped.flags.owndata


def test_the_skeleton_is_the_model_without_its_large_data(tmp_path: Path):
    array = random_array(300, 400)
    model = model_of(
        numpy_helper.from_array(array, "w"), numpy_helper.from_array(array[0, :5], "s")
    )
    small = skeleton(model.SerializeToString())
    assert len(small) < 1000
    kept = ModelProto.FromString(small)
    for tensor in (kept.graph.initializer[0], model.graph.initializer[0]):
        for field in ("raw_data", "external_data", "data_location"):
            tensor.ClearField(field)
    assert kept == model


def test_the_hash_is_of_the_whole_file(tmp_path: Path):
    file = written(tmp_path / "m.onnx", model_of())
    assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()


def external(folder: Path) -> tuple[OnnxFile, np.ndarray[Any, Any]]:
    array = random_array(*LARGE)
    model = model_of(numpy_helper.from_array(array, "w"))
    save(model, folder / "m.onnx", save_as_external_data=True, location="m.data")
    return OnnxFile(folder / "m.onnx"), array


def test_external_data_are_mapped(tmp_path: Path):
    file, array = external(tmp_path)
    mapped = array_of(file, "w", *LARGE)
    np.testing.assert_array_equal(mapped, array)
    assert not mapped.flags.owndata


def test_a_file_is_opened_anew_when_it_or_its_external_data_change(tmp_path: Path):
    _, array = external(tmp_path)
    path, data = tmp_path / "m.onnx", tmp_path / "m.data"
    file = OnnxFile.at(path)
    np.testing.assert_array_equal(array_of(file, "w", *LARGE), array)
    assert OnnxFile.at(path) is file
    other = tmp_path / "other.data"
    other.write_bytes((-array).tobytes())
    other.replace(data)
    changed = OnnxFile.at(path)
    np.testing.assert_array_equal(array_of(changed, "w", *LARGE), -array)
    path.write_bytes(path.read_bytes())
    assert OnnxFile.at(path) is not changed
    data.unlink()
    with pytest.raises(DiagnosticError, match="data"):
        array_of(OnnxFile.at(path), "w", *LARGE)


def test_missing_external_data_name_the_file(tmp_path: Path):
    file, _ = external(tmp_path)
    (tmp_path / "m.data").unlink()
    with pytest.raises(DiagnosticError, match=r"m\.data' cannot be read: No such file"):
        array_of(file, "w", *LARGE)


def test_short_external_data_say_what_is_missing(tmp_path: Path):
    file, array = external(tmp_path)
    (tmp_path / "m.data").write_bytes(array.tobytes()[:-4])
    with pytest.raises(DiagnosticError, match=r"'w' ends at byte 4800 .* only 4796"):
        array_of(file, "w", *LARGE)


@pytest.mark.parametrize("location", ["../m.data", "/etc/passwd", "a/../../m.data"])
def test_external_data_outside_the_folder_are_refused(tmp_path: Path, location: str):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "m.data").write_bytes(bytes(4800))
    model = model_of(numpy_helper.from_array(random_array(*LARGE), "w"))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    file = written(folder / "m.onnx", model)
    with pytest.raises(DiagnosticError, match="outside the model's folder"):
        array_of(file, "w", *LARGE)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path):
    folder = tmp_path / "inner"
    folder.mkdir()
    file, _ = external(folder)
    (folder / "m.data").rename(tmp_path / "m.data")
    (folder / "m.data").symlink_to(tmp_path / "m.data")
    with pytest.raises(DiagnosticError, match="outside the model's folder"):
        array_of(file, "w", *LARGE)


def test_data_of_another_length_than_the_shape_are_refused(tmp_path: Path):
    tensor = numpy_helper.from_array(random_array(*LARGE), "w")
    tensor.dims[0] += 1
    file = written(tmp_path / "m.onnx", model_of(tensor))
    with pytest.raises(DiagnosticError, match="needs 4960 bytes, its data have 4800"):
        array_of(file, "w", 31, 40)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"just some text that is not a model", "is no ONNX model"),
        (b"\x08\x07", "there is no graph"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "more than 64 bits"),
    ],
)
def test_what_is_no_model_is_said_to_be_none(
    tmp_path: Path, content: bytes, message: str
):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(DiagnosticError, match=message) as caught:
        _ = OnnxFile(path).model
    assert str(caught.value).startswith(f"{path}: error: ")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(DiagnosticError, match="cannot be read: No such file"):
        _ = OnnxFile(tmp_path / "m.onnx").model


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(DiagnosticError, match="Is a directory"):
        _ = OnnxFile(tmp_path).model
    with pytest.raises(DiagnosticError, match="Is a directory"):
        _ = OnnxFile(tmp_path).sha256


def test_every_truncation_is_refused_or_reads_as_a_shorter_model(tmp_path: Path):
    model = model_of(numpy_helper.from_array(random_array(*LARGE), "w"))
    whole = model.SerializeToString()
    graph_ends = len(whole) - len(model.opset_import[0].SerializeToString()) - 2
    path = tmp_path / "m.onnx"
    for length in range(1, graph_ends, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DiagnosticError):
            _ = OnnxFile(path).model


def test_damaged_bytes_never_end_in_another_exception(tmp_path: Path):
    model = model_of(numpy_helper.from_array(random_array(*LARGE), "w"))
    whole = bytearray(model.SerializeToString())
    rng = random.Random(2)
    path = tmp_path / "m.onnx"
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        for _ in range(3):
            near_an_end = rng.choice([rng.randrange(120), -1 - rng.randrange(120)])
            damaged[near_an_end] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            file = OnnxFile(path)
            for tensor in file.tensors.values():
                file.tensor_array(tensor)
        except DiagnosticError:
            refused += 1
    assert refused > 50


def test_a_large_file_is_not_loaded(tmp_path: Path):
    path = tmp_path / "large.onnx"
    rows = np.zeros((1000, 1000), np.float32)
    model = model_of(*(numpy_helper.from_array(rows, f"w{at}") for at in range(50)))
    path.write_bytes(model.SerializeToString())
    program = (
        "import resource, sys\n"
        "from fusemlir.weights import OnnxFile\n"
        "import onnx\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        f"file = OnnxFile({str(path)!r})\n"
        "assert len(file.tensors) == 50 and file.sha256\n"
        "print(peak() - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    kilobytes = int(run.stdout)
    assert path.stat().st_size > 200e6
    assert kilobytes < 20_000
