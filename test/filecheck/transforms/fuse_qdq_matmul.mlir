// RUN: fuse-opt %s --fuse-qdq-matmul --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @product_of_two_activations
// CHECK: %[[R:.*]] = trt.fused "dequantize_matmul_quantize"(%a, %b) layers ["da", "db", "m", "q"]
// CHECK: %[[A:.*]] = trt.dequantize %
// CHECK: %[[B:.*]] = trt.dequantize %
// CHECK: %[[M:.*]] = trt.matrix_multiply %[[A]], %[[B]]
// CHECK: trt.quantize %[[M]]
// CHECK: func.return %[[R]]
func.func @product_of_two_activations(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-matmul | Category:fusion | Reason="fused into da + db + m + q"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_column
// CHECK: trt.fused "dequantize_matmul_quantize"(%a, %b, %sw) layers
func.func @scale_for_each_column(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[1.0, 0.5, 0.25, 0.125, 2.0]> : tensor<5xf32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sw axis = 2 : (tensor<2x4x5xi8>, tensor<5xf32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_column_of_a_transposed_factor
// CHECK: trt.fused "dequantize_matmul_quantize"
func.func @scale_for_each_column_of_a_transposed_factor(%a: tensor<2x3x4xi8>, %b: tensor<2x5x4xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[1.0, 0.5, 0.25, 0.125, 2.0]> : tensor<5xf32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sw axis = 1 : (tensor<2x5x4xi8>, tensor<5xf32>) -> tensor<2x5x4xf32>
  %m = trt.matrix_multiply %da, %db op1 = transpose : (tensor<2x3x4xf32>, tensor<2x5x4xf32>) -> tensor<2x3x5xf32>
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @bias_and_activation
// CHECK: trt.fused "dequantize_matmul_sum_relu_quantize"(%a, %b, %bias) layers ["da", "db", "m", "s", "r", "q"]
func.func @bias_and_activation(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>, %bias: tensor<1x1x5xf32>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.fused "matmul_sum_relu"(%da, %db, %bias) layers ["m", "s", "r"] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>, tensor<1x1x5xf32>) -> tensor<2x3x5xf32> {
  ^bb0(%a0: tensor<2x3x4xf32>, %b0: tensor<2x4x5xf32>, %c0: tensor<1x1x5xf32>):
    %p = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
    %t = trt.element_wise sum %p, %c0 layers ["s"] : (tensor<2x3x5xf32>, tensor<1x1x5xf32>) -> tensor<2x3x5xf32>
    %s = trt.activation relu %t layers ["r"] : tensor<2x3x5xf32> -> tensor<2x3x5xf32>
    trt.yield %s : tensor<2x3x5xf32>
  }
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @result_that_stays_float
// CHECK: %[[R:.*]] = trt.fused "dequantize_matmul"(%a, %b)
// CHECK: func.return %[[R]]
func.func @result_that_stays_float(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-matmul | Category:fusion | Reason="fused into da + db + m"}}
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  func.return %m : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "dequantize_matmul_quantize"
func.func @unknown_dimensions(%a: tensor<?x?x4xi8>, %b: tensor<?x4x?xi8>) -> tensor<?x?x?xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<?x?x4xi8>, tensor<f32>) -> tensor<?x?x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<?x4x?xi8>, tensor<f32>) -> tensor<?x4x?xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<?x?x4xf32>, tensor<?x4x?xf32>) -> tensor<?x?x?xf32>
  %q = trt.quantize %m, %sx : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xi8>
  func.return %q : tensor<?x?x?xi8>
}

// -----

// CHECK-LABEL: @one_value_is_both_factors
// CHECK: trt.fused "dequantize_matmul_quantize"(%a) layers ["da", "m", "q"]
func.func @one_value_is_both_factors(%a: tensor<4x4xi8>) -> tensor<4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<4x4xi8>, tensor<f32>) -> tensor<4x4xf32>
  %m = trt.matrix_multiply %da, %da : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %q = trt.quantize %m, %sx : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xi8>
  func.return %q : tensor<4x4xi8>
}

// -----

// CHECK-LABEL: @float_second_factor
// CHECK-NOT: trt.fused
func.func @float_second_factor(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xf32>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %m = trt.matrix_multiply %da, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs a kernel that a Dequantize makes, found a float kernel", Constraint="kernel", Blocker="an input of the network"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @float_first_factor
// CHECK-NOT: trt.fused
func.func @float_first_factor(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %a, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs an input that a Dequantize makes, found a float input", Constraint="input", Blocker="an input of the network"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @more_than_pointwise_layers_after_it
// CHECK: trt.fused "matmul_sum_softmax"
// CHECK: trt.quantize
func.func @more_than_pointwise_layers_after_it(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>, %bias: tensor<1x1x5xf32>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.fused "matmul_sum_softmax"(%da, %db, %bias) layers ["m", "s", "r"] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>, tensor<1x1x5xf32>) -> tensor<2x3x5xf32> {
  ^bb0(%a0: tensor<2x3x4xf32>, %b0: tensor<2x4x5xf32>, %c0: tensor<1x1x5xf32>):
    %p = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
    %t = trt.element_wise sum %p, %c0 layers ["s"] : (tensor<2x3x5xf32>, tensor<1x1x5xf32>) -> tensor<2x3x5xf32>
    %s = trt.softmax %t axis = 2 layers ["r"] : tensor<2x3x5xf32> -> tensor<2x3x5xf32>
    trt.yield %s : tensor<2x3x5xf32>
  }
  // expected-remark@+1 {{needs nothing but pointwise layers after the contraction, found trt.softmax", Constraint="epilogue"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-NOT: trt.fused
func.func @other_zero_point(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %z = trt.constant dense<1> : tensor<i8>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx, %z : (tensor<2x4x5xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 1", Constraint="zero-point", Blocker="'db'"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK-NOT: trt.fused
func.func @computed_scale(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>, %s: tensor<f32>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %s : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale that is computed", Constraint="scale", Blocker="'db'"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_row
// CHECK-NOT: trt.fused
func.func @scale_for_each_row(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sr = trt.constant dense<[0.5, 1.0, 0.25]> : tensor<3xf32>
  %da = trt.dequantize %a, %sr axis = 1 : (tensor<2x3x4xi8>, tensor<3xf32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs one scale for each tensor but the kernel, found scales along axis 1", Constraint="per-tensor", Blocker="'da'"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @scale_along_the_contracted_axis
// CHECK-NOT: trt.fused
func.func @scale_along_the_contracted_axis(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.5, 1.0, 0.25, 2.0]> : tensor<4xf32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sw axis = 1 : (tensor<2x4x5xi8>, tensor<4xf32>) -> tensor<2x4x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs one scale for the second factor, or one for each column, found scales along axis 1", Constraint="kernel-scale"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_element_of_a_vector
// CHECK-NOT: trt.fused
func.func @scale_for_each_element_of_a_vector(%a: tensor<3x4xi8>, %b: tensor<4xi8>) -> tensor<3xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.5, 1.0, 0.25, 2.0]> : tensor<4xf32>
  %da = trt.dequantize %a, %sx : (tensor<3x4xi8>, tensor<f32>) -> tensor<3x4xf32>
  %db = trt.dequantize %b, %sw axis = 0 : (tensor<4xi8>, tensor<4xf32>) -> tensor<4xf32>
  %m = trt.matrix_multiply %da, %db op1 = vector : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{needs one scale for the second factor, or one for each column, found scales along axis 0", Constraint="kernel-scale"}}
  %q = trt.quantize %m, %sx : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  func.return %q : tensor<3xi8>
}

// -----

// CHECK-LABEL: @unknown_number_of_products
// CHECK-NOT: trt.fused
func.func @unknown_number_of_products(%a: tensor<2x3x?xi8>, %b: tensor<2x?x5xi8>) -> tensor<2x3x5xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x?xi8>, tensor<f32>) -> tensor<2x3x?xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x?x5xi8>, tensor<f32>) -> tensor<2x?x5xf32>
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x?xf32>, tensor<2x?x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs at most 131071 products for each element, found an unknown number", Constraint="depth"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// CHECK-LABEL: @product_is_used_elsewhere
// CHECK: %[[M:.*]] = trt.fused "dequantize_matmul"
// CHECK: trt.quantize %[[M]]
func.func @product_is_used_elsewhere(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xi8>) -> (tensor<2x3x5xi8>, tensor<2x3x5xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  %db = trt.dequantize %b, %sx : (tensor<2x4x5xi8>, tensor<f32>) -> tensor<2x4x5xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-matmul | Category:fusion | Reason="fused into da + db + m"}}
  %m = trt.matrix_multiply %da, %db : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %q = trt.quantize %m, %sx : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3x5xi8>
  func.return %q, %m : tensor<2x3x5xi8>, tensor<2x3x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK-NOT: trt.fused
func.func @remarks_are_looked_at(%a: tensor<2x3x4xi8>, %b: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %da = trt.dequantize %a, %sx : (tensor<2x3x4xi8>, tensor<f32>) -> tensor<2x3x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %m = trt.matrix_multiply %da, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  func.return %m : tensor<2x3x5xf32>
}

// CHECK-LABEL: @nothing_is_quantized
// CHECK-NOT: trt.fused
func.func @nothing_is_quantized(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  func.return %m : tensor<2x3x5xf32>
}
