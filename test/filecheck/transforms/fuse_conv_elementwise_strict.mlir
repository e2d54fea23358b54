// RUN: fuse-opt %s --fuse-conv-elementwise='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @bare_conv
// CHECK: trt.fused "conv_sum"
func.func @bare_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %y, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @activated_conv
// CHECK: trt.fused "conv_relu"
// CHECK: trt.element_wise sum
func.func @activated_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %q : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a residual after a convolution with an activation", Constraint="catalog", Suggestion="mode=practice"}}
  %s = trt.element_wise sum %g, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @second_residual
// CHECK: trt.fused "conv_sum"
// CHECK: trt.element_wise sum
func.func @second_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a residual after a convolution with a residual", Constraint="catalog", Suggestion="mode=practice"}}
  %t = trt.element_wise sum %g, %z : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %t : tensor<1x2x4x4xf32>
}
