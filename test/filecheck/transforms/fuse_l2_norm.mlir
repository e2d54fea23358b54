// RUN: fuse-opt %s --fuse-sum-of-squares --fuse-l2-norm --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @root_of_a_sum_of_squares
// CHECK: %[[R:.*]] = trt.fused "prod_reduce_sum_sqrt"(%x) layers ["p", "r", "q"]
// CHECK: %[[S:.*]] = trt.reduce sum
// CHECK: %[[Q:.*]] = trt.unary sqrt %[[S]]
// CHECK: trt.yield %[[Q]]
// CHECK: func.return %[[R]]
func.func @root_of_a_sum_of_squares(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-sum-of-squares}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed] fuse-l2-norm | Category:fusion | Reason="fused into p + r + q"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// -----

// CHECK-LABEL: @second_power_of_unknown_dimensions
// CHECK: trt.fused "pow_reduce_sum_sqrt"
func.func @second_power_of_unknown_dimensions(%x: tensor<?x?xbf16>) -> tensor<?x1xbf16> {
  %two = trt.constant dense<2.0> : tensor<1x1xbf16>
  %p = trt.element_wise pow %x, %two : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %r = trt.reduce sum %p axes = [1] keep_dimensions : tensor<?x?xbf16> -> tensor<?x1xbf16>
  %q = trt.unary sqrt %r : tensor<?x1xbf16> -> tensor<?x1xbf16>
  func.return %q : tensor<?x1xbf16>
}

// -----

// CHECK-LABEL: @x_is_divided_by_its_norm
// CHECK: %[[N:.*]] = trt.fused "prod_reduce_sum_sqrt"(%x)
// CHECK: trt.element_wise div %x, %[[N]]
func.func @x_is_divided_by_its_norm(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  %r = trt.reduce sum %p axes = [1] keep_dimensions : tensor<2x5xf32> -> tensor<2x1xf32>
  %q = trt.unary sqrt %r : tensor<2x1xf32> -> tensor<2x1xf32>
  %y = trt.element_wise div %x, %q : (tensor<2x5xf32>, tensor<2x1xf32>) -> tensor<2x5xf32>
  func.return %y : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @root_of_a_plain_sum
// CHECK-NOT: trt.fused
func.func @root_of_a_plain_sum(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{needs a fused sum of squares, found reduce_sum", Constraint="sum-of-squares"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// -----

// CHECK-LABEL: @root_of_a_mean_of_squares
// CHECK-NOT: trt.fused
func.func @root_of_a_mean_of_squares(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="sum"}}
  %r = trt.reduce avg %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{found reduce_avg", Constraint="sum-of-squares"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// -----

// CHECK-LABEL: @root_of_an_l1_norm
// CHECK: trt.fused "abs_reduce_sum"
// CHECK: trt.unary sqrt
func.func @root_of_an_l1_norm(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.fused "abs_reduce_sum"(%x) layers ["a", "s"] : (tensor<2x5xf32>) -> tensor<2xf32> {
  ^bb0(%x0: tensor<2x5xf32>):
    %a = trt.unary abs %x0 layers ["a"] : tensor<2x5xf32> -> tensor<2x5xf32>
    %s = trt.reduce sum %a axes = [1] layers ["s"] : tensor<2x5xf32> -> tensor<2xf32>
    trt.yield %s : tensor<2xf32>
  }
  // expected-remark@+1 {{found abs_reduce_sum", Constraint="sum-of-squares"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// -----

// CHECK-LABEL: @sum_is_used_elsewhere
// CHECK: trt.fused "prod_reduce_sum"({{.*}}) layers ["p", "r"]
// CHECK: trt.unary sqrt
// CHECK: trt.unary log
func.func @sum_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{found 'p + r' is used by 2 layers, also by 'l'", Constraint="single-use"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q, %l : tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: @sum_is_an_output
// CHECK: trt.fused "prod_reduce_sum"({{.*}}) layers ["p", "r"]
// CHECK: trt.unary sqrt
func.func @sum_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %p = trt.element_wise prod %x, %x : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %r = trt.reduce sum %p axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q, %r : tensor<2xf32>, tensor<2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce prod %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Missed]}}
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// CHECK-LABEL: @layer_between
// CHECK: trt.fused "reduce_sum_neg"
// CHECK: trt.unary sqrt
func.func @layer_between(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.fused "reduce_sum_neg"(%x) layers ["s", "n"] : (tensor<2x5xf32>) -> tensor<2xf32> {
  ^bb0(%x0: tensor<2x5xf32>):
    %s = trt.reduce sum %x0 axes = [1] layers ["s"] : tensor<2x5xf32> -> tensor<2xf32>
    %n = trt.unary neg %s layers ["n"] : tensor<2xf32> -> tensor<2xf32>
    trt.yield %n : tensor<2xf32>
  }
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}

// CHECK-LABEL: @root_of_something_else
// CHECK-NOT: trt.fused
func.func @root_of_something_else(%x: tensor<2xf32>) -> tensor<2xf32> {
  %p = trt.element_wise prod %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %q = trt.unary sqrt %p : tensor<2xf32> -> tensor<2xf32>
  func.return %q : tensor<2xf32>
}
