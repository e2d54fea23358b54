// RUN: fuse-opt %s --fuse-attention='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @attention_is_practice
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @attention_is_practice(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found attention written out", Constraint="catalog", Suggestion="mode=practice"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}
