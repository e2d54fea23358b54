// RUN: fuse-opt %s --erase-dead-layers --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @chain_that_nothing_uses
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["b"] by "erase-dead-layers" heir []>, #trt.ledger_entry<["a"] by "erase-dead-layers" heir []>]
// CHECK-NOT: trt.unary
// CHECK-NOT: trt.constant
// CHECK: func.return %x
func.func @chain_that_nothing_uses(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = trt.constant dense<1.0> : tensor<4xf32>
  // expected-remark@+1 {{[Passed] erase-dead-layers | Category:fusion | Reason="erased: nothing uses its results"}}
  %a = trt.element_wise sum %x, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{[Passed]}}
  %b = trt.unary exp %a : tensor<4xf32> -> tensor<4xf32>
  func.return %x : tensor<4xf32>
}

// -----

// CHECK-LABEL: @used_layers_stay
// CHECK-NOT: trt.ledger
// CHECK: trt.constant
// CHECK: trt.element_wise
// CHECK: trt.unary exp
func.func @used_layers_stay(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = trt.constant dense<1.0> : tensor<4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = trt.unary exp %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// -----

// CHECK-LABEL: @one_of_two_results_is_used
// CHECK: trt.top_k
func.func @one_of_two_results_is_used(%x: tensor<4xf32>) -> tensor<1xi32> {
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<1xf32>, tensor<1xi32>
  func.return %i : tensor<1xi32>
}

// -----

// CHECK-LABEL: @group_that_nothing_uses
// CHECK-SAME: #trt.ledger_entry<["a", "b"] by "erase-dead-layers" heir []>
// CHECK-NOT: trt.fused
func.func @group_that_nothing_uses(%x: tensor<4xf32>) -> tensor<4xf32> {
  %g = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.unary abs %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %b : tensor<4xf32>
  }
  func.return %x : tensor<4xf32>
}

// -----

// What only the dead layer used is no result of the group any more.
// CHECK-LABEL: @group_loses_a_result
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["d"] by "erase-dead-layers" heir []>]
// CHECK: %[[G:.*]] = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> tensor<4xf32>
// CHECK: func.return %[[G]]
func.func @group_loses_a_result(%x: tensor<4xf32>) -> tensor<4xf32> {
  %g, %h = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<4xf32>):
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.unary abs %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %a, %b : tensor<4xf32>, tensor<4xf32>
  }
  %d = trt.softmax %g axis = 0 : tensor<4xf32> -> tensor<4xf32>
  func.return %h : tensor<4xf32>
}

// -----

// With the result go the layers and the inputs that only it needed.
// CHECK-LABEL: @group_loses_layers_and_inputs
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["d"] by "erase-dead-layers" heir []>, #trt.ledger_entry<["b", "c"] by "erase-dead-layers" heir []>]
// CHECK: %[[G:.*]] = trt.fused "pointwise"(%x) layers ["a"] : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NOT: trt.constant
// CHECK: func.return %[[G]]
func.func @group_loses_layers_and_inputs(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %g, %h = trt.fused "pointwise"(%y, %x) layers ["a", "b", "c"] : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%y0: tensor<4xf32>, %x0: tensor<4xf32>):
    %k = trt.constant dense<1.0> : tensor<1xf32>
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.element_wise sum %y0, %k layers ["b"] : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
    %c = trt.element_wise sum %a, %b layers ["c"] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    trt.yield %a, %c : tensor<4xf32>, tensor<4xf32>
  }
  %d = trt.softmax %h axis = 0 : tensor<4xf32> -> tensor<4xf32>
  func.return %g : tensor<4xf32>
}
