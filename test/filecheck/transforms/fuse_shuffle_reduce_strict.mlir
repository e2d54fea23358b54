// RUN: fuse-opt %s --fuse-shuffle-reduce='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @kept_axes_stay
// CHECK: trt.fused "shuffle_reduce_sum"(%x)
func.func @kept_axes_stay(%x: tensor<2x3x4xf32>) -> tensor<2x1x1xf32> {
  %s = trt.shuffle %x first_transpose = [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce}}
  %r = trt.reduce sum %s axes = [1, 2] keep_dimensions : tensor<2x4x3xf32> -> tensor<2x1x1xf32>
  func.return %r : tensor<2x1x1xf32>
}

// -----

// CHECK-LABEL: @dropped_dimensions
// CHECK: trt.shuffle
func.func @dropped_dimensions(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{Constraint="keep-dimensions"}}
  %r = trt.reduce sum %s axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  func.return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: @norms_are_practice
// CHECK: trt.shuffle
// CHECK: trt.fused "abs_reduce_sum"
func.func @norms_are_practice(%x: tensor<3x4xf32>) -> tensor<4x1xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found the norm abs_reduce_sum", Constraint="catalog", Suggestion="mode=practice"}}
  %y = trt.fused "abs_reduce_sum"(%s) layers ["a", "r"] : (tensor<4x3xf32>) -> tensor<4x1xf32> {
  ^bb0(%v: tensor<4x3xf32>):
    %a = trt.unary abs %v layers ["a"] : tensor<4x3xf32> -> tensor<4x3xf32>
    %r = trt.reduce sum %a axes = [1] keep_dimensions layers ["r"] : tensor<4x3xf32> -> tensor<4x1xf32>
    trt.yield %r : tensor<4x1xf32>
  }
  func.return %y : tensor<4x1xf32>
}
