// RUN: fuse-opt %s --reduce-to-pooling --split-input-file --verify-diagnostics | FileCheck %s
// RUN: fuse-opt %s --reduce-to-pooling='mode=strict' --split-input-file | FileCheck %s --check-prefix=STRICT

// CHECK-LABEL: @average_of_an_image
// CHECK-NOT: trt.reduce
// CHECK: %[[Y:.*]] = trt.pooling average %x window = [7, 5] layers ["r"] : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
// CHECK: func.return %[[Y]]
// STRICT-LABEL: @average_of_an_image
// STRICT: trt.pooling
func.func @average_of_an_image(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{[Passed] reduce-to-pooling | Category:fusion | Reason="became trt.pooling"}}
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @unknown_batch_in_f16
// CHECK: trt.pooling average %x window = [7, 7] layers ["r"] : tensor<?x3x7x7xf16> -> tensor<?x3x1x1xf16>
func.func @unknown_batch_in_f16(%x: tensor<?x3x7x7xf16>) -> tensor<?x3x1x1xf16> {
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<?x3x7x7xf16> -> tensor<?x3x1x1xf16>
  func.return %r : tensor<?x3x1x1xf16>
}

// -----

// CHECK-LABEL: @image_of_one_pixel
// CHECK: trt.pooling average %x window = [1, 1]
func.func @image_of_one_pixel(%x: tensor<2x3x1x1xbf16>) -> tensor<2x3x1x1xbf16> {
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x1x1xbf16> -> tensor<2x3x1x1xbf16>
  func.return %r : tensor<2x3x1x1xbf16>
}

// -----

// What is reduced is read, and may be read by others and be an output.
// CHECK-LABEL: @input_is_used_elsewhere
// CHECK: trt.pooling average %{{.*}} window = [4, 4] layers ["r"]
func.func @input_is_used_elsewhere(%x: tensor<1x2x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %a = trt.activation relu %x : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %r = trt.reduce avg %a axes = [2, 3] keep_dimensions : tensor<1x2x4x4xf32> -> tensor<1x2x1x1xf32>
  %s = trt.element_wise sub %a, %r : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %a, %s : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @average_of_a_volume
// CHECK: trt.pooling average %x window = [2, 4, 5] layers ["r"] : tensor<1x3x2x4x5xf32> -> tensor<1x3x1x1x1xf32>
// STRICT-LABEL: @average_of_a_volume
// STRICT: trt.reduce
func.func @average_of_a_volume(%x: tensor<1x3x2x4x5xf32>) -> tensor<1x3x1x1x1xf32> {
  %r = trt.reduce avg %x axes = [2, 3, 4] keep_dimensions : tensor<1x3x2x4x5xf32> -> tensor<1x3x1x1x1xf32>
  func.return %r : tensor<1x3x1x1x1xf32>
}

// -----

// CHECK-LABEL: @sum
// STRICT-LABEL: @sum
// CHECK: trt.reduce
func.func @sum(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{needs an avg reduction, found sum", Constraint="average"}}
  %r = trt.reduce sum %x axes = [2, 3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// A pooling of this window it is, but not an average.
// CHECK-LABEL: @maximum
// CHECK: trt.reduce
func.func @maximum(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{found max", Constraint="average"}}
  %r = trt.reduce max %x axes = [2, 3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @dimensions_are_dropped
// CHECK: trt.reduce
func.func @dimensions_are_dropped(%x: tensor<2x3x7x5xf32>) -> tensor<2x3xf32> {
  // expected-remark@+1 {{needs a reduction that keeps dimensions, found one that drops them", Constraint="keep-dimensions"}}
  %r = trt.reduce avg %x axes = [2, 3] : tensor<2x3x7x5xf32> -> tensor<2x3xf32>
  func.return %r : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @rows_only
// CHECK: trt.reduce
func.func @rows_only(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x7x1xf32> {
  // expected-remark@+1 {{needs a reduction along all spatial axes and no other, found axes [3] of 2x3x7x5", Constraint="spatial-axes"}}
  %r = trt.reduce avg %x axes = [3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x7x1xf32>
  func.return %r : tensor<2x3x7x1xf32>
}

// -----

// CHECK-LABEL: @columns_only
// CHECK: trt.reduce
func.func @columns_only(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x5xf32> {
  // expected-remark@+1 {{found axes [2] of 2x3x7x5", Constraint="spatial-axes"}}
  %r = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x1x5xf32>
  func.return %r : tensor<2x3x1x5xf32>
}

// -----

// CHECK-LABEL: @channels_too
// CHECK: trt.reduce
func.func @channels_too(%x: tensor<2x3x7x5xf32>) -> tensor<2x1x1x1xf32> {
  // expected-remark@+1 {{found axes [1, 2, 3] of 2x3x7x5", Constraint="spatial-axes"}}
  %r = trt.reduce avg %x axes = [1, 2, 3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x1x1x1xf32>
  func.return %r : tensor<2x1x1x1xf32>
}

// -----

// The image of a tensor with channels last.
// CHECK-LABEL: @rows_and_columns_of_nhwc
// CHECK: trt.reduce
func.func @rows_and_columns_of_nhwc(%x: tensor<2x7x5x3xf32>) -> tensor<2x1x1x3xf32> {
  // expected-remark@+1 {{found axes [1, 2] of 2x7x5x3", Constraint="spatial-axes"}}
  %r = trt.reduce avg %x axes = [1, 2] keep_dimensions : tensor<2x7x5x3xf32> -> tensor<2x1x1x3xf32>
  func.return %r : tensor<2x1x1x3xf32>
}

// -----

// CHECK-LABEL: @last_two_of_five_axes
// CHECK: trt.reduce
func.func @last_two_of_five_axes(%x: tensor<1x3x2x4x5xf32>) -> tensor<1x3x2x1x1xf32> {
  // expected-remark@+1 {{found axes [3, 4] of 1x3x2x4x5", Constraint="spatial-axes"}}
  %r = trt.reduce avg %x axes = [3, 4] keep_dimensions : tensor<1x3x2x4x5xf32> -> tensor<1x3x2x1x1xf32>
  func.return %r : tensor<1x3x2x1x1xf32>
}

// -----

// CHECK-LABEL: @integers
// CHECK: trt.reduce
func.func @integers(%x: tensor<2x3x7x5xi8>) -> tensor<2x3x1x1xi8> {
  // expected-remark@+1 {{needs floats, found i8", Constraint="floats"}}
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x7x5xi8> -> tensor<2x3x1x1xi8>
  func.return %r : tensor<2x3x1x1xi8>
}

// -----

// CHECK-LABEL: @unknown_height
// CHECK: trt.reduce
func.func @unknown_height(%x: tensor<2x3x?x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{needs a known window, found ?x5", Constraint="known-window"}}
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x?x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @empty_image
// CHECK: trt.reduce
func.func @empty_image(%x: tensor<2x3x0x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{needs a window of at least one element, found 0x5", Constraint="window"}}
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x0x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @reduction_may_not_be_fused
// CHECK: trt.reduce
func.func @reduction_may_not_be_fused(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'r'"}}
  %r = trt.reduce avg %x axes = [2, 3] keep_dimensions {trt.no_fuse = ["reduce-to-pooling"]} : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x3x7x5xf32>) -> tensor<2x3x1x1xf32> {
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce min %x axes = [2, 3] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// CHECK-LABEL: @average_of_a_sequence
// CHECK: trt.reduce
func.func @average_of_a_sequence(%x: tensor<2x3x7xf32>) -> tensor<2x3x1xf32> {
  %r = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x7xf32> -> tensor<2x3x1xf32>
  func.return %r : tensor<2x3x1xf32>
}

// CHECK-LABEL: @average_of_channels
// CHECK: trt.reduce
func.func @average_of_channels(%x: tensor<2x3x7x5xf32>) -> tensor<2x1x7x5xf32> {
  %r = trt.reduce avg %x axes = [1] keep_dimensions : tensor<2x3x7x5xf32> -> tensor<2x1x7x5xf32>
  func.return %r : tensor<2x1x7x5xf32>
}
