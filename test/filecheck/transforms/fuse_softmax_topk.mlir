// RUN: fuse-opt %s --fuse-softmax-topk --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @both_results
// CHECK: %[[V:.*]], %[[I:.*]] = trt.fused "softmax_topk"(%x) layers ["s", "v"]
// CHECK: %[[S:.*]] = trt.softmax
// CHECK: %[[A:.*]], %[[B:.*]] = trt.top_k max %[[S]] k = 2 axis = 1
// CHECK: trt.yield %[[A]], %[[B]] : tensor<2x2xf32>, tensor<2x2xi32>
// CHECK: func.return %[[V]], %[[I]]
func.func @both_results(%x: tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed] fuse-softmax-topk | Category:fusion | Reason="fused into s + v"}}
  %v, %i = trt.top_k max %s k = 2 axis = 1 : tensor<2x5xf32> -> tensor<2x2xf32>, tensor<2x2xi32>
  func.return %v, %i : tensor<2x2xf32>, tensor<2x2xi32>
}

// -----

// CHECK-LABEL: @values_alone
// CHECK: %[[V:.*]] = trt.fused "softmax_topk"(%x) {{.*}} -> tensor<2x1xf32>
// CHECK: func.return %[[V]]
func.func @values_alone(%x: tensor<2x5xf32>) -> tensor<2x1xf32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %v, %i = trt.top_k max %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return %v : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: @indices_alone
// CHECK: %[[I:.*]] = trt.fused "softmax_topk"(%x) {{.*}} -> tensor<2x1xi64>
// CHECK: func.return %[[I]]
func.func @indices_alone(%x: tensor<2x5xf32>) -> tensor<2x1xi64> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %v, %i = trt.top_k min %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi64>
  func.return %i : tensor<2x1xi64>
}

// -----

// CHECK-LABEL: @with_a_log
// CHECK: trt.fused "softmax_log_topk"(%x) layers ["s", "l", "v"]
// CHECK-NOT: trt.fused
func.func @with_a_log(%x: tensor<2x5xf16>) -> (tensor<2x2xf16>, tensor<2x2xi32>) {
  %l = trt.fused "softmax_log"(%x) layers ["s", "l"] : (tensor<2x5xf16>) -> tensor<2x5xf16> {
  ^bb0(%x0: tensor<2x5xf16>):
    %s = trt.softmax %x0 axis = 1 layers ["s"] : tensor<2x5xf16> -> tensor<2x5xf16>
    %l0 = trt.unary log %s layers ["l"] : tensor<2x5xf16> -> tensor<2x5xf16>
    trt.yield %l0 : tensor<2x5xf16>
  }
  // expected-remark@+1 {{[Passed] fuse-softmax-topk | Category:fusion | Reason="fused into s + l + v"}}
  %v, %i = trt.top_k max %l k = 2 axis = 1 : tensor<2x5xf16> -> tensor<2x2xf16>, tensor<2x2xi32>
  func.return %v, %i : tensor<2x2xf16>, tensor<2x2xi32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "softmax_topk"
func.func @unknown_dimensions(%x: tensor<?x?xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %s = trt.softmax %x axis = 1 : tensor<?x?xf32> -> tensor<?x?xf32>
  %v, %i = trt.top_k max %s k = 2 axis = 1 : tensor<?x?xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  func.return %v, %i : tensor<?x2xf32>, tensor<?x2xi32>
}

// -----

// CHECK-LABEL: @another_axis
// CHECK-NOT: trt.fused
func.func @another_axis(%x: tensor<2x5xf32>) -> (tensor<1x5xf32>, tensor<1x5xi32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{needs one axis for both, found a softmax along axis 1, a top-k along axis 0", Constraint="same-axis"}}
  %v, %i = trt.top_k max %s k = 1 axis = 0 : tensor<2x5xf32> -> tensor<1x5xf32>, tensor<1x5xi32>
  func.return %v, %i : tensor<1x5xf32>, tensor<1x5xi32>
}

// -----

// CHECK-LABEL: @top_k_of_a_top_k
// CHECK: trt.fused "softmax_topk"({{.*}}) layers ["s", "v"]
// CHECK: trt.top_k {{.*}} layers ["w"]
func.func @top_k_of_a_top_k(%x: tensor<2x5xf32>) -> (tensor<2x1xf32>, tensor<2x1xi32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %v, %i = trt.top_k max %s k = 3 axis = 1 : tensor<2x5xf32> -> tensor<2x3xf32>, tensor<2x3xi32>
  // expected-remark@+1 {{needs a softmax, or a softmax and its log, found softmax_topk", Constraint="bare-softmax"}}
  %w, %j = trt.top_k min %v k = 1 axis = 1 : tensor<2x3xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return %w, %j : tensor<2x1xf32>, tensor<2x1xi32>
}

// -----

// CHECK-LABEL: @softmax_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @softmax_is_used_elsewhere(%x: tensor<2x5xf32>) -> (tensor<2x1xi32>, tensor<2x5xf32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{found 's' is used by 2 layers, also by 'n'", Constraint="single-use"}}
  %v, %i = trt.top_k max %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  %n = trt.unary neg %s : tensor<2x5xf32> -> tensor<2x5xf32>
  func.return %i, %n : tensor<2x1xi32>, tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @softmax_is_an_output
// CHECK-NOT: trt.fused
func.func @softmax_is_an_output(%x: tensor<2x5xf32>) -> (tensor<2x1xi32>, tensor<2x5xf32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %v, %i = trt.top_k max %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return %i, %s : tensor<2x1xi32>, tensor<2x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x5xf32>) -> tensor<2x1xi32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %v, %i = trt.top_k max %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return %i : tensor<2x1xi32>
}

// CHECK-LABEL: @log_in_no_group
// CHECK-NOT: trt.fused
func.func @log_in_no_group(%x: tensor<2x5xf32>) -> tensor<2x1xi32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %l = trt.unary log %s : tensor<2x5xf32> -> tensor<2x5xf32>
  %v, %i = trt.top_k max %l k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return %i : tensor<2x1xi32>
}

// CHECK-LABEL: @reshape_between
// CHECK-NOT: trt.fused
func.func @reshape_between(%x: tensor<2x5xf32>) -> tensor<1xi32> {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %r = trt.shuffle %s reshape = [10] : tensor<2x5xf32> -> tensor<10xf32>
  %v, %i = trt.top_k max %r k = 1 axis = 0 : tensor<10xf32> -> tensor<1xf32>, tensor<1xi32>
  func.return %i : tensor<1xi32>
}

// CHECK-LABEL: @no_softmax
// CHECK-NOT: trt.fused
func.func @no_softmax(%x: tensor<2x5xi32>) -> tensor<2x1xi32> {
  %v, %i = trt.top_k max %x k = 1 axis = 1 : tensor<2x5xi32> -> tensor<2x1xi32>, tensor<2x1xi32>
  func.return %i : tensor<2x1xi32>
}

// CHECK-LABEL: @top_k_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @top_k_that_nothing_uses(%x: tensor<2x5xf32>) {
  %s = trt.softmax %x axis = 1 : tensor<2x5xf32> -> tensor<2x5xf32>
  %v, %i = trt.top_k max %s k = 1 axis = 1 : tensor<2x5xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  func.return
}
