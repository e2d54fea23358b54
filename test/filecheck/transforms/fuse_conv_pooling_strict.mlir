// RUN: fuse-opt %s --fuse-conv-pooling='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @bare_conv
// CHECK: trt.fused "conv_pool"
func.func @bare_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @activated_conv
// CHECK: trt.fused "conv_relu_pool"
func.func @activated_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %q : tensor<1x2x4x4xf32>
  }
  %p = trt.pooling max %g window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @cost_is_not_asked
// CHECK: trt.fused "conv_pool"
func.func @cost_is_not_asked(%x: tensor<1x3x7x7xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x7x7xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x7x7xf32>
  %p = trt.pooling average %c window = [7, 7] : tensor<1x2x7x7xf32> -> tensor<1x2x1x1xf32>
  func.return %p : tensor<1x2x1x1xf32>
}

// -----

// CHECK-LABEL: @conv_carries_a_sum
// CHECK: trt.fused "conv_sum"
// CHECK: trt.pooling
func.func @conv_carries_a_sum(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a pool after a convolution with a residual", Constraint="catalog", Suggestion="mode=practice"}}
  %p = trt.pooling max %g window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @conv_carries_a_sum_and_an_activation
// CHECK: trt.fused "conv_sum_relu"
// CHECK: trt.pooling
func.func @conv_carries_a_sum_and_an_activation(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %g = trt.fused "conv_sum_relu"(%x, %w, %y) layers ["c", "s", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %s layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %q : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a pool after a convolution with a residual and an activation", Constraint="catalog", Suggestion="mode=practice"}}
  %p = trt.pooling max %g window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}
