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

// -----

llvm.func @a_dot_product_is_of_four_bytes(%a: vector<4xi8>, %b: vector<2xi16>, %c: i32) {
  // expected-error @+1 {{wanted vector<4xi8>, found vector<2xi16>}}
  %s = nvvm.dot.accumulate.4way %a <signed>, %b <signed>, %c : vector<4xi8>, vector<2xi16>
  llvm.return
}

// -----

llvm.func @both_operands_have_signs(%a: vector<4xi8>, %c: i32) {
  // expected-error @+1 {{one operand is signed, the other unsigned}}
  %s = nvvm.dot.accumulate.4way %a <signed>, %a <unsigned>, %c : vector<4xi8>, vector<4xi8>
  llvm.return
}
