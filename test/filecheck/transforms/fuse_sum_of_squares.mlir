// RUN: fuse-opt %s --fuse-sum-of-squares --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @product_with_itself
// CHECK: %[[R:.*]] = trt.fused "prod_reduce_sum"(%x) layers ["p", "r"]
// CHECK: ^{{.*}}(%[[X:.*]]: tensor<2x5xf32>):
// CHECK: %[[P:.*]] = trt.element_wise prod %[[X]], %[[X]]
// CHECK: %[[S:.*]] = trt.reduce sum %[[P]] axes = [1]
// CHECK: trt.yield %[[S]]
// CHECK: func.return %[[R]]
func.func @product_with_itself(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-sum-of-squares | Category:fusion | Reason="fused into p + r"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @second_power
// CHECK: trt.fused "pow_reduce_sum"(%x) layers ["p", "r"]
// CHECK: trt.constant dense<2.000000e+00>
func.func @second_power(%x: tensor<2x5xf32>) -> tensor<1x1xf32> {
  %two = trt.constant dense<2.0> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %two : (tensor<2x5xf32>, tensor<1x1xf32>) -> tensor<2x5xf32>
  %r = trt.reduce sum %p axes = [0, 1] keep_dimensions : tensor<2x5xf32> -> tensor<1x1xf32>
  func.return %r : tensor<1x1xf32>
}

// -----

// CHECK-LABEL: @integers_of_unknown_dimensions
// CHECK: trt.fused "prod_reduce_sum"
func.func @integers_of_unknown_dimensions(%x: tensor<?x?xi32>) -> tensor<?xi32> {
  %p = trt.element_wise prod %x, %x : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
  %r = trt.reduce sum %p axes = [1] : tensor<?x?xi32> -> tensor<?xi32>
  func.return %r : tensor<?xi32>
}

// -----

// x may be used elsewhere, be it by another square.
// CHECK-LABEL: @two_squares_of_one_value
// CHECK: trt.fused "prod_reduce_sum"(%x) layers ["p", "r"]
// CHECK: trt.fused "prod_reduce_sum"(%x) layers ["q", "s"]
func.func @two_squares_of_one_value(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<5xf32>) {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %q = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  %s = trt.reduce sum %q axes = [0] : tensor<2x5xf32> -> tensor<5xf32>
  func.return %r, %s : tensor<2xf32>, tensor<5xf32>
}

// -----

// CHECK-LABEL: @product_of_two_values
// CHECK-NOT: trt.fused
func.func @product_of_two_values(%x: tensor<2x5xf32>, %y: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %y : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a value times itself, found a product of two values", Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @product_with_a_broadcast
// CHECK-NOT: trt.fused
func.func @product_with_a_broadcast(%x: tensor<2x5xf32>, %y: tensor<2x1xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %y : (tensor<2x5xf32>, tensor<2x1xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// Equal values are two values until duplicates are merged.
// CHECK-LABEL: @product_of_equal_values
// CHECK-NOT: trt.fused
func.func @product_of_equal_values(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary neg %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %b = trt.unary neg %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %p = trt.element_wise prod %a, %b : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @third_power
// CHECK-NOT: trt.fused
func.func @third_power(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %three = trt.constant dense<3.0> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %three : (tensor<2x5xf32>, tensor<1x1xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a value times itself, found a power that is not the number 2", Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// An exponent for each element, equal as they are, may spread the base.
// CHECK-LABEL: @power_with_a_broadcast
// CHECK-NOT: trt.fused
func.func @power_with_a_broadcast(%x: tensor<1x5xf32>) -> tensor<2xf32> {
  %two = trt.constant dense<2.0> : tensor<2x1xf32>
  %p = trt.element_wise pow %x, %two : (tensor<1x5xf32>, tensor<2x1xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @two_to_the_power
// CHECK-NOT: trt.fused
func.func @two_to_the_power(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %two = trt.constant dense<2.0> : tensor<1x1xf32>
  %p = trt.element_wise pow %two, %x : (tensor<1x1xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="same-input"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @mean_of_squares
// CHECK-NOT: trt.fused
func.func @mean_of_squares(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a reduction by sum, found avg", Constraint="sum"}}
  %r = trt.reduce avg %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @square_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @square_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2x5xf32>) {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{found 'p' is used by 2 layers, also by 'n'", Constraint="single-use"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  %n = trt.unary neg %p : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %r, %n : tensor<2xf32>, tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @square_is_an_output
// CHECK-NOT: trt.fused
func.func @square_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2x5xf32>) {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r, %p : tensor<2xf32>, tensor<2x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce max %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @sum_with_itself
// CHECK-NOT: trt.fused
func.func @sum_with_itself(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise sum %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @square_of_the_sum
// CHECK-NOT: trt.fused
func.func @square_of_the_sum(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  %p = trt.element_wise prod %r, %r : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %p : tensor<2xf32>
}
