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

// Of three axes too: CHW and HWC.
// CHECK-LABEL: @image_without_a_batch
// CHECK: trt.fused "shuffle_reduce_avg"(%x) {{.*}} : (tensor<5x6x3xf32>) -> tensor<3x1x1xf32>
func.func @image_without_a_batch(%x: tensor<5x6x3xf32>) -> tensor<3x1x1xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<5x6x3xf32> -> tensor<3x5x6xf32>
  %r = trt.reduce avg %s axes = [1, 2] keep_dimensions : tensor<3x5x6xf32> -> tensor<3x1x1xf32>
  func.return %r : tensor<3x1x1xf32>
}

// -----

// Only reduced axes change places.
// CHECK-LABEL: @kept_axes_stay
// CHECK-NOT: trt.shuffle
// CHECK: %[[R:.*]] = trt.reduce sum %x axes = [1, 2] keep_dimensions layers ["s", "r"] : tensor<2x3x4xf32> -> tensor<2x1x1xf32>
// CHECK-NEXT: func.return %[[R]]
func.func @kept_axes_stay(%x: tensor<2x3x4xf32>) -> tensor<2x1x1xf32> {
  %s = trt.shuffle %x first_transpose = [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce}}
  %r = trt.reduce sum %s axes = [1, 2] keep_dimensions : tensor<2x4x3xf32> -> tensor<2x1x1xf32>
  func.return %r : tensor<2x1x1xf32>
}

// -----

// An average over H and W of NHWC, as TensorFlow's exporter writes it.
// CHECK-LABEL: @dropped_dimensions_along_other_axes
// CHECK-NOT: trt.shuffle
// CHECK: %[[R:.*]] = trt.reduce avg %x axes = [1, 2] layers ["s", "r"] : tensor<?x5x6x3xf16> -> tensor<?x3xf16>
// CHECK-NEXT: func.return %[[R]]
func.func @dropped_dimensions_along_other_axes(%x: tensor<?x5x6x3xf16>) -> tensor<?x3xf16> {
  %s = trt.shuffle %x first_transpose = [0, 2, 1, 3] second_transpose = [0, 3, 2, 1] : tensor<?x5x6x3xf16> -> tensor<?x3x5x6xf16>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce}}
  %r = trt.reduce avg %s axes = [2, 3] : tensor<?x3x5x6xf16> -> tensor<?x3xf16>
  func.return %r : tensor<?x3xf16>
}

// -----

// The types of both would be the same.
// CHECK-LABEL: @square_along_the_other_axis
// CHECK: trt.reduce sum %x axes = [0] layers ["s", "r"]
func.func @square_along_the_other_axis(%x: tensor<3x3xf32>) -> tensor<3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce}}
  %r = trt.reduce sum %s axes = [1] : tensor<3x3xf32> -> tensor<3xf32>
  func.return %r : tensor<3xf32>
}

// -----

// The result is transposed, whatever is reduced.
// CHECK-LABEL: @cube_with_kept_axes_that_trade_places
// CHECK: trt.shuffle
// CHECK: trt.reduce sum %{{.*}} axes = [2]
func.func @cube_with_kept_axes_that_trade_places(%x: tensor<3x3x3xf32>) -> tensor<3x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<3x3x3xf32> -> tensor<3x3x3xf32>
  // expected-remark@+1 {{Constraint="keep-dimensions"}}
  %r = trt.reduce sum %s axes = [2] : tensor<3x3x3xf32> -> tensor<3x3xf32>
  func.return %r : tensor<3x3xf32>
}

// -----

// CHECK-LABEL: @shared_shuffle_along_other_axes
// CHECK: %[[S:.*]] = trt.shuffle %x
// CHECK: trt.reduce max %x axes = [0]
// CHECK: trt.activation tanh %[[S]]
func.func @shared_shuffle_along_other_axes(%x: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce}}
  %r = trt.reduce max %s axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  %t = trt.activation tanh %s : tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %r, %t : tensor<3xf32>, tensor<3x2xf32>
}

// -----

// CHECK-LABEL: @l1_norm_of_a_permutation
// CHECK: %[[Y:.*]] = trt.fused "shuffle_abs_reduce_sum"(%x) layers ["s", "a", "r"] : (tensor<2x3x4xf32>) -> tensor<4x1x3xf32>
// CHECK: trt.shuffle
// CHECK-NEXT: trt.unary abs
// CHECK-NEXT: trt.reduce sum
// CHECK: func.return %[[Y]]
func.func @l1_norm_of_a_permutation(%x: tensor<2x3x4xf32>) -> tensor<4x1x3xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-reduce | Category:fusion | Reason="fused into s + a + r"}}
  %y = trt.fused "abs_reduce_sum"(%s) layers ["a", "r"] : (tensor<4x2x3xf32>) -> tensor<4x1x3xf32> {
  ^bb0(%v: tensor<4x2x3xf32>):
    %a = trt.unary abs %v layers ["a"] : tensor<4x2x3xf32> -> tensor<4x2x3xf32>
    %r = trt.reduce sum %a axes = [1] keep_dimensions layers ["r"] : tensor<4x2x3xf32> -> tensor<4x1x3xf32>
    trt.yield %r : tensor<4x1x3xf32>
  }
  func.return %y : tensor<4x1x3xf32>
}

// -----

// CHECK-LABEL: @l2_norm_of_a_permutation
// CHECK: trt.fused "shuffle_prod_reduce_sum_sqrt"(%x)
func.func @l2_norm_of_a_permutation(%x: tensor<3x4xf16>) -> tensor<4x1xf16> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x4xf16> -> tensor<4x3xf16>
  %y = trt.fused "prod_reduce_sum_sqrt"(%s) layers ["q", "r", "t"] : (tensor<4x3xf16>) -> tensor<4x1xf16> {
  ^bb0(%v: tensor<4x3xf16>):
    %q = trt.element_wise prod %v, %v layers ["q"] : (tensor<4x3xf16>, tensor<4x3xf16>) -> tensor<4x3xf16>
    %r = trt.reduce sum %q axes = [1] keep_dimensions layers ["r"] : tensor<4x3xf16> -> tensor<4x1xf16>
    %t = trt.unary sqrt %r layers ["t"] : tensor<4x1xf16> -> tensor<4x1xf16>
    trt.yield %t : tensor<4x1xf16>
  }
  func.return %y : tensor<4x1xf16>
}

// -----

// CHECK-LABEL: @log_sum_exp_of_a_permutation
// CHECK: trt.fused "shuffle_exp_reduce_sum_log"(%x)
func.func @log_sum_exp_of_a_permutation(%x: tensor<3x4xf32>) -> tensor<4x1xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %y = trt.fused "exp_reduce_sum_log"(%s) layers ["e", "r", "l"] : (tensor<4x3xf32>) -> tensor<4x1xf32> {
  ^bb0(%v: tensor<4x3xf32>):
    %e = trt.unary exp %v layers ["e"] : tensor<4x3xf32> -> tensor<4x3xf32>
    %r = trt.reduce sum %e axes = [1] keep_dimensions layers ["r"] : tensor<4x3xf32> -> tensor<4x1xf32>
    %l = trt.unary log %r layers ["l"] : tensor<4x1xf32> -> tensor<4x1xf32>
    trt.yield %l : tensor<4x1xf32>
  }
  func.return %y : tensor<4x1xf32>
}

// -----

// CHECK-LABEL: @norm_that_drops_dimensions
// CHECK: trt.shuffle
// CHECK: trt.fused "abs_reduce_sum"
func.func @norm_that_drops_dimensions(%x: tensor<3x4xf32>) -> tensor<4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  // expected-remark@+1 {{found one that drops them", Constraint="keep-dimensions"}}
  %y = trt.fused "abs_reduce_sum"(%s) layers ["a", "r"] : (tensor<4x3xf32>) -> tensor<4xf32> {
  ^bb0(%v: tensor<4x3xf32>):
    %a = trt.unary abs %v layers ["a"] : tensor<4x3xf32> -> tensor<4x3xf32>
    %r = trt.reduce sum %a axes = [1] layers ["r"] : tensor<4x3xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @norm_of_a_reshape
// CHECK: trt.shuffle
// CHECK: trt.fused "abs_reduce_sum"
func.func @norm_of_a_reshape(%x: tensor<3x4xf32>) -> tensor<2x1xf32> {
  %s = trt.shuffle %x reshape = [2, 6] : tensor<3x4xf32> -> tensor<2x6xf32>
  // expected-remark@+1 {{found a reshape of 3x4 to 2x6", Constraint="no-reshape"}}
  %y = trt.fused "abs_reduce_sum"(%s) layers ["a", "r"] : (tensor<2x6xf32>) -> tensor<2x1xf32> {
  ^bb0(%v: tensor<2x6xf32>):
    %a = trt.unary abs %v layers ["a"] : tensor<2x6xf32> -> tensor<2x6xf32>
    %r = trt.reduce sum %a axes = [1] keep_dimensions layers ["r"] : tensor<2x6xf32> -> tensor<2x1xf32>
    trt.yield %r : tensor<2x1xf32>
  }
  func.return %y : tensor<2x1xf32>
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
func.func @remarks_are_looked_at(%x: tensor<2x3xf32>) -> tensor<1x1xf32> {
  %s = trt.shuffle %x reshape = [1, 6] : tensor<2x3xf32> -> tensor<1x6xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce sum %s axes = [1] keep_dimensions : tensor<1x6xf32> -> tensor<1x1xf32>
  func.return %r : tensor<1x1xf32>
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

// CHECK-LABEL: @norm_of_two_tensors
// CHECK: trt.fused "sum_reduce_sum"
func.func @norm_of_two_tensors(%x: tensor<2x3xf32>, %z: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %y = trt.fused "sum_reduce_sum"(%s, %z) layers ["a", "r"] : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x1xf32> {
  ^bb0(%v: tensor<3x2xf32>, %w: tensor<3x2xf32>):
    %a = trt.element_wise sum %v, %w layers ["a"] : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    %r = trt.reduce sum %a axes = [1] keep_dimensions layers ["r"] : tensor<3x2xf32> -> tensor<3x1xf32>
    trt.yield %r : tensor<3x1xf32>
  }
  func.return %y : tensor<3x1xf32>
}
