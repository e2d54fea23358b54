// RUN: fuse-opt %s --fuse-qdq-weights --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @one_scale
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["q"] by "fuse-qdq-weights" heir []>]
// CHECK: %[[Q:.*]] = trt.constant #trt.weight<quantize("w" : tensor<8x9xf32>, dense<1.000000e-01> : tensor<f32>, -1) : tensor<8x9xi8>>
// CHECK-NEXT: func.return %[[Q]]
func.func @one_scale() -> tensor<8x9xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<8x9xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  // expected-remark@+1 {{[Passed] fuse-qdq-weights | Category:fusion | Reason="became trt.constant"}}
  %q = trt.quantize %w, %s : (tensor<8x9xf32>, tensor<f32>) -> tensor<8x9xi8>
  func.return %q : tensor<8x9xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_channel
// CHECK: %[[Q:.*]] = trt.constant #trt.weight<quantize("w" : tensor<8x9xf16>, "s" : tensor<9xf16>, 1) : tensor<8x9xi8>>
// CHECK: trt.dequantize %[[Q]], %{{.*}} axis = 1
func.func @scale_for_each_channel() -> tensor<8x9xf16> {
  %w = trt.constant #trt.weight<"w" : tensor<8x9xf16>>
  %s = trt.constant #trt.weight<"s" : tensor<9xf16>>
  %q = trt.quantize %w, %s axis = 1 : (tensor<8x9xf16>, tensor<9xf16>) -> tensor<8x9xi8>
  %d = trt.dequantize %q, %s axis = 1 : (tensor<8x9xi8>, tensor<9xf16>) -> tensor<8x9xf16>
  func.return %d : tensor<8x9xf16>
}

// -----

// Ties go to even, what is out of range to the last level.
// CHECK-LABEL: @data_in_the_text
// CHECK: quantize(dense<[5.000000e-01, 1.500000e+00, 1.000000e+03, -1.000000e+03]> : tensor<4xf32>, dense<1.000000e+00> : tensor<f32>, -1)
func.func @data_in_the_text() -> tensor<4xi8> {
  %w = trt.constant dense<[0.5, 1.5, 1000.0, -1000.0]> : tensor<4xf32>
  %s = trt.constant dense<1.0> : tensor<f32>
  %q = trt.quantize %w, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @zero_point_of_zeros_is_none
// CHECK-NOT: trt.quantize
func.func @zero_point_of_zeros_is_none() -> tensor<2x2xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<2x2xf32>>
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %z = trt.constant dense<0> : tensor<2xi8>
  %q = trt.quantize %w, %s, %z axis = 0 : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @weights_are_used_elsewhere
// CHECK: trt.constant #trt.weight<"w"
// CHECK: trt.constant #trt.weight<quantize("w"
// CHECK-NOT: trt.quantize
func.func @weights_are_used_elsewhere() -> (tensor<4xf32>, tensor<4xi8>) {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  %q = trt.quantize %w, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %w, %q : tensor<4xf32>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK: trt.quantize
func.func @computed_scale(%s: tensor<f32>) -> tensor<4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  // expected-remark@+1 {{needs a constant scale, found a scale that is computed", Constraint="constant-scale"}}
  %q = trt.quantize %w, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @zero_point
// CHECK: trt.quantize
func.func @zero_point() -> tensor<4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<3> : tensor<i8>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 3", Constraint="zero-point"}}
  %q = trt.quantize %w, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @computed_zero_point
// CHECK: trt.quantize
func.func @computed_zero_point(%z: tensor<i8>) -> tensor<4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  // expected-remark@+1 {{found a zero point of computed numbers", Constraint="zero-point"}}
  %q = trt.quantize %w, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @result_is_declared_unknown
// CHECK: trt.quantize
func.func @result_is_declared_unknown() -> tensor<?xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  // expected-remark@+1 {{needs a result of known shape, found tensor<?xi8>", Constraint="known-shape"}}
  %q = trt.quantize %w, %s : (tensor<4xf32>, tensor<f32>) -> tensor<?xi8>
  func.return %q : tensor<?xi8>
}

// -----

// CHECK-LABEL: @may_not_be_fused
// CHECK: trt.quantize
func.func @may_not_be_fused() -> tensor<4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  %s = trt.constant dense<0.1> : tensor<f32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'q'"}}
  %q = trt.quantize %w, %s {trt.no_fuse} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%s: tensor<f32>) -> tensor<4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<4xf32>>
  // expected-remark@+1 {{[Missed]}}
  %q = trt.quantize %w, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// CHECK-LABEL: @not_a_constant
// CHECK: trt.quantize
func.func @not_a_constant(%x: tensor<4xf32>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %q = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// CHECK-LABEL: @dequantize_of_a_constant
// CHECK: trt.dequantize
func.func @dequantize_of_a_constant() -> tensor<4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4xi8>>
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %w, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}
