// RUN: fuse-opt %s --fuse-log-sum --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @log_of_a_sum
// CHECK: %[[R:.*]] = trt.fused "reduce_sum_log"(%x) layers ["r", "l"]
// CHECK: %[[S:.*]] = trt.reduce sum %{{.*}} axes = [0, 1] keep_dimensions
// CHECK: %[[L:.*]] = trt.unary log %[[S]]
// CHECK: trt.yield %[[L]]
// CHECK: func.return %[[R]]
func.func @log_of_a_sum(%x: tensor<2x5xf32>) -> tensor<1x1xf32> {
  %r = trt.reduce sum %x axes = [0, 1] keep_dimensions : tensor<2x5xf32> -> tensor<1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-log-sum | Category:fusion | Reason="fused into r + l"}}
  %l = trt.unary log %r : tensor<1x1xf32> -> tensor<1x1xf32>
  func.return %l : tensor<1x1xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "reduce_sum_log"
func.func @unknown_dimensions(%x: tensor<?x?xf16>) -> tensor<?xf16> {
  %r = trt.reduce sum %x axes = [1] : tensor<?x?xf16> -> tensor<?xf16>
  %l = trt.unary log %r : tensor<?xf16> -> tensor<?xf16>
  func.return %l : tensor<?xf16>
}

// -----

// CHECK-LABEL: @log_of_a_mean
// CHECK-NOT: trt.fused
func.func @log_of_a_mean(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce avg %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{needs a reduction by sum, found reduce_avg", Constraint="sum"}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// -----

// CHECK-LABEL: @log_of_an_l1_norm
// CHECK: trt.fused "abs_reduce_sum"
// CHECK: trt.unary log
func.func @log_of_an_l1_norm(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.fused "abs_reduce_sum"(%x) layers ["a", "s"] : (tensor<2x5xf32>) -> tensor<2xf32> {
  ^bb0(%x0: tensor<2x5xf32>):
    %a = trt.unary abs %x0 layers ["a"] : tensor<2x5xf32> -> tensor<2x5xf32>
    %s = trt.reduce sum %a axes = [1] layers ["s"] : tensor<2x5xf32> -> tensor<2xf32>
    trt.yield %s : tensor<2xf32>
  }
  // expected-remark@+1 {{needs a reduction that nothing is fused with, found abs_reduce_sum", Constraint="bare-reduction"}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// -----

// CHECK-LABEL: @sum_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @sum_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{found 'r' is used by 2 layers, also by 'q'", Constraint="single-use"}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  %q = trt.unary sqrt %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l, %q : tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: @sum_is_an_output
// CHECK-NOT: trt.fused
func.func @sum_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l, %r : tensor<2xf32>, tensor<2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce max %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{[Missed]}}
  %l = trt.unary log %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// CHECK-LABEL: @another_function_than_log
// CHECK-NOT: trt.fused
func.func @another_function_than_log(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  %l = trt.unary exp %r : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}

// CHECK-LABEL: @sum_of_logs
// CHECK-NOT: trt.fused
func.func @sum_of_logs(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %l = trt.unary log %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %r = trt.reduce sum %l axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @cast_between
// CHECK-NOT: trt.fused
func.func @cast_between(%x: tensor<2x5xi32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xi32> -> tensor<2xi32>
  %c = trt.cast %r : tensor<2xi32> -> tensor<2xf32>
  %l = trt.unary log %c : tensor<2xf32> -> tensor<2xf32>
  func.return %l : tensor<2xf32>
}
