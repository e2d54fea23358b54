"""Engines: what they take and give, what they refuse, and where they run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from test_cuda import Code, FakeDriver

import fusemlir
from fusemlir import pipeline
from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.frontend.mlir import parse_module
from fusemlir.runtime import cuda
from fusemlir.runtime.cuda import CudaDevice, CudaUnavailable, Driver
from fusemlir.runtime.engine import Engine
from fusemlir.source_network import make_context

TWO_INPUTS = """
func.func @net(%a: tensor<?x2xf32> {trt.name = "left/a"}, %b: tensor<1x2xf32>)
    -> (tensor<?x2xf32> {trt.name = "sum/0"}, tensor<1x2xf32>) {
  %s = trt.element_wise sum %a, %b layers ["add"]
    : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %r = trt.activation relu %b layers ["relu"] : tensor<1x2xf32> -> tensor<1x2xf32>
  func.return %s, %r : tensor<?x2xf32>, tensor<1x2xf32>
}
"""

A = np.float32([[1, 2], [3, 4], [5, 6]])
B = np.float32([[10, -20]])


def engine_of(text: str, **options: Any) -> Engine:
    module = parse_module(make_context(), text, "net.mlir")
    return fusemlir.compile(module, **{"device": "reference", **options})


@pytest.fixture(scope="module")
def engine() -> Engine:
    return engine_of(TWO_INPUTS)


def error_of(engine: Engine, inputs: Any) -> str:
    with pytest.raises(DiagnosticError) as caught:
        engine.run(inputs)
    return str(caught.value)


def test_inputs_and_outputs_have_the_names_of_the_source(engine: Engine):
    assert [str(tensor) for tensor in engine.inputs] == [
        "left/a ?x2 float32",
        "b 1x2 float32",
    ]
    assert [str(tensor) for tensor in engine.outputs] == [
        "sum/0 ?x2 float32",
        "r 1x2 float32",
    ]
    assert engine.inputs[0].shape == (None, 2)


def test_a_list_gives_a_list(engine: Engine):
    found = engine.run([A, B])
    assert isinstance(found, list)
    np.testing.assert_array_equal(found[0], A + B)
    np.testing.assert_array_equal(found[1], [[10, 0]])


def test_names_give_names(engine: Engine):
    found = engine.run({"b": B, "left/a": A})
    assert list(found) == ["sum/0", "r"]
    np.testing.assert_array_equal(found["sum/0"], A + B)


def test_a_call_gives_a_list_only_of_several_outputs(engine: Engine):
    np.testing.assert_array_equal(engine(A, B)[0], A + B)
    one = engine_of(
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
        "  %y = trt.activation relu %x : tensor<2xf32> -> tensor<2xf32>\n"
        "  func.return %y : tensor<2xf32>\n}"
    )
    np.testing.assert_array_equal(one(np.float32([-1, 1])), [0, 1])


def test_the_number_of_inputs_is_checked(engine: Engine):
    assert "takes 2 inputs (left/a ?x2 float32, b 1x2 float32), found 1" in error_of(
        engine, [A]
    )


def test_names_are_checked(engine: Engine):
    message = error_of(engine, {"a": A, "b": B})
    assert message.startswith("net: error: there is no input 'a'; input 'left/a' is")
    assert "the inputs are left/a ?x2 float32, b 1x2 float32" in message


def test_shapes_and_types_are_checked_all_at_once(engine: Engine):
    message = error_of(engine, [A.T.copy(), B.astype(np.float64)])
    assert "input 'left/a' must have shape ?x2, found 2x3" in message
    assert "input 'b' must be float32, found float64" in message
    assert ".astype('float32')" in message


def test_what_only_shows_with_the_data_is_no_traceback(engine: Engine):
    def executor(inputs: Any) -> Any:
        raise ValueError("index 7 is out of range")

    broken = Engine(**{**vars(engine), "executor": executor})
    assert error_of(broken, [A, B]) == "net: error: index 7 is out of range"


def test_bfloat16_from_a_numpy_file_is_taken():
    doubled = engine_of(
        "func.func @f(%x: tensor<2xbf16>) -> tensor<2xbf16> {\n"
        "  %y = trt.element_wise sum %x, %x : (tensor<2xbf16>, tensor<2xbf16>) -> "
        "tensor<2xbf16>\n  func.return %y : tensor<2xbf16>\n}"
    )
    x = np.array([1.5, -2], ml_dtypes.bfloat16)
    (y,) = doubled.run([x.view("V2")])
    assert y.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(y.astype(np.float32), [3, -4])


def test_an_engine_shows_what_it_is(engine: Engine):
    assert repr(engine) == (
        "<Engine net on reference: left/a ?x2 float32, b 1x2 float32 -> "
        "sum/0 ?x2 float32, r 1x2 float32; 2 kernels>"
    )


def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "probe", lambda: CudaUnavailable("no NVIDIA driver"))


def test_auto_says_why_it_is_not_the_gpu(monkeypatch: pytest.MonkeyPatch):
    without_gpu(monkeypatch)
    device = engine_of(TWO_INPUTS, device="auto").device
    assert str(device) == "reference (numpy, slow): no NVIDIA driver"


def test_a_gpu_that_was_asked_for_is_never_replaced(monkeypatch: pytest.MonkeyPatch):
    without_gpu(monkeypatch)
    with pytest.raises(DiagnosticError, match="cuda cannot be used: no NVIDIA driver"):
        engine_of(TWO_INPUTS, device="cuda")


def test_an_unknown_device_names_the_nearest():
    with pytest.raises(DiagnosticError, match="'referense'; did you mean 'reference'"):
        engine_of(TWO_INPUTS, device="referense")


def test_threads_without_use_are_said():
    device = engine_of(TWO_INPUTS, threads=2).device
    assert str(device).endswith("as asked; it has no use for threads")


# A GPU whose memory is the host's and whose kernels are written in numpy.


class HostGpu(FakeDriver):
    """Holds real memory and runs `kernels` by the name they are launched by."""

    def __init__(self, **kernels: Callable[..., None]):
        super().__init__()
        self.kernels = kernels
        self.memory: dict[int, Any] = {}
        self.functions: list[str] = []

    def results(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        match name:
            case "cuMemAlloc":
                buffer = (ctypes.c_uint8 * arguments[0])()
                address = ctypes.addressof(buffer)
                self.memory[address] = buffer
                return (address,)
            case "cuMemFree":
                del self.memory[arguments[0]]
                return ()
            case "cuMemcpyHtoD" | "cuMemcpyDtoH":
                ctypes.memmove(*arguments)
                return ()
            case "cuModuleLoadDataEx":
                assert b".target sm_90" in arguments[0]
                return (11,)
            case "cuModuleGetFunction":
                self.functions.append(arguments[1].decode())
                return (len(self.functions) - 1,)
            case "cuLaunchKernel":
                addresses, _ = arguments[9]
                views = [np.frombuffer(self.memory[a], np.float32) for a in addresses]
                self.kernels[self.functions[arguments[0]]](*views)
                return ()
            case _:
                return super().results(name, arguments)


GPU_NET = """
func.func @net(%x: tensor<2x3xf32>)
    -> (tensor<3x2xf32>, tensor<2x3xf32>, tensor<6xf32>, tensor<2x3xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3xf32>>
  %s = trt.element_wise sum %x, %w layers ["add"]
    : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %v = trt.shuffle %s reshape = [3, 2] layers ["view"]
    : tensor<2x3xf32> -> tensor<3x2xf32>
  %p = trt.element_wise prod %v, %v layers ["square"]
    : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %f = trt.shuffle %p reshape = [6] layers ["flat"] : tensor<3x2xf32> -> tensor<6xf32>
  func.return %p, %x, %f, %w
    : tensor<3x2xf32>, tensor<2x3xf32>, tensor<6xf32>, tensor<2x3xf32>
}
"""


def on_gpu(
    monkeypatch: pytest.MonkeyPatch, driver: HostGpu, text: str, **options: Any
) -> Engine:
    gpu = CudaDevice(Driver(driver), 0, "Fake GPU", (9, 0))
    monkeypatch.setattr(cuda, "probe", lambda: gpu)
    return engine_of(text, **{"device": "cuda", **options})


def add(a: Any, b: Any, out: Any) -> None:
    out[:] = a + b


def square(a: Any, out: Any) -> None:
    out[:] = a * a


def test_a_network_runs_as_launches_over_device_memory(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    assert str(engine.device) == "cuda (Fake GPU, sm_90): as asked"
    (reference,) = [engine_of(GPU_NET, fuse="none")]
    for seed in (0, 1):
        x = np.random.default_rng(seed).standard_normal((2, 3), np.float32)
        found, wanted = engine.run([x]), reference.run([x])
        for a, b in zip(found, wanted, strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_array_equal(a, b)


def test_lowering_leaves_the_network_as_it_was_fused(monkeypatch: pytest.MonkeyPatch):
    engine = on_gpu(monkeypatch, HostGpu(), GPU_NET, fuse="none")
    assert [kernel.kind for kernel in engine.kernels] == ["sum", "prod"]
    assert "gpu." not in str(engine.module)


def test_tensors_without_elements_need_no_copy(monkeypatch: pytest.MonkeyPatch):
    engine = on_gpu(
        monkeypatch,
        HostGpu(),
        "func.func @f(%x: tensor<0x3xf32>) -> tensor<0x3xf32> {\n"
        "  %y = trt.activation relu %x : tensor<0x3xf32> -> tensor<0x3xf32>\n"
        "  func.return %y : tensor<0x3xf32>\n}",
    )
    assert engine.run([np.zeros((0, 3), np.float32)])[0].shape == (0, 3)


def test_device_memory_goes_with_the_engine(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    assert driver.memory
    del engine
    assert not driver.memory
    assert driver.names().count("cuDevicePrimaryCtxRelease") == driver.names().count(
        "cuDevicePrimaryCtxRetain"
    )


def test_the_target_is_that_of_the_gpu(monkeypatch: pytest.MonkeyPatch):
    engine = on_gpu(monkeypatch, HostGpu(), GPU_NET, fuse="none")
    assert "#trt.target<sm_90>" in str(engine.module)


SOFTMAX = """
func.func @net(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = trt.softmax %x axis = 1 layers ["prob"] : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return %y : tensor<2x3xf32>
}
"""


def test_a_kernel_that_there_is_none_of_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline, "lower_to_gpu", refuse_to_lower)
    with pytest.raises(DiagnosticError, match="no kernel for softmax"):
        on_gpu(monkeypatch, HostGpu(), SOFTMAX)


def test_auto_takes_the_reference_where_a_kernel_is_missing(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pipeline, "lower_to_gpu", refuse_to_lower)
    device = on_gpu(monkeypatch, HostGpu(), SOFTMAX, device="auto").device
    assert device.name == "reference"
    assert device.reason == "Fake GPU answers, but no kernel for softmax"


def test_a_gpu_that_refuses_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    driver.failures["cuMemAlloc"] = Code.CUDA_ERROR_OUT_OF_MEMORY
    with pytest.raises(DiagnosticError, match=r"net: error: .*OUT_OF_MEMORY \(2\)"):
        on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    device = on_gpu(monkeypatch, driver, GPU_NET, fuse="none", device="auto").device
    assert device.name == "reference"
    assert "Fake GPU answers, but allocating" in device.reason


def test_a_launch_that_fails_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    driver.failures["cuCtxSynchronize"] = Code.CUDA_ERROR_ILLEGAL_ADDRESS
    assert "ILLEGAL_ADDRESS (700)" in error_of(engine, [np.zeros((2, 3), np.float32)])


def refuse_to_lower(*_: Any) -> None:
    raise DiagnosticError.at(SourceLocation("net.mlir"), "no kernel for softmax")
