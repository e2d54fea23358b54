// RUN: fuse-opt %s --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM
// RUN: fuse-opt %s --convert-to-llvm -t 'ptx{sm=80}' | FileCheck %s --check-prefix=PTX

// LLVM: @partial = internal addrspace(3) global [8 x float] undef, align 16
// LLVM: call float @llvm.nvvm.shfl.sync.bfly.f32(
// LLVM: store float %{{.*}}, ptr addrspace(3)
// LLVM: call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
// LLVM: load float, ptr addrspace(3)

// PTX: .visible .entry sum_of_two_lanes
// PTX: .shared .align 16 .b8 partial[32]
// PTX: shfl.sync.bfly.b32
// PTX: st.shared.b32
// PTX: bar.sync 0
// PTX: ld.shared.b32
// PTX: st.global.b32
"gpu.module"() <{sym_name = "kernels"}> ({
  "memref.global"() <{sym_name = "partial", sym_visibility = "private", type = memref<8xf32, 3 : i32>, initial_value, alignment = 16 : i64}> : () -> ()
  "gpu.func"() <{function_type = (memref<256xf32>, memref<256xf32>) -> ()}> ({
  ^bb0(%x: memref<256xf32>, %y: memref<256xf32>):
    %t = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index
    %warp_size = arith.constant 32 : index
    %warp = arith.divui %t, %warp_size : index
    %v = memref.load %x[%t] : memref<256xf32>
    %all = arith.constant -1 : i32
    %one = arith.constant 1 : i32
    %whole_warp = arith.constant 31 : i32
    %w = nvvm.shfl.sync bfly %all, %v, %one, %whole_warp : f32 -> f32
    %s = arith.addf %v, %w : f32
    %partial = memref.get_global @partial : memref<8xf32, 3 : i32>
    memref.store %s, %partial[%warp] : memref<8xf32, 3 : i32>
    "gpu.barrier"() : () -> ()
    %seven = arith.constant 7 : index
    %other = arith.subi %seven, %warp : index
    %p = memref.load %partial[%other] : memref<8xf32, 3 : i32>
    memref.store %p, %y[%t] : memref<256xf32>
    "gpu.return"() : () -> ()
  }) {sym_name = "sum_of_two_lanes", gpu.kernel, known_block_size = array<i32: 256, 1, 1>} : () -> ()
}) : () -> ()
