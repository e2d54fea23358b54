// RUN: fuse-opt %s --split-input-file --verify-diagnostics

llvm.func @a_count_of_threads_needs_a_barrier(%count: i32) {
  // expected-error @+1 {{number_of_threads needs the id of a barrier}}
  nvvm.barrier number_of_threads = %count
  llvm.return
}

// -----

llvm.func @only_32_bits_are_exchanged(%mask: i32, %x: i64) {
  // expected-error @+1 {{exchanges i32 or f32, not i64}}
  %r = nvvm.shfl.sync bfly %mask, %x, %mask, %mask : i64 -> i64
  llvm.return
}
