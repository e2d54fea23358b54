// RUN: fuse-opt %s --fuse-layer-norm='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @layer_norm_is_practice
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @layer_norm_is_practice(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found a normalisation written out", Constraint="catalog", Suggestion="mode=practice"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @in_strict_mode_other_reasons_come_first
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @in_strict_mode_other_reasons_come_first(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x1x8xf32>, tensor<1x1x1xf32>) -> tensor<2x1x8xf32>
  %r = trt.unary sqrt %a : tensor<2x1x8xf32> -> tensor<2x1x8xf32>
  // expected-remark@+1 {{Constraint="last-axes"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}
