// RUN: fuse-opt %s --fuse-qdq-pointwise --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @sum_of_two
// CHECK: %[[R:.*]] = trt.fused "dequantize_sum_quantize"(%a, %b) layers ["da", "db", "s", "q"]
// CHECK: %[[A:.*]] = trt.dequantize %
// CHECK: %[[B:.*]] = trt.dequantize %
// CHECK: %[[S:.*]] = trt.element_wise sum %[[A]], %[[B]]
// CHECK: trt.quantize %[[S]]
// CHECK: func.return %[[R]]
func.func @sum_of_two(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sy : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-pointwise | Category:fusion | Reason="fused into da + db + s + q"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @group
// CHECK: trt.fused "dequantize_exp_sum_quantize"(%a, %b) layers ["da", "db", "e", "t", "q"]
// CHECK-NOT: trt.fused
func.func @group(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.fused "pointwise"(%da, %db) layers ["e", "t"] : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a0: tensor<2x4xf32>, %b0: tensor<2x4xf32>):
    %e = trt.unary exp %a0 layers ["e"] : tensor<2x4xf32> -> tensor<2x4xf32>
    %t = trt.element_wise sum %e, %b0 layers ["t"] : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    trt.yield %t : tensor<2x4xf32>
  }
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @activation_of_unknown_size
// CHECK: trt.fused "dequantize_sigmoid_quantize"(%a)
func.func @activation_of_unknown_size(%a: tensor<?x?xi8>) -> tensor<?x?xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<?x?xi8>, tensor<f32>) -> tensor<?x?xf32>
  %s = trt.activation sigmoid %da : tensor<?x?xf32> -> tensor<?x?xf32>
  %q = trt.quantize %s, %sy : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi8>
  func.return %q : tensor<?x?xi8>
}

// -----

// CHECK-LABEL: @constant_operand
// CHECK: trt.fused "dequantize_sum_quantize"(%a, %c)
func.func @constant_operand(%a: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %c = trt.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %c : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @shared_dequantize
// CHECK: %[[A:.*]] = trt.dequantize %a
// CHECK: trt.fused "dequantize_sum_quantize"(%a, %b) layers ["da#2", "db", "s", "q"]
func.func @shared_dequantize(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> (tensor<2x4xi8>, tensor<2x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q, %da : tensor<2x4xi8>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @float_input
// CHECK-NOT: trt.fused
func.func @float_input(%a: tensor<2x4xi8>, %b: tensor<2x4xf32>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs inputs that a Dequantize makes, found a float input", Constraint="inputs", Blocker="an input of the network", Suggestion="put a Quantize and a Dequantize before it"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @float_result
// CHECK-NOT: trt.fused
func.func @float_result(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> tensor<2x4xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs a Quantize of the result, found a float result for the network's output", Constraint="quantized", Blocker="the network's output", Suggestion="put a Quantize and a Dequantize after it"}}
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %s : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-NOT: trt.fused
func.func @other_zero_point(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %z = trt.constant dense<1> : tensor<i8>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sx, %z : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 1", Constraint="zero-point", Blocker="'db'"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK-NOT: trt.fused
func.func @computed_scale(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>, %t: tensor<f32>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %t : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale that is computed", Constraint="scale", Blocker="'db'"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_column
// CHECK-NOT: trt.fused
func.func @scale_for_each_column(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %sc = trt.constant dense<[0.5, 1.0, 0.25, 2.0]> : tensor<4xf32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sc axis = 1 : (tensor<2x4xi8>, tensor<4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs one scale for each tensor, found scales along axis 1", Constraint="per-tensor", Blocker="'db'"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// -----

// CHECK-LABEL: @result_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @result_is_used_elsewhere(%a: tensor<2x4xi8>, %b: tensor<2x4xi8>) -> (tensor<2x4xi8>, tensor<2x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %db : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'s'"}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q, %s : tensor<2x4xi8>, tensor<2x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK-NOT: trt.fused
func.func @remarks_are_looked_at(%a: tensor<2x4xi8>, %b: tensor<2x4xf32>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %da, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// CHECK-LABEL: @no_dequantize
// CHECK-NOT: trt.fused
func.func @no_dequantize(%a: tensor<2x4xf32>, %b: tensor<2x4xf32>) -> tensor<2x4xi8> {
  %sy = trt.constant dense<2.0> : tensor<f32>
  %s = trt.element_wise sum %a, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}

// CHECK-LABEL: @another_layer
// CHECK-NOT: trt.fused
func.func @another_layer(%a: tensor<2x4xi8>) -> tensor<2x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x4xi8>, tensor<f32>) -> tensor<2x4xf32>
  %s = trt.softmax %da axis = 1 : tensor<2x4xf32> -> tensor<2x4xf32>
  %q = trt.quantize %s, %sy : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xi8>
  func.return %q : tensor<2x4xi8>
}
