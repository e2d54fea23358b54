// RUN: fuse-opt %s --fuse-conv-activation='mode=strict' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @silu
// CHECK: trt.fused "conv_sigmoid_prod"
func.func @silu(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %p = trt.fused "pointwise"(%c) layers ["s", "m"] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>):
    %s = trt.activation sigmoid %c0 layers ["s"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %c0, %s layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %m : tensor<1x2x4x4xf32>
  }
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @relu_after_a_residual
// CHECK: trt.fused "conv_sum_relu"
func.func @relu_after_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  %r = trt.activation relu %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @silu_after_a_residual
// CHECK: trt.fused "conv_sum"
// CHECK: trt.fused "pointwise"
func.func @silu_after_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "t"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["t"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a pointwise layer after a convolution with a residual", Constraint="catalog", Suggestion="mode=practice"}}
  %p = trt.fused "pointwise"(%c) layers ["s", "m"] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>):
    %s = trt.activation sigmoid %c0 layers ["s"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %c0, %s layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %m : tensor<1x2x4x4xf32>
  }
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @second_activation
// CHECK: trt.fused "conv_relu"
// CHECK: trt.activation tanh
func.func @second_activation(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %q : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found a pointwise layer after a convolution with an activation", Constraint="catalog", Suggestion="mode=practice"}}
  %r = trt.activation tanh %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @pointwise_with_a_residual
// CHECK-NOT: trt.fused "conv
func.func @pointwise_with_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a fusion of the catalog, found a pointwise layer with a residual after a convolution", Constraint="catalog", Suggestion="mode=practice"}}
  %p = trt.fused "pointwise"(%c, %y) layers ["s", "m", "t"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>, %y0: tensor<1x2x4x4xf32>):
    %s = trt.activation sigmoid %c0 layers ["s"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %c0, %s layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %t = trt.element_wise sum %m, %y0 layers ["t"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %t : tensor<1x2x4x4xf32>
  }
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @activation_after_an_activation_and_a_residual
// CHECK: trt.fused "conv_relu_sum"
// CHECK: trt.activation relu
func.func @activation_after_an_activation_and_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu_sum"(%x, %w, %y) layers ["c", "q", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %q, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a fusion of the catalog, found relu after a convolution with an activation and a residual", Constraint="catalog", Suggestion="mode=practice"}}
  %r = trt.activation relu %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}
