// RUN: fuse-opt %s --fuse-conv-relu --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @conv_then_relu
// CHECK: %[[R:.*]] = trt.fused "conv_relu"(%x, %w, %b) layers ["c", "r"]
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: %[[Y:.*]] = trt.activation relu %[[C]]
// CHECK: trt.yield %[[Y]]
// CHECK: func.return %[[R]]
func.func @conv_then_relu(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-relu | Category:fusion | Reason="fused into c + r"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.fused "conv_relu"
func.func @three_spatial_axes(%x: tensor<1x2x4x4x4xf32>, %w: tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32> {
  %c = trt.convolution %x, %w : (tensor<1x2x4x4x4xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x3x3x3xf32>
  %r = trt.activation relu %c : tensor<1x3x3x3x3xf32> -> tensor<1x3x3x3x3xf32>
  func.return %r : tensor<1x3x3x3x3xf32>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: trt.fused "conv_relu"
// CHECK: trt.convolution {{.*}} num_groups = 2
func.func @grouped(%x: tensor<1x4x4x4xf32>, %w: tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32> {
  %c = trt.convolution %x, %w num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x4x4xf32>
  %r = trt.activation relu %c : tensor<1x6x4x4xf32> -> tensor<1x6x4x4xf32>
  func.return %r : tensor<1x6x4x4xf32>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.fused "conv_relu"
// CHECK: trt.convolution {{.*}} num_groups = 3
func.func @depthwise(%x: tensor<1x3x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32> {
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32>
  %r = trt.activation relu %c : tensor<1x3x2x2xf32> -> tensor<1x3x2x2xf32>
  func.return %r : tensor<1x3x2x2xf32>
}

// -----

// CHECK-LABEL: @strided_padded_dilated
// CHECK: trt.fused "conv_relu"
// CHECK: trt.convolution {{.*}} stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] dilation = [2, 1]
func.func @strided_padded_dilated(%x: tensor<1x2x6x5xf32>, %w: tensor<2x2x2x3xf32>) -> tensor<1x2x3x6xf32> {
  %c = trt.convolution %x, %w stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] dilation = [2, 1] : (tensor<1x2x6x5xf32>, tensor<2x2x2x3xf32>) -> tensor<1x2x3x6xf32>
  %r = trt.activation relu %c : tensor<1x2x3x6xf32> -> tensor<1x2x3x6xf32>
  func.return %r : tensor<1x2x3x6xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "deconv_relu"
func.func @deconvolution(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x2x2xf32>) -> tensor<1x2x8x8xf32> {
  %c = trt.deconvolution %x, %w stride = [2, 2] : (tensor<1x3x4x4xf32>, tensor<3x2x2x2xf32>) -> tensor<1x2x8x8xf32>
  %r = trt.activation relu %c : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  func.return %r : tensor<1x2x8x8xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "conv_relu"
func.func @half_precision(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.activation relu %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "conv_relu"
func.func @unknown_dimensions(%x: tensor<?x3x?x?xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf32>, tensor<2x3x1x1xf32>) -> tensor<?x2x?x?xf32>
  %r = trt.activation relu %c : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  func.return %r : tensor<?x2x?x?xf32>
}

// -----

// CHECK-LABEL: @kernel_is_computed
// CHECK: %[[K:.*]] = trt.unary neg
// CHECK: trt.fused "conv_relu"(%x, %[[K]]) layers ["c", "r"]
func.func @kernel_is_computed(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.unary neg %w : tensor<2x3x1x1xf32> -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %k : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// A constant of one element is computed inside, a larger one is an input.
// CHECK-LABEL: @constants
// CHECK: %[[K:.*]] = trt.constant #trt.weight<"k"
// CHECK: trt.fused "conv_relu"(%x, %[[K]]) layers
// CHECK: %[[B:.*]] = trt.constant dense<5.000000e-01>
// CHECK: trt.convolution %{{.*}}, %{{.*}}, %[[B]]
func.func @constants(%x: tensor<1x3x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<1x3x1x1xf32>>
  %b = trt.constant dense<0.5> : tensor<1xf32>
  %c = trt.convolution %x, %k, %b : (tensor<1x3x4x4xf32>, tensor<1x3x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  %r = trt.activation relu %c : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  func.return %r : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @group_stands_where_the_relu_stood
// CHECK: %[[S:.*]] = trt.activation sigmoid
// CHECK: %[[R:.*]] = trt.fused "conv_relu"
// CHECK: trt.element_wise sum %[[R]], %[[S]]
func.func @group_stands_where_the_relu_stood(%x: tensor<1x3x4x4xf32>, %w: tensor<3x3x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x4x4xf32>
  %s = trt.activation sigmoid %x : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %r = trt.activation relu %c : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %t = trt.element_wise sum %r, %s : (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  func.return %t : tensor<1x3x4x4xf32>
}

// -----

// CHECK-LABEL: @relu_is_used_twice_and_returned
// CHECK: %[[R:.*]] = trt.fused "conv_relu"
// CHECK: %[[S:.*]] = trt.activation sigmoid %[[R]]
// CHECK: func.return %[[R]], %[[S]]
func.func @relu_is_used_twice_and_returned(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %s = trt.activation sigmoid %r : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r, %s : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_carries_a_sum
// CHECK: trt.fused "conv_sum_relu"(%x, %w, %y) layers ["c", "s", "r"]
// CHECK-NOT: trt.fused
func.func @conv_carries_a_sum(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
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

// CHECK-LABEL: @other_rules_are_forbidden
// CHECK: trt.fused "conv_relu"
// CHECK: trt.convolution {{.*}} {trt.no_fuse = ["fuse-conv-scale"]}
func.func @other_rules_are_forbidden(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w {trt.no_fuse = ["fuse-conv-scale"]} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @second_relu
// CHECK: trt.fused "conv_relu_relu"({{.*}}) layers ["c", "r", "s"]
// CHECK-NOT: trt.fused
func.func @second_relu(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-relu}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-relu | Category:fusion | Reason="fused into c + r + s"}}
  %s = trt.activation relu %r : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.activation relu
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "p"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %p : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs an epilogue that takes the layer, found relu after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %r = trt.activation relu %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @no_relu
// CHECK-NOT: trt.fused
func.func @no_relu(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a relu activation, found sigmoid", Constraint="relu"}}
  %r = trt.activation sigmoid %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// A clip from zero is not spelled relu.
// CHECK-LABEL: @clip_is_another_rule
// CHECK-NOT: trt.fused
func.func @clip_is_another_rule(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a relu activation, found clip", Constraint="relu"}}
  %r = trt.activation clip %c alpha = 0.0 beta = 6.0 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an intermediate value with no other use, found 'c' is used by 2 layers, also by 's'", Constraint="single-use", Blocker="'s'"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %r : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @two_relus_on_one_conv
// CHECK-NOT: trt.fused
func.func @two_relus_on_one_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{also by 's'", Constraint="single-use"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{also by 'r'", Constraint="single-use"}}
  %s = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r, %s : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an intermediate value that is no output, found it is an output of the network", Constraint="network-output", Blocker="'c'"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %c, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @conv_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w {trt.no_fuse} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs no trt.no_fuse on the layers, found trt.no_fuse", Constraint="no-fuse", Blocker="'c'", Suggestion="remove trt.no_fuse"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @relu_forbids_this_rule
// CHECK-NOT: trt.fused
func.func @relu_forbids_this_rule(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found trt.no_fuse = ["fuse-conv-relu"]", Constraint="no-fuse", Blocker="'r'"}}
  %r = trt.activation relu %c {trt.no_fuse = ["fuse-conv-relu", "fuse-pointwise"]} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @layer_of_a_group_forbids_this_rule
// CHECK: trt.fused "conv_sum"
// CHECK: trt.activation relu
func.func @layer_of_a_group_forbids_this_rule(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>, %y0: tensor<1x2x4x4xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] {trt.no_fuse = ["fuse-conv-relu"]} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'c'"}}
  %r = trt.activation relu %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
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

// CHECK-LABEL: @relu_of_a_view
// CHECK-NOT: trt.fused
func.func @relu_of_a_view(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x32xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %v = trt.shuffle %c reshape = [1, 32] : tensor<1x2x4x4xf32> -> tensor<1x32xf32>
  %r = trt.activation relu %v : tensor<1x32xf32> -> tensor<1x32xf32>
  func.return %r : tensor<1x32xf32>
}

// CHECK-LABEL: @relu_of_a_cast
// CHECK-NOT: trt.fused
func.func @relu_of_a_cast(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %v = trt.cast %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %v : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @relu_before_the_conv
// CHECK-NOT: trt.fused
func.func @relu_before_the_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %r = trt.activation relu %x : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %r, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @relu_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @relu_that_nothing_uses(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return
}
