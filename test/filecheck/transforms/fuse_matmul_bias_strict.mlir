// RUN: fuse-opt %s --fuse-matmul-bias='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @bias
// CHECK: trt.fused "matmul_sum"
func.func @bias(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// It has the shape of the product as well.
// CHECK-LABEL: @bias_of_a_single_row
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @bias_of_a_single_row(%a: tensor<1x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<1x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<1x4xf32>, tensor<4x5xf32>) -> tensor<1x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<1x5xf32>, tensor<1x5xf32>) -> tensor<1x5xf32>
  func.return %s : tensor<1x5xf32>
}

// -----

// CHECK-LABEL: @residual
// CHECK-NOT: trt.fused
func.func @residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found a residual after a matrix product", Constraint="catalog", Suggestion="mode=practice"}}
  %s = trt.element_wise sum %m, %y : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @second_bias
// CHECK: trt.fused "matmul_sum"
// CHECK: trt.element_wise sum
func.func @second_bias(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>, %u: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %v0: tensor<1x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
    trt.yield %s : tensor<3x5xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a bias after a matrix product with a bias", Constraint="catalog", Suggestion="mode=practice"}}
  %t = trt.element_wise sum %g, %u : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %t : tensor<3x5xf32>
}
