"""Runs lowered networks without a GPU: kernels as native code, launches in a loop.

The kernels are those that PTX is made from. A thread's registers become globals that
the loop over the grid sets. Buffers have a margin that no kernel may touch.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith, bufferization, func, gpu, memref
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Operation, SSAValue

from fusemlir.codegen.targets import print_llvm
from fusemlir.dialects import get_all_dialects
from fusemlir.dialects.trt import ConstantOp
from fusemlir.frontend.mlir import parse_module
from fusemlir.frontend.verifier import verify_module
from fusemlir.lowering.expand_math import ExpandMathPass
from fusemlir.lowering.gpu.block_kernel import ALIGNMENT
from fusemlir.lowering.gpu.convert_trt_to_gpu import ConvertTrtToGpuPass
from fusemlir.lowering.to_llvm.convert_to_llvm import ConvertToLlvmPass
from fusemlir.network import functions
from fusemlir.weights import Weights, dtype_of

MARGIN = 64
"""Bytes before and after each buffer."""

UNTOUCHED = 0xA5

REGISTERS = """
@thread = internal global i32 0
@block = internal global i32 0
define internal i32 @read_thread() alwaysinline {
  %value = load i32, ptr @thread
  ret i32 %value
}
define internal i32 @read_block() alwaysinline {
  %value = load i32, ptr @block
  ret i32 %value
}
"""

ROUND_TO_BFLOAT = """
define bfloat @__truncsfbf2(float %x) {
  %bits = bitcast float %x to i32
  %upper = lshr i32 %bits, 16
  %last = and i32 %upper, 1
  %to_even = add i32 %last, 32767
  %rounded = add i32 %bits, %to_even
  %number = lshr i32 %rounded, 16
  %quiet = or i32 %upper, 64
  %is_nan = fcmp uno float %x, 0.0
  %chosen = select i1 %is_nan, i32 %quiet, i32 %number
  %half = trunc i32 %chosen to i16
  %result = bitcast i16 %half to bfloat
  ret bfloat %result
}
"""
"""What LLVM calls on a CPU; a compiler's runtime library has it, a process may not."""

LAUNCH = """
define void @launch_NAME(i32 %blocks, i32 %threads, PARAMETERS) {
entry:
  br label %outer
outer:
  %b = phi i32 [0, %entry], [%next_b, %outer_end]
  store i32 %b, ptr @block
  br label %inner
inner:
  %t = phi i32 [0, %outer], [%next_t, %inner]
  store i32 %t, ptr @thread
  call void @NAME(PARAMETERS)
  %next_t = add i32 %t, 1
  %more_t = icmp ult i32 %next_t, %threads
  br i1 %more_t, label %inner, label %outer_end
outer_end:
  %next_b = add i32 %b, 1
  %more_b = icmp ult i32 %next_b, %blocks
  br i1 %more_b, label %outer, label %end
end:
  ret void
}
"""


def parse(text: str) -> ModuleOp:
    context = Context()
    for name, load in get_all_dialects().items():
        context.register_dialect(name, load)
    module = parse_module(context, text, "test.mlir")
    verify_module(module)
    return module


def lower(module: ModuleOp) -> ModuleOp:
    """The module with its networks as host programs over kernels; the one given."""
    ConvertTrtToGpuPass().apply(Context(), module)
    verify_module(module)
    return module


def machine_level(module: ModuleOp) -> str:
    """LLVM IR of the kernels of a lowered module, which is left as it is."""
    copy = module.clone()
    ExpandMathPass().apply(Context(), copy)
    ConvertToLlvmPass().apply(Context(), copy)
    return print_llvm(copy)


def host_text(llvm_ir: str) -> str:
    """The kernels as functions for the host, each with one that runs its grid."""
    text = re.sub(r"^target .*$", "", llvm_ir, flags=re.MULTILINE)
    for register, name in (("tid", "thread"), ("ctaid", "block")):
        read = f"llvm.nvvm.read.ptx.sreg.{register}.x"
        text = text.replace(f"declare i32 @{read}()", "")
        text = text.replace(f"@{read}(", f"@read_{name}(")
    launches: list[str] = []
    for name, parameters in re.findall(
        r"^define ptx_kernel void @(\w+)\((.*?)\)", text, flags=re.MULTILINE
    ):
        names = [f"ptr %a{k}" for k in range(parameters.count("ptr"))]
        launch = LAUNCH.replace("NAME", name)
        launches.append(launch.replace("PARAMETERS", ", ".join(names)))
    text = text.replace("define ptx_kernel void", "define internal void")
    return REGISTERS + ROUND_TO_BFLOAT + text + "".join(launches)


def compile_for_host(text: str) -> Any:
    """llvmlite's engine, which owns the code."""
    binding = import_module("llvmlite.binding")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    # The instruction that rounds to bf16 takes subnormals for zeros, GPUs do not.
    features = binding.get_host_cpu_features()
    features.update({"avx512bf16": False, "avxneconvert": False})
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=features.flatten(),
        opt=2,
    )
    compiled = binding.parse_assembly(text)
    compiled.verify()
    tuning = binding.create_pipeline_tuning_options(2)
    builder = binding.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(compiled, builder)
    engine = binding.create_mcjit_compiler(compiled, machine)
    engine.finalize_object()
    return engine


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy that starts at a multiple of `ALIGNMENT` bytes, as kernels expect."""
    place = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -place.ctypes.data % ALIGNMENT
    copy = place[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


class Buffer:
    """An array of bytes no one wrote yet, between two margins."""

    def __init__(self, shape: Sequence[int], dtype: np.dtype[Any]):
        size = int(np.prod(shape)) * dtype.itemsize
        self._bytes = aligned(np.full(size + 2 * MARGIN, UNTOUCHED, np.uint8))
        self.array = self._bytes[MARGIN : MARGIN + size].view(dtype).reshape(shape)

    def check(self) -> None:
        for margin in (self._bytes[:MARGIN], self._bytes[-MARGIN:]):
            assert (margin == UNTOUCHED).all(), "a kernel wrote past its buffer"


class HostProgram:
    """Executes a lowered function, with `weights` behind its constants."""

    def __init__(self, module: ModuleOp, weights: Weights | None = None):
        self.module = module
        (self.function,) = functions(module)
        self.weights = weights or Weights.of_module(module)
        self.engine = compile_for_host(host_text(machine_level(module)))
        self.buffers: list[Buffer] = []
        self.values: dict[SSAValue, Any] = {}

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        arguments = self.function.body.block.args
        outputs = [self.buffer(value) for value in arguments[len(inputs) :]]
        arrays = [aligned(array) for array in inputs]
        self.values = dict(zip(arguments, [*arrays, *outputs], strict=True))
        for op in self.function.body.block.ops:
            self.execute(op)
        for buffer in self.buffers:
            buffer.check()
        return outputs

    def buffer(self, value: SSAValue) -> np.ndarray:
        type = value.type
        assert isinstance(type, memref.MemRefType)
        buffer = Buffer(type.get_shape(), dtype_of(type.element_type))
        self.buffers.append(buffer)
        return buffer.array

    def execute(self, op: Operation) -> None:
        values = self.values
        match op:
            case arith.ConstantOp(value=IntegerAttr(value=number)):
                values[op.result] = number.data
            case ConstantOp():
                values[op.output] = self.weights.array(op.value)
            case bufferization.ToBufferOp():
                values[op.memref] = aligned(values[op.tensor])
            case gpu.AllocOp():
                values[op.result] = self.buffer(op.result)
            case memref.ViewOp():
                self.values[op.result] = self.part(op)
            case memref.ReinterpretCastOp():
                shape = op.result.type.get_shape()
                values[op.result] = values[op.source].reshape(shape)
            case gpu.MemcpyOp():
                values[op.dst][...] = values[op.src]
            case gpu.LaunchFuncOp():
                self.launch(op)
            case func.ReturnOp():
                assert not op.operands
            case _:
                raise AssertionError(f"what is {op.name} doing in a host program?")

    def part(self, op: memref.ViewOp) -> np.ndarray:
        type = op.result.type
        assert isinstance(type, memref.MemRefType)
        shape, dtype = type.get_shape(), dtype_of(type.element_type)
        start = self.values[op.byte_shift]
        size = int(np.prod(shape)) * dtype.itemsize
        part = self.values[op.source][start : start + size].view(np.uint8)
        return part.view(dtype).reshape(shape)

    def launch(self, op: gpu.LaunchFuncOp) -> None:
        assert [self.values[v] for v in (op.gridSizeY, op.blockSizeY)] == [1, 1]
        blocks, threads = self.values[op.gridSizeX], self.values[op.blockSizeX]
        arrays = [self.values[operand] for operand in op.kernelOperands]
        name = op.kernel.nested_references.data[0].data
        kinds = [ctypes.c_int32] * 2 + [ctypes.c_void_p] * len(arrays)
        address = self.engine.get_function_address(f"launch_{name}")
        function = ctypes.CFUNCTYPE(None, *kinds)(address)
        function(blocks, threads, *(array.ctypes.data for array in arrays))


def run_lowered(text: str, *inputs: np.ndarray) -> list[np.ndarray]:
    """What the one network of a module of MLIR text gives, lowered."""
    return HostProgram(lower(parse(text)))(*inputs)
