// RUN: fuse-opt %s --convert-cf-to-llvm | FileCheck %s

// CHECK-LABEL: @block_arguments_of_index_become_i64
func.func @block_arguments_of_index_become_i64(%i: index, %c: i1) -> index {
  // CHECK: %[[I:.*]] = builtin.unrealized_conversion_cast %{{.*}} : index to i64
  // CHECK: llvm.br ^[[LOOP:.*]](%[[I]] : i64)
  // CHECK: ^[[LOOP]](%[[J:.*]]: i64):
  // CHECK: llvm.cond_br %{{.*}}, ^[[LOOP]](%[[J]] : i64), ^[[END:.*]]
  // CHECK: ^[[END]]:
  cf.br ^loop(%i : index)
^loop(%j: index):
  cf.cond_br %c, ^loop(%j : index), ^end
^end:
  func.return %j : index
}

// CHECK-LABEL: @two_ways_to_one_block_select
func.func @two_ways_to_one_block_select(%c: i1, %x: f32, %y: f32) -> f32 {
  // CHECK: %[[V:.*]] = llvm.select %{{.*}}, %{{.*}}, %{{.*}} : i1, f32
  // CHECK: llvm.br ^[[END:.*]](%[[V]] : f32)
  cf.cond_br %c, ^end(%x : f32), ^end(%y : f32)
^end(%r: f32):
  func.return %r : f32
}
