// RUN: fuse-opt %s --fuse-shuffle-reduce --split-input-file --verify-diagnostics | FileCheck %s

// The result is permuted: a reduction of the input alone would have another type.
// CHECK-LABEL: @permutation
// CHECK: %[[Y:.*]] = trt.fused "shuffle_reduce_avg"(%x) layers ["s", "r"] : (tensor<2x5x6x3xf32>) -> tensor<2x3x1x1xf32>
// CHECK: trt.shuffle %{{.*}} first_transpose = [0, 3, 1, 2]
// CHECK: trt.reduce avg %{{.*}} axes = [2, 3] keep_dimensions
// CHECK: func.return %[[Y]]
func.func @permutation(%x: tensor<2x5x6x3xf32>) -> tensor<2x3x1x1xf32> {
  %s = trt.shuffle %x first_transpose = [0, 3, 1, 2] : tensor<2x5x6x3xf32> -> tensor<2x3x5x6xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce | Category:fusion | Reason="fused into s + r"}}
  %r = trt.reduce avg %s axes = [2, 3] keep_dimensions : tensor<2x3x5x6xf32> -> tensor<2x3x1x1xf32>
  func.return %r : tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @permutation_of_kept_axes
// CHECK: trt.fused "shuffle_reduce_sum"(%x) {{.*}} -> tensor<4x1x2xf32>
func.func @permutation_of_kept_axes(%x: tensor<2x3x4xf32>) -> tensor<4x1x2xf32> {
  %s = trt.shuffle %x first_transpose = [2, 1, 0] : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<4x3x2xf32> -> tensor<4x1x2xf32>
  func.return %r : tensor<4x1x2xf32>
}

// -----

// CHECK-LABEL: @both_transposes
// CHECK: trt.fused "shuffle_reduce_max"
func.func @both_transposes(%x: tensor<2x3x4xf16>) -> tensor<1x2x3xf16> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] second_transpose = [2, 1, 0] : tensor<2x3x4xf16> -> tensor<4x2x3xf16>
  %r = trt.reduce max %s axes = [0] keep_dimensions : tensor<4x2x3xf16> -> tensor<1x2x3xf16>
  func.return %r : tensor<1x2x3xf16>
}

// -----

// CHECK-LABEL: @average_of_integers
// CHECK: trt.fused "shuffle_reduce_avg"
func.func @average_of_integers(%x: tensor<3x4xi32>) -> tensor<1x3xi32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x4xi32> -> tensor<4x3xi32>
  %r = trt.reduce avg %s axes = [0] keep_dimensions : tensor<4x3xi32> -> tensor<1x3xi32>
  func.return %r : tensor<1x3xi32>
}

// -----

// CHECK-LABEL: @eight_axes
// CHECK: trt.fused "shuffle_reduce_prod"
func.func @eight_axes(%x: tensor<2x1x2x1x2x1x2x3xf32>) -> tensor<3x2x1x1x1x2x1x2xf32> {
  %s = trt.shuffle %x first_transpose = [7, 6, 5, 4, 3, 2, 1, 0] : tensor<2x1x2x1x2x1x2x3xf32> -> tensor<3x2x1x2x1x2x1x2xf32>
  %r = trt.reduce prod %s axes = [3] keep_dimensions : tensor<3x2x1x2x1x2x1x2xf32> -> tensor<3x2x1x1x1x2x1x2xf32>
  func.return %r : tensor<3x2x1x1x1x2x1x2xf32>
}

// -----

// CHECK-LABEL: @reshape_to_the_same_shape
// CHECK: trt.fused "shuffle_reduce_min"
func.func @reshape_to_the_same_shape(%x: tensor<2x3x4xf32>) -> tensor<4x1x3xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] reshape = [4, 0, -1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %r = trt.reduce min %s axes = [1] keep_dimensions : tensor<4x2x3xf32> -> tensor<4x1x3xf32>
  func.return %r : tensor<4x1x3xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "shuffle_reduce_sum"(%x) {{.*}} : (tensor<?x3x?xf32>) -> tensor<?x1x3xf32>
func.func @unknown_dimensions(%x: tensor<?x3x?xf32>) -> tensor<?x1x3xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] reshape = [0, -1, 3] : tensor<?x3x?xf32> -> tensor<?x?x3xf32>
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<?x?x3xf32> -> tensor<?x1x3xf32>
  func.return %r : tensor<?x1x3xf32>
}

// -----

// CHECK-LABEL: @permutation_and_reshape
// CHECK-NOT: trt.fused
func.func @permutation_and_reshape(%x: tensor<2x3x4xf32>) -> tensor<1x6xf32> {
  // expected-remark@+2 {{needs a shuffle that only permutes, found a reshape of 4x2x3 to 4x6", Constraint="no-reshape"}}
  %s = trt.shuffle %x first_transpose = [2, 0, 1] reshape = [4, 6] : tensor<2x3x4xf32> -> tensor<4x6xf32>
  %r = trt.reduce sum %s axes = [0] keep_dimensions : tensor<4x6xf32> -> tensor<1x6xf32>
  func.return %r : tensor<1x6xf32>
}

// -----

// CHECK-LABEL: @reshape_that_inserts_one
// CHECK-NOT: trt.fused
func.func @reshape_that_inserts_one(%x: tensor<2x3xf32>) -> tensor<2x1x1xf32> {
  %s = trt.shuffle %x reshape = [2, 1, 3] : tensor<2x3xf32> -> tensor<2x1x3xf32>
  // expected-remark@+1 {{found a reshape of 2x3 to 2x1x3", Constraint="no-reshape"}}
  %r = trt.reduce sum %s axes = [2] keep_dimensions : tensor<2x1x3xf32> -> tensor<2x1x1xf32>
  func.return %r : tensor<2x1x1xf32>
}

// -----

// Both dimensions are unknown, and may well change places.
// CHECK-LABEL: @reshape_of_unknown_dimensions
// CHECK-NOT: trt.fused
func.func @reshape_of_unknown_dimensions(%x: tensor<?x?xf32>) -> tensor<?x1xf32> {
  %s = trt.shuffle %x reshape = [-1, 4] : tensor<?x?xf32> -> tensor<?x4xf32>
  // expected-remark@+1 {{found a reshape of ?x? to ?x4", Constraint="no-reshape"}}
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<?x4xf32> -> tensor<?x1xf32>
  func.return %r : tensor<?x1xf32>
}

// -----

// CHECK-LABEL: @dimensions_are_dropped
// CHECK-NOT: trt.fused
func.func @dimensions_are_dropped(%x: tensor<2x3x4xf32>) -> tensor<4x3xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  // expected-remark@+1 {{needs a reduction that keeps dimensions, found one that drops them", Constraint="keep-dimensions"}}
  %r = trt.reduce sum %s axes = [1] : tensor<4x2x3xf32> -> tensor<4x3xf32>
  func.return %r : tensor<4x3xf32>
}

// -----

// CHECK-LABEL: @shuffle_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @shuffle_is_used_elsewhere(%x: tensor<2x3xf32>) -> (tensor<3x1xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{'s' is used by 2 layers, also by 't'", Constraint="single-use", Blocker="'t'"}}
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<3x2xf32> -> tensor<3x1xf32>
  %t = trt.activation tanh %s : tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %r, %t : tensor<3x1xf32>, tensor<3x2xf32>
}

// -----

// CHECK-LABEL: @shuffle_is_an_output
// CHECK-NOT: trt.fused
func.func @shuffle_is_an_output(%x: tensor<2x3xf32>) -> (tensor<3x1xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'s'"}}
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<3x2xf32> -> tensor<3x1xf32>
  func.return %r, %s : tensor<3x1xf32>, tensor<3x2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce sum %s axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  func.return %r : tensor<3xf32>
}

// CHECK-LABEL: @shuffle_after_the_reduction
// CHECK-NOT: trt.fused
func.func @shuffle_after_the_reduction(%x: tensor<2x3xf32>) -> tensor<1x2xf32> {
  %r = trt.reduce sum %x axes = [1] keep_dimensions : tensor<2x3xf32> -> tensor<2x1xf32>
  %s = trt.shuffle %r first_transpose = [1, 0] : tensor<2x1xf32> -> tensor<1x2xf32>
  func.return %s : tensor<1x2xf32>
}

// CHECK-LABEL: @permutation_of_another_type
// CHECK-NOT: trt.fused
func.func @permutation_of_another_type(%x: tensor<2x3xf16>) -> tensor<3x1xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf16> -> tensor<3x2xf16>
  %v = trt.cast %s : tensor<3x2xf16> -> tensor<3x2xf32>
  %r = trt.reduce sum %v axes = [1] keep_dimensions : tensor<3x2xf32> -> tensor<3x1xf32>
  func.return %r : tensor<3x1xf32>
}
