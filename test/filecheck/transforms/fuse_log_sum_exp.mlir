// RUN: fuse-opt %s --fuse-log-sum --fuse-log-sum-exp --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @log_of_a_sum_of_exponentials
// CHECK: %[[R:.*]] = trt.fused "exp_reduce_sum_log"(%x) layers ["e", "r", "l"]
// CHECK: %[[E:.*]] = trt.unary exp
// CHECK: %[[S:.*]] = trt.reduce sum %[[E]] axes = [1]
// CHECK: %[[L:.*]] = trt.unary log %[[S]]
// CHECK: trt.yield %[[L]]
// CHECK: func.return %[[R]]
func.func @log_of_a_sum_of_exponentials(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-log-sum-exp | Category:fusion | Reason="fused into e + r + l"}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed] fuse-log-sum |}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions_kept
// CHECK: trt.fused "exp_reduce_sum_log"
// CHECK: trt.reduce sum {{.*}} axes = [0, 1] keep_dimensions
func.func @unknown_dimensions_kept(%x: tensor<?x?xf16>) -> tensor<1x1xf16> {
  %e = trt.unary exp %x : tensor<?x?xf16> -> tensor<?x?xf16>
  %r = trt.reduce sum %e axes = [0, 1] keep_dimensions : tensor<?x?xf16> -> tensor<1x1xf16>
  %l = trt.unary log %r : tensor<1x1xf16> -> tensor<1x1xf16>
  func.return %l : tensor<1x1xf16>
}

// -----

// CHECK-LABEL: @another_function_than_exp
// CHECK: trt.unary sinh
// CHECK: trt.fused "reduce_sum_log"
func.func @another_function_than_exp(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary sinh %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Missed] fuse-log-sum-exp | Category:fusion | Reason="needs a unary exp, found sinh", Constraint="exp"}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// -----

// CHECK-LABEL: @exp_is_used_elsewhere
// CHECK: trt.unary exp
// CHECK: trt.fused "reduce_sum_log"
func.func @exp_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2x5xf32>) {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{found 'e' is used by 2 layers, also by 'n'", Constraint="single-use"}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  %n = trt.unary neg %e : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l, %n : tensor<2xf32>, tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @exp_is_an_output
// CHECK: trt.unary exp
// CHECK: trt.fused "reduce_sum_log"
func.func @exp_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2x5xf32>) {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l, %e : tensor<2xf32>, tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @log_forbids_this_rule
// CHECK: trt.unary exp
// CHECK: trt.fused "reduce_sum_log"
func.func @log_forbids_this_rule(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="no-fuse"}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %r {trt.no_fuse = ["fuse-log-sum-exp"]} : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none of
// this rule.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary neg %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// CHECK-LABEL: @mean_of_exponentials
// CHECK-NOT: trt.fused
func.func @mean_of_exponentials(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %r = trt.reduce avg %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Missed] fuse-log-sum |}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// CHECK-LABEL: @no_logarithm
// CHECK-NOT: trt.fused
func.func @no_logarithm(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %e = trt.unary exp %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %r = trt.reduce sum %e axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @sum_of_an_input
// CHECK: trt.fused "reduce_sum_log"
func.func @sum_of_an_input(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Passed] fuse-log-sum |}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}
