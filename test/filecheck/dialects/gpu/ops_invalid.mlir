// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @a_shuffle_is_of_32_bits(%x: f16, %i: i32) {
  // expected-error @+1 {{exchanges i32 or f32, not f16}}
  %a, %p = gpu.shuffle xor %x, %i, %i : f16
  func.return
}

// -----

func.func @dynamic_shared_memory_is_of_the_workgroup() {
  // expected-error @+1 {{wanted memref<?xi8, #gpu.address_space<workgroup>>, found memref<?xi8, 3 : i32>}}
  %m = gpu.dynamic_shared_memory : memref<?xi8, 3 : i32>
  func.return
}
