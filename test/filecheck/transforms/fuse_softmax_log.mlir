// RUN: fuse-opt %s --fuse-softmax-log --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @softmax_then_log
// CHECK: %[[R:.*]] = trt.fused "softmax_log"(%x) layers ["s", "l"]
// CHECK: %[[S:.*]] = trt.softmax %{{.*}} axis = 1
// CHECK: %[[L:.*]] = trt.unary log %[[S]]
// CHECK: trt.yield %[[L]]
// CHECK: func.return %[[R]]
func.func @softmax_then_log(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-softmax-log | Category:fusion | Reason="fused into s + l"}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @any_axis_and_unknown_dimensions
// CHECK: trt.fused "softmax_log"
// CHECK: trt.softmax %{{.*}} axis = 0
func.func @any_axis_and_unknown_dimensions(%x: tensor<?x5x?xbf16>) -> tensor<?x5x?xbf16> {
  %s = trt.softmax %x axis = 0 : tensor<?x5x?xbf16> -> tensor<?x5x?xbf16>
  %l = trt.unary log %s : tensor<?x5x?xbf16> -> tensor<?x5x?xbf16>
  func.return %l : tensor<?x5x?xbf16>
}

// -----

// CHECK-LABEL: @log_is_used_twice_and_returned
// CHECK: %[[R:.*]] = trt.fused "softmax_log"
// CHECK: %[[N:.*]] = trt.unary neg %[[R]]
// CHECK: func.return %[[R]], %[[N]]
func.func @log_is_used_twice_and_returned(%x: tensor<2x5xf16>) -> (tensor<2x5xf16>, tensor<2x5xf16>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf16> -> tensor<2x5xf16>
  %l = trt.unary log %s : tensor<2x5xf16> -> tensor<2x5xf16>
  %n = trt.unary neg %l : tensor<2x5xf16> -> tensor<2x5xf16>
  func.return %l, %n : tensor<2x5xf16>, tensor<2x5xf16>
}

// -----

// CHECK-LABEL: @second_log_stays
// CHECK: trt.fused "softmax_log"({{.*}}) layers ["s", "l"]
// CHECK: trt.unary log {{.*}} layers ["m"]
func.func @second_log_stays(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{needs a softmax that nothing is fused with, found softmax_log", Constraint="bare-softmax"}}
  %m = trt.unary log %l : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %m : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @softmax_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @softmax_is_used_elsewhere(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{found 's' is used by 2 layers, also by 'e'", Constraint="single-use"}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  %e = trt.element_wise prod %s, %l : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  func.return %e : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @softmax_is_an_output
// CHECK-NOT: trt.fused
func.func @softmax_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %s, %l : tensor<2x5xf32>, tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @softmax_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @softmax_may_not_be_fused(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 {trt.no_fuse} : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="no-fuse"}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l : tensor<2x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l : tensor<2x5xf32>
}

// CHECK-LABEL: @reshape_between
// CHECK-NOT: trt.fused
func.func @reshape_between(%x: tensor<2x5xf32>) -> tensor<10xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %v = trt.shuffle %s reshape = [10] : tensor<2x5xf32> -> tensor<10xf32>
  %l = trt.unary log %v : tensor<10xf32> -> tensor<10xf32>
  func.return %l : tensor<10xf32>
}

// CHECK-LABEL: @cast_between
// CHECK-NOT: trt.fused
func.func @cast_between(%x: tensor<2x5xf16>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf16> -> tensor<2x5xf16>
  %c = trt.cast %s : tensor<2x5xf16> -> tensor<2x5xf32>
  %l = trt.unary log %c : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l : tensor<2x5xf32>
}

// CHECK-LABEL: @another_function_than_log
// CHECK-NOT: trt.fused
func.func @another_function_than_log(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %l = trt.unary exp %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %l : tensor<2x5xf32>
}

// CHECK-LABEL: @log_before_softmax
// CHECK-NOT: trt.fused
func.func @log_before_softmax(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %l = trt.unary log %x : tensor<2x5xf32> -> tensor<2x5xf32>
  %s = trt.softmax %l axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %s : tensor<2x5xf32>
}

// CHECK-LABEL: @log_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @log_that_nothing_uses(%x: tensor<2x5xf32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return
}
