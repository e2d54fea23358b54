// RUN: fuse-opt %s --fuse-qdq-pair --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @one_scale
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["d", "q"] by "fuse-qdq-pair" heir ["p"]>]
// CHECK: %[[P:.*]] = trt.pooling max %x
// CHECK-NEXT: %[[R:.*]] = trt.pooling max %[[P]]
// CHECK-NEXT: func.return %[[R]]
func.func @one_scale(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %p = trt.pooling max %x window = [2, 2] : tensor<1x2x4x4xi8> -> tensor<1x2x3x3xi8>
  %d = trt.dequantize %p, %s : (tensor<1x2x3x3xi8>, tensor<f32>) -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-pair | Category:fusion | Reason="erased"}}
  %q = trt.quantize %d, %s : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xi8>
  %r = trt.pooling max %q window = [2, 2] : tensor<1x2x3x3xi8> -> tensor<1x2x2x2xi8>
  func.return %r : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @equal_constants
// CHECK-NOT: trt.quantize
// CHECK: trt.concatenation %x, %x
func.func @equal_constants(%x: tensor<4xi8>) -> tensor<8xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %t = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %q = trt.quantize %d, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %c = trt.concatenation %x, %q axis = 0 : (tensor<4xi8>, tensor<4xi8>) -> tensor<8xi8>
  func.return %c : tensor<8xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_channel
// CHECK-NOT: trt.quantize
// CHECK: trt.shuffle %x
func.func @scale_for_each_channel(%x: tensor<2x?xi8>) -> tensor<?x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf16>
  %z = trt.constant dense<[3, -4]> : tensor<2xi8>
  %d = trt.dequantize %x, %s, %z axis = 0 : (tensor<2x?xi8>, tensor<2xf16>, tensor<2xi8>) -> tensor<2x?xf16>
  %q = trt.quantize %d, %s, %z axis = 0 : (tensor<2x?xf16>, tensor<2xf16>, tensor<2xi8>) -> tensor<2x?xi8>
  %y = trt.shuffle %q first_transpose = [1, 0] : tensor<2x?xi8> -> tensor<?x2xi8>
  func.return %y : tensor<?x2xi8>
}

// -----

// CHECK-LABEL: @zero_point_of_zeros_is_none
// CHECK-NOT: trt.quantize
// CHECK: trt.identity %x
func.func @zero_point_of_zeros_is_none(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<0> : tensor<i8>
  %d = trt.dequantize %x, %s, %z : (tensor<4xi8>, tensor<f32>, tensor<i8>) -> tensor<4xf32>
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @input_becomes_output
// CHECK: %[[Y:.*]] = trt.identity %x layers ["d", "q"]
// CHECK-NEXT: func.return %[[Y]]
func.func @input_becomes_output(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-pair | Category:fusion | Reason="fused into d + q"}}
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @floats_are_used_elsewhere
// CHECK: %[[D:.*]] = trt.dequantize %x
// CHECK: %[[N:.*]] = trt.unary neg %[[D]]
// CHECK: %[[P:.*]] = trt.identity %x
// CHECK: func.return %[[N]], %[[P]]
func.func @floats_are_used_elsewhere(%x: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %n = trt.unary neg %d : tensor<4xf32> -> tensor<4xf32>
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %n, %q : tensor<4xf32>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @floats_are_an_output
// CHECK: %[[D:.*]] = trt.dequantize %x
// CHECK: %[[Q:.*]] = trt.identity %x
// CHECK: func.return %[[D]], %[[Q]]
func.func @floats_are_an_output(%x: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %d, %q : tensor<4xf32>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @three_pairs_in_a_row
// CHECK-NOT: trt.quantize
// CHECK: trt.identity %x
func.func @three_pairs_in_a_row(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %e = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %r = trt.quantize %e, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %f = trt.dequantize %r, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %t = trt.quantize %f, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %t : tensor<4xi8>
}

// -----

// CHECK-LABEL: @other_scale_is_a_requantisation
// CHECK: trt.dequantize
// CHECK: trt.quantize
func.func @other_scale_is_a_requantisation(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %t = trt.constant dense<0.2> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{needs the same scale, found 0.10000000149011612 and 0.20000000298023224", Constraint="same-scale", Blocker="'q'"}}
  %q = trt.quantize %d, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @scales_differ_in_the_last_bit
// CHECK: trt.quantize
func.func @scales_differ_in_the_last_bit(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0x3DCCCCCD> : tensor<f32>
  %t = trt.constant dense<0x3DCCCCCE> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="same-scale"}}
  %q = trt.quantize %d, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @one_channel_of_another_scale
// CHECK: trt.quantize
func.func @one_channel_of_another_scale(%x: tensor<2x2xi8>) -> tensor<2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %t = trt.constant dense<[0.1, 0.3]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{Constraint="same-scale"}}
  %q = trt.quantize %d, %t axis = 0 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @along_another_axis
// CHECK: trt.quantize
func.func @along_another_axis(%x: tensor<2x2xi8>) -> tensor<2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{needs scales along the same axis, found 0 and 1", Constraint="same-axis", Blocker="'q'"}}
  %q = trt.quantize %d, %s axis = 1 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK: trt.quantize
func.func @other_zero_point(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<1> : tensor<i8>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{needs the same zero point, found none and 1", Constraint="same-zero-point", Blocker="'q'"}}
  %q = trt.quantize %d, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// One value is the same scale whatever it is, but it might be 0.
// CHECK-LABEL: @computed_scale
// CHECK: trt.quantize
func.func @computed_scale(%x: tensor<4xi8>, %s: tensor<f32>) -> tensor<4xi8> {
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{found a scale that is computed", Constraint="exact-scale"}}
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @two_computed_scales
// CHECK: trt.quantize
func.func @two_computed_scales(%x: tensor<4xi8>, %s: tensor<f32>, %t: tensor<f32>) -> tensor<4xi8> {
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{found computed numbers and computed numbers", Constraint="same-scale"}}
  %q = trt.quantize %d, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// 100 * 700 is infinite in f16.
// CHECK-LABEL: @levels_overflow
// CHECK: trt.quantize
func.func @levels_overflow(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<700.0> : tensor<f16>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f16>) -> tensor<4xf16>
  // expected-remark@+1 {{needs a constant scale, normal and with 255 times it finite, found a scale of 700.0 in float16", Constraint="exact-scale"}}
  %q = trt.quantize %d, %s : (tensor<4xf16>, tensor<f16>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// 1e-8 and 2e-8 are 0 in f16.
// CHECK-LABEL: @levels_vanish
// CHECK: trt.quantize
func.func @levels_vanish(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<1.0e-8> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf16>
  // expected-remark@+1 {{Constraint="exact-scale"}}
  %q = trt.quantize %d, %s : (tensor<4xf16>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @bf16
// CHECK-NOT: trt.quantize
// CHECK: trt.identity %x
func.func @bf16(%x: tensor<256xi8>) -> tensor<256xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<256xi8>, tensor<f32>) -> tensor<256xbf16>
  %q = trt.quantize %d, %s : (tensor<256xbf16>, tensor<f32>) -> tensor<256xi8>
  func.return %q : tensor<256xi8>
}

// -----

// CHECK-LABEL: @bf16_and_a_zero_point
// CHECK: trt.quantize
func.func @bf16_and_a_zero_point(%x: tensor<256xi8>) -> tensor<256xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<-100> : tensor<i8>
  %d = trt.dequantize %x, %s, %z : (tensor<256xi8>, tensor<f32>, tensor<i8>) -> tensor<256xbf16>
  // expected-remark@+1 {{needs a zero point of zero in bf16, found a zero point of -100", Constraint="digits"}}
  %q = trt.quantize %d, %s, %z : (tensor<256xbf16>, tensor<f32>, tensor<i8>) -> tensor<256xi8>
  func.return %q : tensor<256xi8>
}

// -----

// CHECK-LABEL: @negative_scale
// CHECK: trt.quantize
func.func @negative_scale(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<-0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{found a scale of -0.10000000149011612", Constraint="exact-scale"}}
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @may_not_be_fused
// CHECK: trt.quantize
func.func @may_not_be_fused(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s {trt.no_fuse} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'d'"}}
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @types_differ
// CHECK: trt.quantize
func.func @types_differ(%x: tensor<?xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<?xi8>, tensor<f32>) -> tensor<?xf32>
  // expected-remark@+1 {{Constraint="types"}}
  %q = trt.quantize %d, %s : (tensor<?xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<4xi8>, %s: tensor<f32>) -> tensor<4xi8> {
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  // expected-remark@+1 {{[Missed]}}
  %q = trt.quantize %d, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// The other way round floats are rounded.
// CHECK-LABEL: @quantize_first
// CHECK: %[[Q:.*]] = trt.quantize %x
// CHECK: trt.dequantize %[[Q]]
func.func @quantize_first(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %q = trt.quantize %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %d = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}

// CHECK-LABEL: @something_between
// CHECK: trt.quantize
func.func @something_between(%x: tensor<4xi8>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %r = trt.activation relu %d : tensor<4xf32> -> tensor<4xf32>
  %q = trt.quantize %r, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}
