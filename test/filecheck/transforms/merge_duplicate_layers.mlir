// RUN: fuse-opt %s --merge-duplicate-layers --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @equal_layers
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["b"] by "merge-duplicate-layers" heir ["a"]>]
// CHECK: %[[A:.*]] = trt.activation relu %x layers ["a"]
// CHECK-NEXT: trt.element_wise sum %[[A]], %[[A]]
func.func @equal_layers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Passed] merge-duplicate-layers | Category:fusion | Reason="merged into 'a', which computes the same"}}
  %b = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %y = trt.element_wise sum %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @equal_after_their_operands_are
// CHECK: trt.constant
// CHECK-NOT: trt.constant
// CHECK: %[[A:.*]] = trt.element_wise sum
// CHECK-NEXT: %[[C:.*]] = trt.unary exp %[[A]]
// CHECK-NEXT: func.return %[[C]], %[[C]]
func.func @equal_after_their_operands_are(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %k = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %l = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %a = trt.element_wise sum %x, %k : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %b = trt.element_wise sum %x, %l : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %c = trt.unary exp %a : tensor<2xf32> -> tensor<2xf32>
  %d = trt.unary exp %b : tensor<2xf32> -> tensor<2xf32>
  func.return %c, %d : tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: @both_results_of_a_layer
// CHECK: %[[V:.*]], %[[I:.*]] = trt.top_k
// CHECK-NOT: trt.top_k
// CHECK: func.return %[[V]], %[[I]]
func.func @both_results_of_a_layer(%x: tensor<4xf32>) -> (tensor<1xf32>, tensor<1xi32>) {
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<1xf32>, tensor<1xi32>
  %w, %j = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<1xf32>, tensor<1xi32>
  func.return %v, %j : tensor<1xf32>, tensor<1xi32>
}

// -----

// CHECK-LABEL: @different_activations
// CHECK: trt.activation leaky_relu %x alpha = 5.000000e-01
// CHECK: trt.activation leaky_relu %x alpha = 2.500000e-01
func.func @different_activations(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.activation leaky_relu %x alpha = 5.000000e-01 : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation leaky_relu %x alpha = 2.500000e-01 : tensor<4xf32> -> tensor<4xf32>
  func.return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @different_attributes
// CHECK-COUNT-2: trt.activation relu
func.func @different_attributes(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.activation relu %x {note = "a"} : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %x {note = "b"} : tensor<4xf32> -> tensor<4xf32>
  func.return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @operands_in_another_order
// CHECK-COUNT-2: trt.element_wise sum
func.func @operands_in_another_order(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.element_wise sum %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = trt.element_wise sum %y, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @different_result_types
// CHECK-COUNT-2: trt.activation relu
func.func @different_result_types(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<4xf32>) {
  %a = trt.activation relu %x : tensor<?xf32> -> tensor<?xf32>
  %b = trt.activation relu %x : tensor<?xf32> -> tensor<4xf32>
  func.return %a, %b : tensor<?xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @may_not_be_merged
// CHECK-COUNT-2: trt.activation relu
func.func @may_not_be_merged(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.activation relu %x {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %x {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
  func.return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// Zero and minus zero are different constants.
// CHECK-LABEL: @constants_that_compare_equal
// CHECK-COUNT-2: trt.constant
func.func @constants_that_compare_equal() -> (tensor<1xf32>, tensor<1xf32>) {
  %a = trt.constant dense<0.0> : tensor<1xf32>
  %b = trt.constant dense<-0.0> : tensor<1xf32>
  func.return %a, %b : tensor<1xf32>, tensor<1xf32>
}

// -----

// CHECK-LABEL: @groups_stay
// CHECK-COUNT-2: trt.fused "pointwise"
func.func @groups_stay(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %g = trt.fused "pointwise"(%x) layers ["a"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %a : tensor<4xf32>
  }
  %h = trt.fused "pointwise"(%x) layers ["b"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %b = trt.unary exp %x0 layers ["b"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %b : tensor<4xf32>
  }
  func.return %g, %h : tensor<4xf32>, tensor<4xf32>
}
