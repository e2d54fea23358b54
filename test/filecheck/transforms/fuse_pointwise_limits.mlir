// RUN: fuse-opt %s --fuse-pointwise='max-ops=3 max-inputs=2' --split-input-file --verify-diagnostics | FileCheck %s
// RUN: fuse-opt %s --fuse-pointwise --split-input-file | FileCheck %s --check-prefix=DEFAULT

// CHECK-LABEL: @as_many_layers_as_there_may_be
// CHECK: trt.fused "pointwise"({{.*}}) layers ["a", "b", "c"]
func.func @as_many_layers_as_there_may_be(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary sin %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary cos %a : tensor<4xf32> -> tensor<4xf32>
  %c = trt.unary sin %b : tensor<4xf32> -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}

// -----

// CHECK-LABEL: @two_more_layers
// CHECK: trt.fused "pointwise"({{.*}}) layers ["a", "b", "c"]
// CHECK: trt.fused "pointwise"({{.*}}) layers ["d", "e"]
// DEFAULT-LABEL: @two_more_layers
// DEFAULT: trt.fused "pointwise"({{.*}}) layers ["a", "b", "c", "d", "e"]
func.func @two_more_layers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary sin %x : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Passed]}}
  %b = trt.unary cos %a : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Passed]}}
  %c = trt.unary sin %b : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+3 {{[Passed]}}
  // expected-remark@+1 {{needs no more layers than max-ops, found 5, the limit is 3", Constraint="max-ops", Suggestion="--fuse-pointwise='max-ops=...'"}}
  %d = trt.unary cos %c : tensor<4xf32> -> tensor<4xf32>
  %e = trt.unary sin %d : tensor<4xf32> -> tensor<4xf32>
  func.return %e : tensor<4xf32>
}

// -----

// A literal is no input, nor is a value that is read twice another one.
// CHECK-LABEL: @as_many_inputs_as_there_may_be
// CHECK: trt.fused "pointwise"(%x, %y) layers ["a", "b", "c"]
func.func @as_many_inputs_as_there_may_be(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %two = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.element_wise sum %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = trt.element_wise prod %a, %two : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %c = trt.element_wise sub %b, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}

// -----

// CHECK-LABEL: @one_more_input
// CHECK-NOT: trt.fused
// DEFAULT-LABEL: @one_more_input
// DEFAULT: trt.fused "pointwise"(%x, %y, %z) layers ["a", "b"]
func.func @one_more_input(%x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.element_wise sum %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{needs no more tensors read than max-inputs, found 3, the limit is 2", Constraint="max-inputs", Suggestion="--fuse-pointwise='max-inputs=...'"}}
  %b = trt.element_wise sum %a, %z : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// -----

// A constant of several elements is read like any tensor.
// CHECK-LABEL: @larger_constant_is_an_input
// CHECK-NOT: trt.fused
func.func @larger_constant_is_an_input(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %list = trt.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %a = trt.element_wise sum %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // expected-remark@+1 {{found 3, the limit is 2", Constraint="max-inputs"}}
  %b = trt.element_wise sum %a, %list : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
