// RUN: fuse-opt %s --fuse-conv-pooling --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @conv_then_pool
// CHECK: %[[R:.*]] = trt.fused "conv_pool"(%x, %w, %b) layers ["c", "p"]
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: %[[P:.*]] = trt.pooling max %[[C]] window = [2, 2] stride = [2, 2]
// CHECK: trt.yield %[[P]]
// CHECK: func.return %[[R]]
func.func @conv_then_pool(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %b: tensor<2xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-pooling | Category:fusion | Reason="fused into c + p"}}
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @pool_of_the_integers_of_a_convolution
// CHECK: trt.fused "dequantize_conv_quantize_pool"(%x, %k) layers ["dx", "dk", "c", "q", "p"]
func.func @pool_of_the_integers_of_a_convolution(%x: tensor<1x4x4x4xi8>, %k: tensor<2x4x1x1xi8>) -> tensor<1x2x2x2xi8> {
  %q = trt.fused "dequantize_conv_quantize"(%x, %k) layers ["dx", "dk", "c", "q"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x0: tensor<1x4x4x4xi8>, %k0: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %a = trt.dequantize %x0, %s layers ["dx"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %b = trt.dequantize %k0, %s layers ["dk"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c = trt.convolution %a, %b layers ["c"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %d = trt.quantize %c, %s layers ["q"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %d : tensor<1x2x4x4xi8>
  }
  // expected-remark@+1 {{[Passed] fuse-conv-pooling | Category:fusion | Reason="fused into dx + dk + c + q + p"}}
  %p = trt.pooling max %q window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xi8> -> tensor<1x2x2x2xi8>
  func.return %p : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @pool_of_floats_after_integers
// CHECK-NOT: trt.fused
func.func @pool_of_floats_after_integers(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x2x2xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a pool of the convolution's precision, found i8 in the convolution, f32 in the pool", Constraint="element-type", Suggestion="put a Quantize and a Dequantize between them"}}
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @conv_relu_pool
// CHECK: trt.fused "conv_relu_pool"(%x, %w) layers ["c", "q", "p"]
// CHECK-NOT: trt.fused
func.func @conv_relu_pool(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
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

// CHECK-LABEL: @conv_sum_pool
// CHECK: trt.fused "conv_sum_pool"(%x, %w, %y) layers ["c", "s", "p"]
// CHECK-NOT: trt.fused
func.func @conv_sum_pool(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  %p = trt.pooling max %g window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @average_that_counts_its_padding
// CHECK: trt.fused "conv_pool"
// CHECK: trt.pooling average {{.*}} average_count_excludes_padding = false
func.func @average_that_counts_its_padding(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x5xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling average %c window = [2, 2] stride = [2, 2] pre_padding = [1, 1] average_count_excludes_padding = false : tensor<1x2x9x9xf32> -> tensor<1x2x5x5xf32>
  func.return %p : tensor<1x2x5x5xf32>
}

// -----

// CHECK-LABEL: @average_that_leaves_its_padding_out
// CHECK: trt.fused "conv_pool"
func.func @average_that_leaves_its_padding_out(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x5xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling average %c window = [2, 2] stride = [2, 2] pre_padding = [1, 1] : tensor<1x2x9x9xf32> -> tensor<1x2x5x5xf32>
  func.return %p : tensor<1x2x5x5xf32>
}

// -----

// CHECK-LABEL: @blend
// CHECK: trt.fused "conv_pool"
// CHECK: trt.pooling max_average_blend
func.func @blend(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x3x3xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max_average_blend %c window = [3, 3] stride = [3, 3] blend_factor = 0.25 : tensor<1x2x9x9xf32> -> tensor<1x2x3x3xf32>
  func.return %p : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @rounded_up
// CHECK: trt.fused "conv_pool"
// CHECK: padding_mode = explicit_round_up
func.func @rounded_up(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x5xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] padding_mode = explicit_round_up : tensor<1x2x9x9xf32> -> tensor<1x2x5x5xf32>
  func.return %p : tensor<1x2x5x5xf32>
}

// -----

// CHECK-LABEL: @same_padded
// CHECK: trt.fused "conv_pool"
// CHECK: padding_mode = same_upper
func.func @same_padded(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x5xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max %c window = [3, 3] stride = [2, 2] padding_mode = same_upper : tensor<1x2x9x9xf32> -> tensor<1x2x5x5xf32>
  func.return %p : tensor<1x2x5x5xf32>
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.fused "conv_pool"
func.func @three_spatial_axes(%x: tensor<1x3x4x4x4xf32>, %w: tensor<2x3x1x1x1xf32>) -> tensor<1x2x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4x4xf32>, tensor<2x3x1x1x1xf32>) -> tensor<1x2x4x4x4xf32>
  %p = trt.pooling max %c window = [2, 2, 2] stride = [2, 2, 2] : tensor<1x2x4x4x4xf32> -> tensor<1x2x2x2x2xf32>
  func.return %p : tensor<1x2x2x2x2xf32>
}

// -----

// CHECK-LABEL: @windows_that_overlap_a_little
// CHECK: trt.fused "conv_pool"
func.func @windows_that_overlap_a_little(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max %c window = [3, 3] stride = [2, 2] : tensor<1x2x9x9xf32> -> tensor<1x2x4x4xf32>
  func.return %p : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @largest_window
// CHECK: trt.fused "conv_pool"
func.func @largest_window(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max %c window = [4, 4] stride = [4, 4] : tensor<1x2x9x9xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @stride_larger_than_the_window
// CHECK: trt.fused "conv_pool"
func.func @stride_larger_than_the_window(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x3x3xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  %p = trt.pooling max %c window = [1, 1] stride = [3, 3] : tensor<1x2x9x9xf32> -> tensor<1x2x3x3xf32>
  func.return %p : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "conv_pool"
func.func @half_precision(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x2x2xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf16> -> tensor<1x2x2x2xf16>
  func.return %p : tensor<1x2x2x2xf16>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.fused "conv_pool"
func.func @depthwise(%x: tensor<1x3x4x4xf32>, %w: tensor<3x1x1x1xf32>) -> tensor<1x3x2x2xf32> {
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf32>, tensor<3x1x1x1xf32>) -> tensor<1x3x4x4xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x3x4x4xf32> -> tensor<1x3x2x2xf32>
  func.return %p : tensor<1x3x2x2xf32>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: trt.fused "conv_pool"
func.func @grouped(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x2x2xf32> {
  %c = trt.convolution %x, %w num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x6x4x4xf32> -> tensor<1x6x2x2xf32>
  func.return %p : tensor<1x6x2x2xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "deconv_pool"
func.func @deconvolution(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.deconvolution %x, %w : (tensor<1x3x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "conv_pool"
func.func @unknown_dimensions(%x: tensor<?x3x?x?xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32>
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  func.return %p : tensor<?x2x?x?xf32>
}

// -----

// ResNet's last convolution stays a kernel that fills the device.
// CHECK-LABEL: @pool_over_the_whole_map
// CHECK-NOT: trt.fused
func.func @pool_over_the_whole_map(%x: tensor<1x3x7x7xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x7x7xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x7x7xf32>
  // expected-remark@+1 {{needs windows of at most 16 values, computed at most 2.5 times each, found a window of 7x7", Constraint="cost", Suggestion="mode=strict"}}
  %p = trt.pooling average %c window = [7, 7] : tensor<1x2x7x7xf32> -> tensor<1x2x1x1xf32>
  func.return %p : tensor<1x2x1x1xf32>
}

// -----

// CHECK-LABEL: @large_windows_side_by_side
// CHECK-NOT: trt.fused
func.func @large_windows_side_by_side(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  // expected-remark@+1 {{found a window of 5x5", Constraint="cost"}}
  %p = trt.pooling max %c window = [5, 5] stride = [5, 5] : tensor<1x2x9x9xf32> -> tensor<1x2x1x1xf32>
  func.return %p : tensor<1x2x1x1xf32>
}

// -----

// CHECK-LABEL: @windows_that_overlap_much
// CHECK-NOT: trt.fused
func.func @windows_that_overlap_much(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  // expected-remark@+1 {{found each computed 9 times", Constraint="cost"}}
  %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x9x9xf32> -> tensor<1x2x9x9xf32>
  func.return %p : tensor<1x2x9x9xf32>
}

// -----

// CHECK-LABEL: @windows_that_overlap_along_one_axis
// CHECK-NOT: trt.fused
func.func @windows_that_overlap_along_one_axis(%x: tensor<1x3x9x9xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x7x9xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x9x9xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x9x9xf32>
  // expected-remark@+1 {{found each computed 3 times", Constraint="cost"}}
  %p = trt.pooling max %c window = [3, 1] : tensor<1x2x9x9xf32> -> tensor<1x2x7x9xf32>
  func.return %p : tensor<1x2x7x9xf32>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.pooling max {{.*}} layers ["p"]
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["q"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %p : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs an epilogue that takes the layer, found a pool after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %p = trt.pooling max %g window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 'c' is used by 2 layers, also by 'r'", Constraint="single-use", Blocker="'r'"}}
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %r = trt.activation tanh %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %p, %r : tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %c, %p : tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @pool_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @pool_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'p'"}}
  %p = trt.pooling max %c window = [2, 2] stride = [2, 2] {trt.no_fuse} : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %p = trt.pooling max %c window = [3, 3] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @no_conv
// CHECK-NOT: trt.fused
func.func @no_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %p = trt.pooling max %x window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// The precision of both is not the same.
// CHECK-LABEL: @pool_of_a_cast
// CHECK-NOT: trt.fused
func.func @pool_of_a_cast(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %v = trt.cast %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf32>
  %p = trt.pooling max %v window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @pool_of_an_activation_that_was_not_fused
// CHECK-NOT: trt.fused
func.func @pool_of_an_activation_that_was_not_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %p = trt.pooling max %r window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @pool_before_the_conv
// CHECK-NOT: trt.fused
func.func @pool_before_the_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %p = trt.pooling max %x window = [2, 2] stride = [2, 2] : tensor<1x3x4x4xf32> -> tensor<1x3x2x2xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x2x2xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32>
  func.return %c : tensor<1x2x2x2xf32>
}
