// RUN: fuse-opt %s --fuse-relu-relu --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @relu_after_relu
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["s"] by "fuse-relu-relu" heir ["r"]>]
// CHECK: %[[R:.*]] = trt.activation relu %x layers ["r"]
// CHECK-NEXT: func.return %[[R]]
func.func @relu_after_relu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Passed] fuse-relu-relu | Category:fusion | Reason="erased"}}
  %s = trt.activation relu %r : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// CHECK-LABEL: @three_in_a_row
// CHECK: %[[R:.*]] = trt.activation relu %x layers ["r"]
// CHECK-NEXT: trt.unary neg %[[R]]
func.func @three_in_a_row(%x: tensor<4xf16>) -> tensor<4xf16> {
  %r = trt.activation relu %x : tensor<4xf16> -> tensor<4xf16>
  %s = trt.activation relu %r : tensor<4xf16> -> tensor<4xf16>
  %t = trt.activation relu %s : tensor<4xf16> -> tensor<4xf16>
  %n = trt.unary neg %t : tensor<4xf16> -> tensor<4xf16>
  func.return %n : tensor<4xf16>
}

// -----

// CHECK-LABEL: @both_are_outputs
// CHECK: %[[R:.*]] = trt.activation relu
// CHECK-NEXT: func.return %[[R]], %[[R]]
func.func @both_are_outputs(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.activation relu %r : tensor<4xf32> -> tensor<4xf32>
  func.return %r, %s : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @first_is_used_elsewhere
// CHECK: %[[R:.*]] = trt.activation relu
// CHECK-NEXT: %[[N:.*]] = trt.unary neg %[[R]]
// CHECK-NEXT: trt.element_wise sum %[[R]], %[[N]]
func.func @first_is_used_elsewhere(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.activation relu %r : tensor<4xf32> -> tensor<4xf32>
  %n = trt.unary neg %r : tensor<4xf32> -> tensor<4xf32>
  %y = trt.element_wise sum %s, %n : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @integers
// CHECK: trt.activation relu
// CHECK-NOT: trt.activation
func.func @integers(%x: tensor<4xi32>) -> tensor<4xi32> {
  %r = trt.activation relu %x : tensor<4xi32> -> tensor<4xi32>
  %s = trt.activation relu %r : tensor<4xi32> -> tensor<4xi32>
  func.return %s : tensor<4xi32>
}

// -----

// CHECK-LABEL: @first_ends_a_group
// CHECK: %[[G:.*]] = trt.fused "conv_relu"
// CHECK: }
// CHECK-NEXT: func.return %[[G]]
func.func @first_ends_a_group(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  %s = trt.activation relu %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %s : tensor<1x2x4x4xf32>
}

// -----

// Of two results of a group one is a relu's.
// CHECK-LABEL: @only_the_relu_of_two_results
// CHECK: %[[A:.*]], %[[B:.*]] = trt.fused "pointwise"
// CHECK: %[[S:.*]] = trt.activation relu %[[A]]
// CHECK-NEXT: func.return %[[S]], %[[B]]
func.func @only_the_relu_of_two_results(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a, %b = trt.fused "pointwise"(%x) layers ["n", "r"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<4xf32>):
    %n = trt.activation tanh %x0 layers ["n"] : tensor<4xf32> -> tensor<4xf32>
    %r = trt.activation relu %n layers ["r"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %n, %r : tensor<4xf32>, tensor<4xf32>
  }
  // expected-remark@+1 {{needs relu after relu, found relu after tanh", Constraint="both-relu"}}
  %s = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Passed]}}
  %t = trt.activation relu %b : tensor<4xf32> -> tensor<4xf32>
  func.return %s, %t : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @relu_after_sigmoid
// CHECK: trt.activation sigmoid
// CHECK: trt.activation relu
func.func @relu_after_sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation sigmoid %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{needs relu after relu, found relu after sigmoid", Constraint="both-relu"}}
  %s = trt.activation relu %r : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// CHECK-LABEL: @leaky_relu_after_relu
// CHECK: trt.activation leaky_relu
func.func @leaky_relu_after_relu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{found leaky_relu after relu", Constraint="both-relu"}}
  %s = trt.activation leaky_relu %r alpha = 0.1 : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// CHECK-LABEL: @clip_after_relu
// CHECK: trt.activation clip
func.func @clip_after_relu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{found clip after relu", Constraint="both-relu"}}
  %s = trt.activation clip %r alpha = 0.0 beta = 6.0 : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// The second relu says more of its type than the first.
// CHECK-LABEL: @types_differ
// CHECK: trt.activation relu {{.*}} -> tensor<?xf32>
// CHECK: trt.activation relu {{.*}} -> tensor<4xf32>
func.func @types_differ(%x: tensor<?xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<?xf32> -> tensor<?xf32>
  // expected-remark@+1 {{needs a result of the same type, found tensor<?xf32> for tensor<4xf32>", Constraint="types"}}
  %s = trt.activation relu %r : tensor<?xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// CHECK-LABEL: @second_may_not_be_fused
// CHECK: trt.activation relu
// CHECK: trt.activation relu
func.func @second_may_not_be_fused(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="no-fuse"}}
  %s = trt.activation relu %r {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation tanh %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Missed]}}
  %s = trt.activation relu %r : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// CHECK-LABEL: @cast_between
// CHECK: trt.activation relu
// CHECK: trt.activation relu
func.func @cast_between(%x: tensor<4xf32>) -> tensor<4xf16> {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %h = trt.cast %r : tensor<4xf32> -> tensor<4xf16>
  %s = trt.activation relu %h : tensor<4xf16> -> tensor<4xf16>
  func.return %s : tensor<4xf16>
}

// CHECK-LABEL: @side_by_side
// CHECK: trt.activation relu
// CHECK: trt.activation relu
func.func @side_by_side(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  func.return %r, %s : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @no_relu_at_all
// CHECK: trt.activation tanh
// CHECK: trt.activation sigmoid
func.func @no_relu_at_all(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = trt.activation tanh %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.activation sigmoid %r : tensor<4xf32> -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}
