"""Engines: what they take and give, what they refuse, and where they run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from test_cuda import Code, FakeDriver

import fusemlir
from fusemlir import native_program, pipeline
from fusemlir.codegen.native import host_cpu
from fusemlir.diagnostics import DiagnosticError, SourceLocation
from fusemlir.frontend.mlir import parse_module
from fusemlir.runtime import cuda, dlpack
from fusemlir.runtime.cuda import CudaDevice, CudaUnavailable, Driver
from fusemlir.runtime.cuda_executor import CudaExecutor
from fusemlir.runtime.engine import Engine
from fusemlir.runtime.gpu_program import GpuProgram, Launch
from fusemlir.source_network import make_context
from fusemlir.weights import Weights

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
    monkeypatch.setattr(cuda, "probe", lambda **_: CudaUnavailable("no NVIDIA driver"))


def test_auto_says_why_it_is_not_the_gpu(monkeypatch: pytest.MonkeyPatch):
    without_gpu(monkeypatch)
    device = engine_of(SOFTMAX, device="auto", threads=1).device
    assert str(device) == f"host ({host_cpu().name}, 1 thread): no NVIDIA driver"


def test_auto_takes_the_reference_where_nothing_else_has_a_kernel(
    monkeypatch: pytest.MonkeyPatch,
):
    without_gpu(monkeypatch)
    monkeypatch.setattr(native_program, "native_program", refuse_to_lower)
    device = engine_of(TWO_INPUTS, device="auto").device
    assert device.name == "reference"
    assert device.reason == "no NVIDIA driver; host: no kernel for softmax"


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
        self.recording: list[tuple[Any, ...]] | None = None
        self.graph: list[tuple[Any, ...]] = []

    def results(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        match name:
            case "cuMemAlloc" | "cuMemHostAlloc":
                buffer = (ctypes.c_uint8 * arguments[0])()
                address = ctypes.addressof(buffer)
                self.memory[address] = buffer
                return (address,)
            case "cuMemFree" | "cuMemFreeHost":
                del self.memory[arguments[0]]
                return ()
            case "cuMemcpyHtoD" | "cuMemcpyDtoH":
                ctypes.memmove(*arguments)
                return ()
            case "cuMemcpyHtoDAsync" | "cuMemcpyDtoHAsync" | "cuMemcpyDtoDAsync":
                ctypes.memmove(*arguments[:3])
                return ()
            case "cuModuleLoadDataEx":
                assert b".target sm_90" in arguments[0]
                return (11,)
            case "cuModuleGetFunction":
                self.functions.append(arguments[1].decode())
                return (len(self.functions) - 1,)
            case "cuStreamBeginCapture":
                self.recording = []
                return ()
            case "cuStreamEndCapture":
                self.graph, self.recording = self.recording or [], None
                return (14,)
            case "cuGraphLaunch":
                for launch in self.graph:
                    self.launch(*launch)
                return ()
            case "cuLaunchKernel":
                launch = (arguments[0], arguments[9][0])
                if self.recording is None:
                    self.launch(*launch)
                else:
                    self.recording.append(launch)
                return ()
            case _:
                return super().results(name, arguments)

    def launch(self, function: int, addresses: tuple[int, ...]) -> None:
        self.kernels[self.functions[function]](*map(self.view, addresses))

    def view(self, address: int) -> Any:
        """What is at an address, to the end of the allocation that it lies in."""
        for start, buffer in self.memory.items():
            if start <= address < start + len(buffer):
                return np.frombuffer(buffer, np.float32, offset=address - start)
        raise AssertionError("nobody allocated that")


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
    monkeypatch.setattr(cuda, "probe", lambda **_: gpu)
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


def test_launches_are_timed_one_by_one(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none", graph=True)
    driver.calls.clear()
    profile = engine.profile([np.ones((2, 3), np.float32)], 2)
    seconds = {timed.kernel.layers: timed.seconds for timed in profile.kernels}
    # What the driver says of each pair of events.
    assert seconds == {("add",): 2.5e-3, ("square",): 2.5e-3}
    assert (profile.seconds, profile.others) == (5e-3, ())
    names = driver.names()
    assert names.count("cuLaunchKernel") == 4
    assert names.count("cuEventCreate") == names.count("cuEventDestroy") == 3


SHARED_ARENA = """
func.func @net(%x: tensor<6xf32>) -> tensor<6xf32> {
  %a = trt.unary neg %x layers ["a"] : tensor<6xf32> -> tensor<6xf32>
  %b = trt.element_wise sum %a, %x layers ["b"]
    : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  %c = trt.element_wise prod %a, %b layers ["c"]
    : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  %d = trt.element_wise sub %c, %b layers ["d"]
    : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
  %e = trt.unary abs %d layers ["e"] : tensor<6xf32> -> tensor<6xf32>
  func.return %e : tensor<6xf32>
}
"""


def test_tensors_have_their_places_in_one_allocation(monkeypatch: pytest.MonkeyPatch):
    """Three live at one time, and the fourth lies where the first did."""
    driver = HostGpu(
        neg_0=lambda a, out: np.negative(a[:6], out[:6]),
        sum_0=lambda a, b, out: np.add(a[:6], b[:6], out[:6]),
        prod_0=lambda a, b, out: np.multiply(a[:6], b[:6], out[:6]),
        sub_0=lambda a, b, out: np.subtract(a[:6], b[:6], out[:6]),
        abs_0=lambda a, out: np.abs(a[:6], out[:6]),
    )
    engine = on_gpu(monkeypatch, driver, SHARED_ARENA, fuse="none")
    x = np.arange(6, dtype=np.float32)
    wanted = engine_of(SHARED_ARENA, fuse="none").run([x])
    np.testing.assert_array_equal(engine.run([x])[0], wanted[0])
    launches = [call[9 + 1][0] for call in driver.calls if call[0] == "cuLaunchKernel"]
    (_, a), (_, _, b), (_, _, c), (_, _, d), (_, _) = launches
    assert {b - min(a, b, c), a - min(a, b, c), c - min(a, b, c)} == {0, 256, 512}
    assert d == a


def test_a_kernel_is_allowed_what_it_is_launched_with(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu()
    program = GpuProgram(".target sm_90")
    for size in (60_000, 100_000):
        launch = Launch("k", (1, 1, 1), (1, 1, 1), (), shared_bytes=size)
        program.launches.append(launch)
    program.launches.append(Launch("small", (1, 1, 1), (1, 1, 1), (), 48 * 1024))
    gpu = CudaDevice(Driver(driver), 0, "Fake GPU", (9, 0))
    CudaExecutor(gpu, program, (), Weights())
    calls = [call for call in driver.calls if call[0] == "cuFuncSetAttribute"]
    assert calls == [("cuFuncSetAttribute", 0, 8, 100_000)]


def test_a_graph_computes_the_same_in_one_start(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none", graph=True)
    assert str(engine.device) == "cuda (Fake GPU, sm_90, one CUDA graph): as asked"
    reference = engine_of(GPU_NET, fuse="none")
    driver.calls.clear()
    for seed in (0, 1):
        x = np.random.default_rng(seed).standard_normal((2, 3), np.float32)
        for a, b in zip(engine.run([x]), reference.run([x]), strict=True):
            np.testing.assert_array_equal(a, b)
    assert driver.names().count("cuGraphLaunch") == 2
    assert "cuLaunchKernel" not in driver.names()
    del engine
    assert {"cuGraphExecDestroy", "cuGraphDestroy", "cuStreamDestroy"} < {
        *driver.names()
    }


def test_a_graph_is_for_a_gpu():
    with pytest.raises(DiagnosticError, match="a CUDA graph is for device cuda"):
        engine_of(TWO_INPUTS, graph=True)


def test_inputs_and_outputs_are_copied_through_pinned_memory(
    monkeypatch: pytest.MonkeyPatch,
):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    driver.calls.clear()
    engine.run([np.zeros((2, 3), np.float32)])
    copies = [name for name in driver.names() if "Memcpy" in name]
    assert set(copies) == {"cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync"}
    assert "cuMemAlloc" not in driver.names()
    assert "cuMemHostAlloc" not in driver.names()


def test_an_input_of_any_layout_is_taken(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    x = np.arange(6, dtype=np.float32).reshape(3, 2).T
    np.testing.assert_array_equal(engine.run([x])[1], x)


@pytest.mark.parametrize("ordinal", [0, 1])
def test_a_device_may_have_its_number(ordinal: int, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def probe(ordinal: int = 0) -> CudaUnavailable:
        asked.append(ordinal)
        return CudaUnavailable("gone")

    monkeypatch.setattr(cuda, "probe", probe)
    with pytest.raises(DiagnosticError, match=f"device cuda:{ordinal} cannot be used"):
        engine_of(TWO_INPUTS, device=f"cuda:{ordinal}")
    assert asked == [ordinal]


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "reference:1"])
def test_a_number_that_is_none_is_refused(device: str):
    with pytest.raises(DiagnosticError, match="wanted a device with its number"):
        engine_of(TWO_INPUTS, device=device)


class OnGpu:
    """An array of another library on the fake GPU, by either protocol."""

    def __init__(self, array: Any, ordinal: int = 0):
        self.array = array
        self.ordinal = ordinal
        self.streams: list[Any] = []
        self.owner = Owner()

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, self.ordinal

    def __dlpack__(self, stream: Any = None) -> Any:
        self.streams.append(stream)
        shared = dlpack.Shared(
            self.array.ctypes.data,
            self.array.shape,
            self.array.dtype,
            (dlpack.CUDA, self.ordinal),
            None,
        )
        return dlpack.give(shared, self.owner)


class Owner:
    """Something that a weak reference can be made of."""


def interface_of(array: Any) -> Any:
    """An object that only has `__cuda_array_interface__`."""
    return SimpleNamespace(__cuda_array_interface__=array.__array_interface__)


def test_arrays_on_the_gpu_go_in_and_out_without_the_host(
    monkeypatch: pytest.MonkeyPatch,
):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    x = np.random.default_rng(0).standard_normal((2, 3), np.float32)
    wanted = engine_of(GPU_NET, fuse="none").run([x])
    driver.calls.clear()
    given = OnGpu(x)
    for one in (given, interface_of(x)):
        found = engine.run_on_device([one])
        for array, expected in zip(found, wanted, strict=True):
            assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
            assert array.__dlpack_device__() == (dlpack.CUDA, 0)
            view = np.frombuffer(driver.memory[array.address], np.float32)
            np.testing.assert_array_equal(view, expected.reshape(-1))
    assert given.streams == [13]
    copies = {name for name in driver.names() if "Memcpy" in name}
    assert copies == {"cuMemcpyDtoDAsync"}
    again = engine.run_on_device([found[1]])
    view = np.frombuffer(driver.memory[again[1].address], np.float32)
    np.testing.assert_array_equal(view, x.reshape(-1))


def test_outputs_on_the_gpu_outlive_the_engine(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    found = engine.run_on_device([OnGpu(np.zeros((2, 3), np.float32))])
    del engine
    assert found[0].address in driver.memory
    capsule = found[0].__dlpack__()
    del found
    assert driver.memory, "the capsule keeps its array"
    del capsule
    assert not driver.memory


def test_arrays_elsewhere_are_refused(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    x = np.zeros((2, 3), np.float32)
    for given, message in (
        (x, "wanted an array on a GPU.*found ndarray"),
        (OnGpu(x, ordinal=1), "wanted an array on GPU 0, found 1"),
        (interface_of(np.zeros((3, 2), np.float32).T), "wanted a contiguous array"),
        (OnGpu(x.astype(np.float64)), "must be float32, found float64"),
        (OnGpu(x.T.copy()), "must have shape 2x3, found 3x2"),
    ):
        with pytest.raises(DiagnosticError, match=message):
            engine.run_on_device([given])
    with pytest.raises(DiagnosticError, match="takes 1 inputs"):
        engine.run_on_device([])
    with pytest.raises(DiagnosticError, match="are for device cuda, this engine is on"):
        engine_of(GPU_NET).run_on_device([OnGpu(x)])


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


def test_auto_takes_the_host_where_a_kernel_is_missing(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pipeline, "lower_to_gpu", refuse_to_lower)
    device = on_gpu(monkeypatch, HostGpu(), SOFTMAX, device="auto").device
    assert device.name == "host"
    assert device.reason == "Fake GPU answers, but no kernel for softmax"


def test_a_gpu_that_refuses_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    driver.failures["cuMemAlloc"] = Code.CUDA_ERROR_OUT_OF_MEMORY
    with pytest.raises(DiagnosticError, match=r"net: error: .*OUT_OF_MEMORY \(2\)"):
        on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    device = on_gpu(monkeypatch, driver, GPU_NET, fuse="none", device="auto").device
    assert device.name == "host"
    assert "Fake GPU answers, but allocating" in device.reason


def test_a_launch_that_fails_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    driver = HostGpu(sum_0=add, prod_0=square)
    engine = on_gpu(monkeypatch, driver, GPU_NET, fuse="none")
    driver.failures["cuStreamSynchronize"] = Code.CUDA_ERROR_ILLEGAL_ADDRESS
    message = error_of(engine, [np.zeros((2, 3), np.float32)])
    assert "one of 2 kernels, `sum_0` to `prod_0`" in message
    assert "ILLEGAL_ADDRESS (700)" in message


def refuse_to_lower(*_: Any) -> None:
    raise DiagnosticError.at(SourceLocation("net.mlir"), "no kernel for softmax")
