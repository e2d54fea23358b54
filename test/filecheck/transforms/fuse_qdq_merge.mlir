// RUN: fuse-opt %s --fuse-qdq-merge --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @two_of_one_scale
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["b"] by "fuse-qdq-merge" heir ["a"]>]
// CHECK: %[[A:.*]] = trt.quantize %x
// CHECK-NEXT: func.return %[[A]], %[[A]]
func.func @two_of_one_scale(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{[Passed] fuse-qdq-merge | Category:fusion | Reason="erased"}}
  %b = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @three_of_equal_scales
// CHECK: %[[A:.*]] = trt.quantize %x
// CHECK-NOT: trt.quantize
// CHECK: trt.concatenation %[[A]], %[[A]], %[[A]]
func.func @three_of_equal_scales(%x: tensor<?xf32>) -> tensor<?xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %t = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<0> : tensor<i8>
  %a = trt.quantize %x, %s : (tensor<?xf32>, tensor<f32>) -> tensor<?xi8>
  %b = trt.quantize %x, %t : (tensor<?xf32>, tensor<f32>) -> tensor<?xi8>
  %c = trt.quantize %x, %t, %z : (tensor<?xf32>, tensor<f32>, tensor<i8>) -> tensor<?xi8>
  %y = trt.concatenation %a, %b, %c axis = 0 : (tensor<?xi8>, tensor<?xi8>, tensor<?xi8>) -> tensor<?xi8>
  func.return %y : tensor<?xi8>
}

// -----

// CHECK-LABEL: @one_computed_scale
// CHECK: trt.quantize
// CHECK-NOT: trt.quantize
// CHECK: func.return
func.func @one_computed_scale(%x: tensor<4xf32>, %s: tensor<f32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %b = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @dequantizes
// CHECK: %[[A:.*]] = trt.dequantize %x
// CHECK-NEXT: trt.element_wise sum %[[A]], %[[A]]
func.func @dequantizes(%x: tensor<2x2xi8>) -> tensor<2x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %a = trt.dequantize %x, %s axis = 1 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %b = trt.dequantize %x, %s axis = 1 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %y = trt.element_wise sum %a, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}

// -----

// Of several before it, it is the equal one that serves.
// CHECK-LABEL: @other_scale_in_between
// CHECK: %[[A:.*]] = trt.quantize
// CHECK: %[[B:.*]] = trt.quantize
// CHECK: func.return %[[A]], %[[B]], %[[A]]
func.func @other_scale_in_between(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %t = trt.constant dense<0.2> : tensor<f32>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{needs the same scale, found 0.10000000149011612 and 0.20000000298023224", Constraint="same-scale", Blocker="'b'"}}
  %b = trt.quantize %x, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{[Passed]}}
  %c = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b, %c : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @scales_differ_in_the_last_bit
// CHECK-COUNT-2: trt.quantize
func.func @scales_differ_in_the_last_bit(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0x3DCCCCCD> : tensor<f32>
  %t = trt.constant dense<0x3DCCCCCE> : tensor<f32>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{Constraint="same-scale"}}
  %b = trt.quantize %x, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @two_computed_scales
// CHECK-COUNT-2: trt.quantize
func.func @two_computed_scales(%x: tensor<4xf32>, %s: tensor<f32>, %t: tensor<f32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{found computed numbers and computed numbers", Constraint="same-scale"}}
  %b = trt.quantize %x, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @along_another_axis
// CHECK-COUNT-2: trt.quantize
func.func @along_another_axis(%x: tensor<2x2xf32>) -> (tensor<2x2xi8>, tensor<2x2xi8>) {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %a = trt.quantize %x, %s axis = 0 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  // expected-remark@+1 {{needs scales along the same axis, found 0 and 1", Constraint="same-axis"}}
  %b = trt.quantize %x, %s axis = 1 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %a, %b : tensor<2x2xi8>, tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-COUNT-2: trt.quantize
func.func @other_zero_point(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<-1> : tensor<i8>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{needs the same zero point, found none and -1", Constraint="same-zero-point"}}
  %b = trt.quantize %x, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @other_type
// CHECK-COUNT-2: trt.dequantize
func.func @other_type(%x: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xf16>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %a = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{needs results of the same type, found tensor<4xf32> and tensor<4xf16>", Constraint="same-type"}}
  %b = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf16>
  func.return %a, %b : tensor<4xf32>, tensor<4xf16>
}

// -----

// CHECK-LABEL: @second_may_not_be_fused
// CHECK-COUNT-2: trt.quantize
func.func @second_may_not_be_fused(%x: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'b'"}}
  %b = trt.quantize %x, %s {trt.no_fuse} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<4xf32>, %s: tensor<f32>, %t: tensor<f32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{[Missed]}}
  %b = trt.quantize %x, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// CHECK-LABEL: @of_two_values
// CHECK-COUNT-2: trt.quantize
func.func @of_two_values(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %a = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %b = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %a, %b : tensor<4xi8>, tensor<4xi8>
}

// A scale is no input.
// CHECK-LABEL: @as_input_and_as_scale
// CHECK-COUNT-2: trt.quantize
func.func @as_input_and_as_scale(%x: tensor<f32>) -> (tensor<i8>, tensor<i8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %a = trt.quantize %s, %x : (tensor<f32>, tensor<f32>) -> tensor<i8>
  %b = trt.quantize %x, %x : (tensor<f32>, tensor<f32>) -> tensor<i8>
  func.return %a, %b : tensor<i8>, tensor<i8>
}
