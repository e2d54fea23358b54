// RUN: fuse-opt %s --fuse-sum-of-squares='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @product_with_itself
// CHECK: trt.fused "prod_reduce_sum"
func.func @product_with_itself(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @second_power
// CHECK-NOT: trt.fused
func.func @second_power(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %two = trt.constant dense<2.0> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %two : (tensor<2x5xf32>, tensor<1x1xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a product, found pow in strict mode", Constraint="product", Suggestion="--fuse-sum-of-squares='mode=practice'"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}
