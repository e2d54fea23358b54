// RUN: fuse-opt %s --fuse-l1-norm --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @abs_then_sum
// CHECK: %[[R:.*]] = trt.fused "abs_reduce_sum"(%x) layers ["a", "r"]
// CHECK: %[[A:.*]] = trt.unary abs
// CHECK: %[[S:.*]] = trt.reduce sum %[[A]] axes = [1]
// CHECK: trt.yield %[[S]]
// CHECK: func.return %[[R]]
func.func @abs_then_sum(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-l1-norm | Category:fusion | Reason="fused into a + r"}}
  %r = trt.reduce sum %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @several_axes_kept
// CHECK: trt.fused "abs_reduce_sum"
// CHECK: trt.reduce sum {{.*}} axes = [0, 2] keep_dimensions
func.func @several_axes_kept(%x: tensor<2x?x4xf16>) -> tensor<1x?x1xf16> {
  %a = trt.unary abs %x : tensor<2x?x4xf16> -> tensor<2x?x4xf16>
  %r = trt.reduce sum %a axes = [0, 2] keep_dimensions : tensor<2x?x4xf16> -> tensor<1x?x1xf16>
  func.return %r : tensor<1x?x1xf16>
}

// -----

// CHECK-LABEL: @integers
// CHECK: trt.fused "abs_reduce_sum"
func.func @integers(%x: tensor<2x5xi32>) -> tensor<2xi32> {
  %a = trt.unary abs %x : tensor<2x5xi32> -> tensor<2x5xi32>
  %r = trt.reduce sum %a axes = [1] : tensor<2x5xi32> -> tensor<2xi32>
  func.return %r : tensor<2xi32>
}

// -----

// CHECK-LABEL: @mean
// CHECK-NOT: trt.fused
func.func @mean(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a reduction by sum, found avg", Constraint="sum"}}
  %r = trt.reduce avg %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @maximum
// CHECK-NOT: trt.fused
func.func @maximum(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{found max", Constraint="sum"}}
  %r = trt.reduce max %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// -----

// CHECK-LABEL: @abs_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @abs_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2xf32>, tensor<5xf32>) {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{also by 's'", Constraint="single-use"}}
  %r = trt.reduce sum %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  // expected-remark@+1 {{also by 'r'", Constraint="single-use"}}
  %s = trt.reduce sum %a axes = [0] : tensor<2x5xf32> -> tensor<5xf32>
  func.return %r, %s : tensor<2xf32>, tensor<5xf32>
}

// -----

// CHECK-LABEL: @abs_is_an_output
// CHECK-NOT: trt.fused
func.func @abs_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2x5xf32>, tensor<2xf32>) {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %r = trt.reduce sum %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %a, %r : tensor<2x5xf32>, tensor<2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary abs %x : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.reduce prod %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @another_function_than_abs
// CHECK-NOT: trt.fused
func.func @another_function_than_abs(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %a = trt.unary neg %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %r = trt.reduce sum %a axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @cast_between
// CHECK-NOT: trt.fused
func.func @cast_between(%x: tensor<2x5xf16>) -> tensor<2xf32> {
  %a = trt.unary abs %x : tensor<2x5xf16> -> tensor<2x5xf16>
  %c = trt.cast %a : tensor<2x5xf16> -> tensor<2x5xf32>
  %r = trt.reduce sum %c axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK-LABEL: @abs_after_the_sum
// CHECK-NOT: trt.fused
func.func @abs_after_the_sum(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %r = trt.reduce sum %x axes = [1] : tensor<2x5xf32> -> tensor<2xf32>
  %a = trt.unary abs %r : tensor<2xf32> -> tensor<2xf32>
  func.return %a : tensor<2xf32>
}
