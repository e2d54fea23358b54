// RUN: fuse-opt %s --convert-gpu-to-nvvm | FileCheck %s

"gpu.module"() <{sym_name = "kernels"}> ({
  // CHECK: llvm.func @a_kernel_takes_bare_pointers(%{{.*}}: !llvm.ptr, %{{.*}}: i32) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 256, 1, 1>, nvvm.minctasm = 1 : i32}
  "gpu.func"() <{function_type = (memref<4xf32>, i32) -> ()}> ({
  ^bb0(%x: memref<4xf32>, %n: i32):
    // CHECK: llvm.return
    "gpu.return"() : () -> ()
  }) {sym_name = "a_kernel_takes_bare_pointers", gpu.kernel, known_block_size = array<i32: 256, 1, 1>, nvvm.minctasm = 1 : i32} : () -> ()

  // CHECK: llvm.func @the_property_of_a_kernel_counts_too() attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 32, 1, 1>}
  "gpu.func"() <{function_type = () -> (), kernel}> ({
    "gpu.return"() : () -> ()
  }) {sym_name = "the_property_of_a_kernel_counts_too", gpu.known_block_size = array<i32: 32, 1, 1>} : () -> ()

  // CHECK: llvm.func @another_function_is_no_kernel(%[[X:.*]]: f32) -> f32 {
  "gpu.func"() <{function_type = (f32) -> f32}> ({
  ^bb0(%x: f32):
    // CHECK: llvm.return %[[X]] : f32
    "gpu.return"(%x) : (f32) -> ()
  }) {sym_name = "another_function_is_no_kernel"} : () -> ()

  // CHECK: llvm.func @what_a_thread_asks
  "gpu.func"() <{function_type = () -> ()}> ({
    // CHECK: %[[TX:.*]] = nvvm.read.ptx.sreg.tid.x : i32
    // CHECK: llvm.sext %[[TX]] : i32 to i64
    // CHECK: nvvm.read.ptx.sreg.ctaid.y : i32
    // CHECK: nvvm.read.ptx.sreg.ntid.z : i32
    // CHECK: nvvm.read.ptx.sreg.nctaid.x : i32
    // CHECK: nvvm.read.ptx.sreg.laneid : i32
    // CHECK: nvvm.read.ptx.sreg.warpsize : i32
    // CHECK: nvvm.barrier
    %tid = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index
    %bid = "gpu.block_id"() <{dimension = #gpu<dim y>}> : () -> index
    %bdim = "gpu.block_dim"() <{dimension = #gpu<dim z>}> : () -> index
    %gdim = "gpu.grid_dim"() <{dimension = #gpu<dim x>}> : () -> index
    %lane = "gpu.lane_id"() : () -> index
    %warp = "gpu.subgroup_size"() : () -> index
    "gpu.barrier"() : () -> ()
    "gpu.return"() : () -> ()
  }) {sym_name = "what_a_thread_asks"} : () -> ()

  // CHECK: llvm.func @a_global_id_is_block_times_size_plus_thread
  "gpu.func"() <{function_type = () -> index}> ({
    // CHECK: %[[B32:.*]] = nvvm.read.ptx.sreg.ctaid.x
    // CHECK: %[[B:.*]] = llvm.sext %[[B32]]
    // CHECK: %[[S32:.*]] = nvvm.read.ptx.sreg.ntid.x
    // CHECK: %[[S:.*]] = llvm.sext %[[S32]]
    // CHECK: %[[T32:.*]] = nvvm.read.ptx.sreg.tid.x
    // CHECK: %[[T:.*]] = llvm.sext %[[T32]]
    // CHECK: %[[M:.*]] = llvm.mul %[[B]], %[[S]] : i64
    // CHECK: %[[R:.*]] = llvm.add %[[M]], %[[T]] : i64
    // CHECK: llvm.return %[[R]] : i64
    %i = "gpu.global_id"() <{dimension = #gpu<dim x>}> : () -> index
    "gpu.return"(%i) : (index) -> ()
  }) {sym_name = "a_global_id_is_block_times_size_plus_thread"} : () -> ()
}) : () -> ()

// CHECK-LABEL: @a_shuffle_is_among_all_lanes_of_a_warp
func.func @a_shuffle_is_among_all_lanes_of_a_warp(%x: f32, %i: i32) -> (f32, f32, i1) {
  // CHECK: %[[ALL:.*]] = llvm.mlir.constant(-1 : i32)
  // CHECK: %[[CLAMP:.*]] = llvm.mlir.constant(31 : i32)
  // CHECK: nvvm.shfl.sync bfly %[[ALL]], %{{.*}}, %{{.*}}, %[[CLAMP]] : f32 -> f32
  // CHECK: %[[SEGMENT:.*]] = llvm.mlir.constant(6144 : i32)
  // CHECK: %[[BOTH:.*]] = nvvm.shfl.sync up %{{.*}}, %{{.*}}, %{{.*}}, %[[SEGMENT]] {return_value_and_is_valid} : f32 -> !llvm.struct<(f32, i1)>
  // CHECK: llvm.extractvalue %[[BOTH]][0]
  // CHECK: llvm.extractvalue %[[BOTH]][1]
  %warp = arith.constant 32 : i32
  %eight = arith.constant 8 : i32
  %a, %p = gpu.shuffle xor %x, %i, %warp : f32
  %b, %q = gpu.shuffle up %x, %i, %eight : f32
  func.return %a, %b, %q : f32, f32, i1
}

// All kernels have the dynamic shared memory in common.
"gpu.module"() <{sym_name = "shared"}> ({
  // CHECK:     llvm.mlir.global external @dynamic_shared_memory() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
  // CHECK-NOT: llvm.mlir.global
  // CHECK:     llvm.mlir.addressof @dynamic_shared_memory : !llvm.ptr<3>
  // CHECK:     llvm.mlir.addressof @dynamic_shared_memory : !llvm.ptr<3>
  "gpu.func"() <{function_type = () -> ()}> ({
    %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %n = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    "gpu.return"() : () -> ()
  }) {sym_name = "twice", gpu.kernel} : () -> ()
}) : () -> ()
