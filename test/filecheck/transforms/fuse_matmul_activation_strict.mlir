// RUN: fuse-opt %s --fuse-matmul-activation='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @relu
// CHECK: trt.fused "matmul_relu"(%a, %b)
// CHECK-NOT: trt.fused
func.func @relu(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation relu %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @biased_clip
// CHECK: trt.fused "matmul_sum_clip"(%a, %b, %v)
// CHECK-NOT: trt.fused
func.func @biased_clip(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %v0: tensor<1x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
    trt.yield %s : tensor<3x5xf32>
  }
  %r = trt.activation clip %g alpha = 0.0 beta = 6.0 : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @gelu
// CHECK: trt.fused "matmul_gelu_tanh"(%a, %b)
// CHECK-NOT: trt.fused
func.func @gelu(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation gelu_tanh %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @other_activation
// CHECK-NOT: trt.fused
func.func @other_activation(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found a pointwise layer after a matrix product", Constraint="catalog", Suggestion="mode=practice"}}
  %r = trt.activation tanh %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_with_a_residual
// CHECK: trt.fused "matmul_sum"
// CHECK: trt.activation relu
func.func @product_with_a_residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %v0: tensor<3x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %s : tensor<3x5xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found relu after a matrix product with a residual", Constraint="catalog", Suggestion="mode=practice"}}
  %r = trt.activation relu %g : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @gate
// CHECK-NOT: trt.fused "matmul
func.func @gate(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found a pointwise layer with a residual after a matrix product", Constraint="catalog", Suggestion="mode=practice"}}
  %p = trt.fused "pointwise"(%m, %y) layers ["s", "p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%m0: tensor<3x5xf32>, %y0: tensor<3x5xf32>):
    %s = trt.activation sigmoid %m0 layers ["s"] : tensor<3x5xf32> -> tensor<3x5xf32>
    %p = trt.element_wise prod %s, %y0 layers ["p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %p : tensor<3x5xf32>
  }
  func.return %p : tensor<3x5xf32>
}
