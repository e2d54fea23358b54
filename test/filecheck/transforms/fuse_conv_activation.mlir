// RUN: fuse-opt %s --fuse-conv-activation --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @sigmoid
// CHECK: %[[R:.*]] = trt.fused "conv_sigmoid"(%x, %w) layers ["c", "r"]
// CHECK: func.return %[[R]]
func.func @sigmoid(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-activation | Category:fusion | Reason="fused into c + r"}}
  %r = trt.activation sigmoid %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @silu
// CHECK: trt.fused "conv_sigmoid_prod"(%x, %w) layers ["c", "s", "m"]
// CHECK-NOT: trt.fused
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

// CHECK-LABEL: @hard_swish_by_a_literal
// CHECK: trt.fused "conv_pointwise"(%x, %w) layers ["c", "h", "n", "m"]
// CHECK-NOT: trt.fused
func.func @hard_swish_by_a_literal(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %p = trt.fused "pointwise"(%c) layers ["h", "n", "m"] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>):
    %k = trt.constant dense<0.5> : tensor<1x1x1x1xf32>
    %h = trt.activation hard_sigmoid %c0 alpha = 0.2 beta = 0.5 layers ["h"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %n = trt.element_wise prod %c0, %h layers ["n"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %n, %k layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %m : tensor<1x2x4x4xf32>
  }
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @leaky_relu_after_a_residual
// CHECK: trt.fused "conv_sum_leaky_relu"(%x, %w, %y) layers ["c", "s", "r"]
func.func @leaky_relu_after_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  %r = trt.activation leaky_relu %g alpha = 0.1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_times_itself
// CHECK: trt.fused "conv_prod"(%x, %w) layers ["c", "r"]
func.func @conv_times_itself(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.element_wise prod %c, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @product_with_a_literal
// CHECK: trt.fused "conv_prod"(%x, %w) layers ["c", "r"]
func.func @product_with_a_literal(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.element_wise prod %k, %c : (tensor<1x1x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unary
// CHECK: trt.fused "conv_exp"
func.func @unary(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.unary exp %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @uniform_scale
// CHECK: trt.fused "conv_scale"(%x, %w)
func.func @uniform_scale(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<2.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.scale uniform %c scale(%k : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @gelu_in_single_precision
// CHECK: trt.fused "conv_gelu_erf"
func.func @gelu_in_single_precision(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "conv_tanh"
func.func @half_precision(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.activation tanh %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: trt.fused "conv_tanh"
func.func @grouped(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32> {
  %c = trt.convolution %x, %w num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  %r = trt.activation tanh %c : tensor<1x6x4x4xf32> -> tensor<1x6x4x4xf32>
  func.return %r : tensor<1x6x4x4xf32>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.fused "conv_tanh"
func.func @depthwise(%x: tensor<1x3x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32> {
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32>
  %r = trt.activation tanh %c : tensor<1x3x2x2xf32> -> tensor<1x3x2x2xf32>
  func.return %r : tensor<1x3x2x2xf32>
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.fused "conv_tanh"
func.func @three_spatial_axes(%x: tensor<1x2x4x4x4xf32>, %w: tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32> {
  %c = trt.convolution %x, %w : (tensor<1x2x4x4x4xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32>
  %r = trt.activation tanh %c : tensor<1x3x3x3x3xf32> -> tensor<1x3x3x3x3xf32>
  func.return %r : tensor<1x3x3x3x3xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "deconv_elu"
func.func @deconvolution(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.deconvolution %x, %w : (tensor<1x3x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation elu %c alpha = 1.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "conv_tanh"
func.func @unknown_dimensions(%x: tensor<?x3x?x?xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32>
  %r = trt.activation tanh %c : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  func.return %r : tensor<?x2x?x?xf32>
}

// -----

// CHECK-LABEL: @pointwise_with_a_residual
// CHECK: trt.fused "conv_pointwise"(%x, %w, %y) layers ["c", "s", "m", "t"]
// CHECK-NOT: trt.fused
func.func @pointwise_with_a_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
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

// CHECK-LABEL: @product_with_a_residual_on_the_left
// CHECK: trt.fused "conv_prod"(%x, %w, %y) layers ["c", "r"]
func.func @product_with_a_residual_on_the_left(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.element_wise prod %y, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_of_batch_one
// CHECK: trt.fused "conv_prod"(%x, %w, %y)
func.func @residual_of_batch_one(%x: tensor<2x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<2x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<2x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<2x2x4x4xf32>
  %r = trt.element_wise prod %c, %y : (tensor<2x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  func.return %r : tensor<2x2x4x4xf32>
}

// -----

// CHECK-LABEL: @later_of_two_convs_takes
// CHECK: %[[A:.*]] = trt.convolution {{.*}} layers ["a"]
// CHECK: trt.fused "conv_prod"(%x, %v, %[[A]]) layers ["b", "r"]
func.func @later_of_two_convs_takes(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %v: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %a = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = trt.convolution %x, %v : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.element_wise prod %b, %a : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @one_after_the_other
// CHECK: trt.fused "conv_exp_tanh"(%x, %w) layers ["c", "s", "r"]
func.func @one_after_the_other(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %s = trt.unary exp %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %r = trt.activation tanh %s : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @two_residuals_at_once
// CHECK: trt.fused "pointwise"
func.func @two_residuals_at_once(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs at most one tensor besides the one that enters, found 2 others", Constraint="inputs"}}
  %p = trt.fused "pointwise"(%c, %y, %z) layers ["s", "t"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>, %y0: tensor<1x2x4x4xf32>, %z0: tensor<1x2x4x4xf32>):
    %s = trt.element_wise prod %c0, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %t = trt.element_wise sum %s, %z0 layers ["t"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %t : tensor<1x2x4x4xf32>
  }
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @factor_for_each_channel
// CHECK-NOT: trt.fused
func.func @factor_for_each_channel(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a residual of the convolution's shape, its batch equal or 1, found 1x2x1x1 for 1x2x4x4", Constraint="broadcast"}}
  %r = trt.element_wise prod %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scalar_that_is_no_literal
// CHECK-NOT: trt.fused
func.func @scalar_that_is_no_literal(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 1x1x1x1 for 1x2x4x4", Constraint="broadcast"}}
  %r = trt.element_wise prod %c, %y : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_for_each_channel
// CHECK-NOT: trt.fused
func.func @scale_for_each_channel(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %k: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 2 for 1x2x4x4", Constraint="broadcast"}}
  %r = trt.scale channel %c scale(%k : tensor<2xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_of_one_pixel_is_broadcast
// CHECK-NOT: trt.fused
func.func @conv_of_one_pixel_is_broadcast(%x: tensor<1x3x1x1xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x1x1xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32>
  // expected-remark@+1 {{found 1x2x4x4 for 1x2x1x1", Constraint="broadcast"}}
  %r = trt.element_wise prod %c, %y : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions_of_a_residual
// CHECK-NOT: trt.fused
func.func @unknown_dimensions_of_a_residual(%x: tensor<?x3x?x?xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32>
  // expected-remark@+1 {{found ?x2x?x? for ?x2x?x?", Constraint="broadcast"}}
  %r = trt.element_wise prod %c, %y : (tensor<?x2x?x?xf32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  func.return %r : tensor<?x2x?x?xf32>
}

// -----

// CHECK-LABEL: @two_outputs
// CHECK-NOT: trt.fused "conv
func.func @two_outputs(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs one output, found 2", Constraint="one-output"}}
  %p:2 = trt.fused "pointwise"(%c) layers ["s", "m"] : (tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  ^bb0(%c0: tensor<1x2x4x4xf32>):
    %s = trt.activation sigmoid %c0 layers ["s"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %c0, %s layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s, %m : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
  }
  func.return %p#0, %p#1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @truth_values
// CHECK-NOT: trt.fused
func.func @truth_values(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xi1> {
  %k = trt.constant dense<0.0> : tensor<1x1x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an output of the same element type, found i1 from f32", Constraint="element-type"}}
  %r = trt.element_wise greater %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xi1>
  func.return %r : tensor<1x2x4x4xi1>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.activation tanh
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "p"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %p : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{found a pointwise layer after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %r = trt.activation tanh %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @third_residual
// CHECK: trt.fused "conv_prod_prod"(%x, %w, %y, %z)
// CHECK: trt.element_wise prod {{.*}} layers ["r"]
func.func @third_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>, %u: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %s = trt.element_wise prod %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %t = trt.element_wise prod %s, %z : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a pointwise layer with a residual after a convolution with more than one residual", Constraint="epilogue"}}
  %r = trt.element_wise prod %t, %u : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 'c' is used by 2 layers, also by 'v'", Constraint="single-use", Blocker="'v'"}}
  %r = trt.activation tanh %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %v = trt.shuffle %c reshape = [1, 2, 4, 4] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r, %v : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @silu_that_was_not_grouped_before
// CHECK-NOT: trt.fused
func.func @silu_that_was_not_grouped_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{also by 'r'", Constraint="single-use"}}
  %s = trt.activation sigmoid %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{also by 's'", Constraint="single-use"}}
  %r = trt.element_wise prod %c, %s : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused "conv
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %p = trt.fused "pointwise"(%c) layers ["s", "m"] : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%c0: tensor<1x2x4x4xf32>):
    %s = trt.activation sigmoid %c0 layers ["s"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %m = trt.element_wise prod %c0, %s layers ["m"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %m : tensor<1x2x4x4xf32>
  }
  func.return %c, %p : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @conv_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w {trt.no_fuse} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'c'"}}
  %r = trt.activation tanh %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.element_wise prod %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @no_conv
// CHECK-NOT: trt.fused
func.func @no_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %r = trt.activation tanh %x : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @activation_of_a_view
// CHECK-NOT: trt.fused
func.func @activation_of_a_view(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x32xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %v = trt.shuffle %c reshape = [1, 32] : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  %r = trt.activation tanh %v : tensor<1x32xf32> -> tensor<1x32xf32>
  func.return %r : tensor<1x32xf32>
}

// CHECK-LABEL: @cast_is_no_activation
// CHECK-NOT: trt.fused
func.func @cast_is_no_activation(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.cast %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @activation_before_the_conv
// CHECK-NOT: trt.fused
func.func @activation_before_the_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %r = trt.activation tanh %x : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %r, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}
