// RUN: fuse-opt %s --fuse-conv-clip --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @conv_then_clip
// CHECK: %[[R:.*]] = trt.fused "conv_clip"(%x, %w, %b) layers ["c", "r"]
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: %[[Y:.*]] = trt.activation clip %[[C]]
// CHECK: trt.yield %[[Y]]
// CHECK: func.return %[[R]]
func.func @conv_then_clip(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-clip | Category:fusion | Reason="fused into c + r"}}
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "conv_clip"
func.func @half_precision(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.activation clip %c alpha = -1.0 beta = 1.0 : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// The value is 3 everywhere, of a NaN too; nothing is put right on the way.
// CHECK-LABEL: @upper_bound_below_the_lower
// CHECK: trt.fused "conv_clip"
// CHECK: trt.activation clip {{.*}} alpha = 3.000000e+00 beta = -2.000000e+00
func.func @upper_bound_below_the_lower(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation clip %c alpha = 3.0 beta = -2.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @negative_bounds_are_no_relu
// CHECK: trt.fused "conv_clip"
// CHECK: trt.activation clip {{.*}} alpha = -2.000000e+00 beta = -1.000000e+00
func.func @negative_bounds_are_no_relu(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation clip %c alpha = -2.0 beta = -1.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @one_sided
// CHECK: trt.fused "conv_clip"
// CHECK: trt.activation clip
func.func @one_sided(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 3.40282347E+38 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.fused "conv_clip"
func.func @three_spatial_axes(%x: tensor<1x2x4x4x4xf32>, %w: tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32> {
  %c = trt.convolution %x, %w : (tensor<1x2x4x4x4xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x3x3x3x3xf32> -> tensor<1x3x3x3x3xf32>
  func.return %r : tensor<1x3x3x3x3xf32>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: trt.fused "conv_clip"
func.func @grouped(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32> {
  %c = trt.convolution %x, %w num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x6x4x4xf32> -> tensor<1x6x4x4xf32>
  func.return %r : tensor<1x6x4x4xf32>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.fused "conv_clip"
func.func @depthwise(%x: tensor<1x3x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32> {
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x3x2x2xf32> -> tensor<1x3x2x2xf32>
  func.return %r : tensor<1x3x2x2xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "deconv_clip"
func.func @deconvolution(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x2x2xf32>) -> tensor<1x2x8x8xf32> {
  %c = trt.deconvolution %x, %w stride = [2, 2] : (tensor<1x3x4x4xf32>, tensor<3x2x2x2xf32>) -> tensor<1x2x8x8xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  func.return %r : tensor<1x2x8x8xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "conv_clip"
func.func @unknown_dimensions(%x: tensor<?x3x?x?xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  func.return %r : tensor<?x2x?x?xf32>
}

// -----

// CHECK-LABEL: @conv_carries_an_activation
// CHECK: trt.fused "conv_relu_clip"(%x, %w) layers ["c", "q", "r"]
// CHECK-NOT: trt.fused
func.func @conv_carries_an_activation(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %q : tensor<1x2x4x4xf32>
  }
  %r = trt.activation clip %g alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_carries_a_sum
// CHECK: trt.fused "conv_sum_clip"(%x, %w, %y) layers ["c", "s", "r"]
// CHECK-NOT: trt.fused
func.func @conv_carries_a_sum(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  %r = trt.activation clip %g alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @relu_is_another_rule
// CHECK-NOT: trt.fused
func.func @relu_is_another_rule(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a clip activation, found relu", Constraint="clip"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @no_clip
// CHECK-NOT: trt.fused
func.func @no_clip(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a clip activation, found sigmoid", Constraint="clip"}}
  %r = trt.activation sigmoid %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @hard_sigmoid_is_no_clip
// CHECK-NOT: trt.fused
func.func @hard_sigmoid_is_no_clip(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a clip activation, found hard_sigmoid", Constraint="clip"}}
  %r = trt.activation hard_sigmoid %c alpha = 1.0 beta = 0.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.activation clip
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "p"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %p : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs an epilogue that takes the layer, found clip after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %r = trt.activation clip %g alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 'c' is used by 2 layers, also by 's'", Constraint="single-use", Blocker="'s'"}}
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %r : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %c, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @conv_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w {trt.no_fuse} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'c'"}}
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.activation tanh %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @clip_of_a_view
// CHECK-NOT: trt.fused
func.func @clip_of_a_view(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x32xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %v = trt.shuffle %c reshape = [1, 32] : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  %r = trt.activation clip %v alpha = 0.0 beta = 6.0 : tensor<1x32xf32> -> tensor<1x32xf32>
  func.return %r : tensor<1x32xf32>
}

// CHECK-LABEL: @clip_of_a_cast
// CHECK-NOT: trt.fused
func.func @clip_of_a_cast(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xbf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %v = trt.cast %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xbf16>
  %r = trt.activation clip %v alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xbf16> -> tensor<1x2x4x4xbf16>
  func.return %r : tensor<1x2x4x4xbf16>
}

// CHECK-LABEL: @clip_before_the_conv
// CHECK-NOT: trt.fused
func.func @clip_before_the_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %r = trt.activation clip %x alpha = 0.0 beta = 6.0 : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %r, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @clip_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @clip_that_nothing_uses(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return
}
