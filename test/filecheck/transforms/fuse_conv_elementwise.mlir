// RUN: fuse-opt %s --fuse-conv-elementwise --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @conv_plus_residual
// CHECK: %[[S:.*]] = trt.fused "conv_sum"(%x, %w, %b, %y) layers ["c", "s"]
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: %[[T:.*]] = trt.element_wise sum %[[C]], %{{.*}} layers ["s"]
// CHECK: trt.yield %[[T]]
// CHECK: func.return %[[S]]
func.func @conv_plus_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %b: tensor<2xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-elementwise | Category:fusion | Reason="fused into c + s"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_on_the_left
// CHECK: trt.fused "conv_sum"(%x, %w, %y) layers
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: trt.element_wise sum %{{.*}}, %[[C]]
func.func @residual_on_the_left(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>, %y: tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %s = trt.element_wise sum %y, %c : (tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16>
  func.return %s : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @max
// CHECK: trt.fused "conv_max"
func.func @max(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise max %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @min
// CHECK: trt.fused "deconv_min"
func.func @min(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.deconvolution %x, %w : (tensor<1x3x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise min %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_of_batch_one
// CHECK: trt.fused "conv_sum"
func.func @residual_of_batch_one(%x: tensor<2x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<2x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<2x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<2x2x4x4xf32>
  %s = trt.element_wise sum %c, %y : (tensor<2x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<2x2x4x4xf32>
  func.return %s : tensor<2x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_batch_and_residual_of_batch_one
// CHECK: trt.fused "conv_sum"
func.func @unknown_batch_and_residual_of_batch_one(%x: tensor<?x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x4x4xf32>
  %s = trt.element_wise sum %c, %y : (tensor<?x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  func.return %s : tensor<?x2x4x4xf32>
}

// -----

// CHECK-LABEL: @input_of_the_conv_is_the_residual
// CHECK: trt.fused "conv_sum"(%x, %w) layers
func.func @input_of_the_conv_is_the_residual(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %x : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// The residual is made after the convolution: the group waits for it.
// CHECK-LABEL: @residual_is_made_later
// CHECK: %[[Y:.*]] = trt.unary neg
// CHECK: trt.fused "conv_sum"(%x, %w, %[[Y]])
func.func @residual_is_made_later(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %n = trt.unary neg %y : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %n : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @later_of_two_convs_takes
// CHECK: %[[A:.*]] = trt.convolution {{.*}} layers ["a"]
// CHECK: trt.fused "conv_sum"(%x, %v, %[[A]]) layers ["b", "s"]
func.func @later_of_two_convs_takes(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %v: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %a = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = trt.convolution %x, %v : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %a, %b : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @earlier_takes_where_the_later_may_not
// CHECK: %[[B:.*]] = trt.convolution {{.*}} layers ["b"]
// CHECK: %[[S:.*]] = trt.fused "conv_sum"(%x, %w, %[[B]]) layers ["a", "s"]
// CHECK: func.return %[[B]], %[[S]]
func.func @earlier_takes_where_the_later_may_not(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %v: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %a = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = trt.convolution %x, %v : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %a, %b : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %b, %s : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_is_a_group
// CHECK: %[[G:.*]] = trt.fused "conv_relu"
// CHECK: trt.fused "conv_sum"(%x, %w, %[[G]]) layers ["c", "s"]
func.func @residual_is_a_group(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["d", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %d = trt.convolution %x0, %w0 layers ["d"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %d layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %g, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_is_a_whole_constant
// CHECK: %[[K:.*]] = trt.constant
// CHECK: trt.fused "conv_sum"(%x, %w, %[[K]])
func.func @residual_is_a_whole_constant(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<1x2x4x4xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %k : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @product
// CHECK-NOT: trt.fused
func.func @product(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs sum, max or min, found prod", Constraint="operation"}}
  %s = trt.element_wise prod %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @difference
// CHECK-NOT: trt.fused
func.func @difference(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found sub", Constraint="operation"}}
  %s = trt.element_wise sub %y, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @comparison
// CHECK-NOT: trt.fused
func.func @comparison(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi1> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found greater", Constraint="operation"}}
  %s = trt.element_wise greater %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi1>
  func.return %s : tensor<1x2x4x4xi1>
}

// -----

// CHECK-LABEL: @activated_conv
// CHECK: trt.fused "conv_relu_sum"(%x, %w, %y) layers ["d", "r", "s"]
// CHECK-NOT: trt.fused
func.func @activated_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["d", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %d = trt.convolution %x0, %w0 layers ["d"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %d layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{[Passed] fuse-conv-elementwise | Category:fusion | Reason="fused into d + r + s"}}
  %s = trt.element_wise sum %g, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @second_residual
// CHECK: trt.fused "conv_sum_sum"(%x, %w, %y, %z) layers ["c", "s", "t"]
// CHECK-NOT: trt.fused
func.func @second_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %t = trt.element_wise sum %s, %z : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %t : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @third_residual
// CHECK: trt.fused "conv_sum_max"(%x, %w, %y, %z) layers ["c", "s", "t"]
// CHECK: trt.element_wise sum {{.*}} layers ["v"]
func.func @third_residual(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>, %u: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %t = trt.element_wise max %s, %z : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an epilogue that takes the layer, found a residual after a convolution with more than one residual", Constraint="epilogue"}}
  %v = trt.element_wise sum %t, %u : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %v : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.element_wise sum
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "p"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %p : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{found a residual after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %s = trt.element_wise sum %g, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_plus_itself
// CHECK-NOT: trt.fused
func.func @conv_plus_itself(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs two different operands, found the same value twice", Constraint="two-operands"}}
  %s = trt.element_wise sum %c, %c : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_for_each_channel
// CHECK-NOT: trt.fused
func.func @residual_for_each_channel(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a residual of the convolution's shape, its batch equal or 1, found 1x2x1x1 for 1x2x4x4", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @residual_for_each_position
// CHECK-NOT: trt.fused
func.func @residual_for_each_position(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 1x1x4x4 for 1x2x4x4", Constraint="broadcast"}}
  %s = trt.element_wise max %c, %y : (tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scalar
// CHECK-NOT: trt.fused
func.func @scalar(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<1.0> : tensor<1x1x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 1x1x1x1 for 1x2x4x4", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_the_one_that_is_broadcast
// CHECK-NOT: trt.fused
func.func @conv_is_the_one_that_is_broadcast(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<5x2x4x4xf32>) -> tensor<5x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 5x2x4x4 for 1x2x4x4", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<5x2x4x4xf32>) -> tensor<5x2x4x4xf32>
  func.return %s : tensor<5x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_of_one_pixel_is_broadcast
// CHECK-NOT: trt.fused
func.func @conv_of_one_pixel_is_broadcast(%x: tensor<1x3x1x1xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x1x1xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32>
  // expected-remark@+1 {{found 1x2x4x4 for 1x2x1x1", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_batches
// CHECK-NOT: trt.fused
func.func @unknown_batches(%x: tensor<?x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x4x4xf32>
  // expected-remark@+1 {{found ?x2x4x4 for ?x2x4x4", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %y : (tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  func.return %s : tensor<?x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_pixels
// CHECK-NOT: trt.fused
func.func @unknown_pixels(%x: tensor<1x3x?x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x?x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x?x4xf32>
  // expected-remark@+1 {{found 1x2x?x4 for 1x2x?x4", Constraint="broadcast"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  func.return %s : tensor<1x2x?x4xf32>
}

// -----

// The residual waits for the convolution.
// CHECK-LABEL: @diamond
// CHECK-NOT: trt.fused
func.func @diamond(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation tanh %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found 'c' is used by 2 layers, also by 'r'", Constraint="single-use"}}
  %s = trt.element_wise sum %c, %r : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %c, %s : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @sum_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @sum_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'s'"}}
  %s = trt.element_wise sum %c, %y {trt.no_fuse} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %s = trt.element_wise div %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @no_conv
// CHECK-NOT: trt.fused
func.func @no_conv(%x: tensor<1x3x4x4xf32>, %y: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.element_wise sum %x, %y : (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  func.return %s : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @sum_of_a_view
// CHECK-NOT: trt.fused
func.func @sum_of_a_view(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %v = trt.shuffle %c reshape = [1, 32] : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  %s = trt.element_wise sum %v, %y : (tensor<1x32xf32>, tensor<1x32xf32>) -> tensor<1x32xf32>
  func.return %s : tensor<1x32xf32>
}
