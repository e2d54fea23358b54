// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @quantize_of_integers(%x: tensor<2x3xi32>, %s: tensor<f32>) {
  // expected-error@+1 {{the real side must be a float, found i32}}
  %y = trt.quantize %x, %s : (tensor<2x3xi32>, tensor<f32>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @dequantize_to_integers(%x: tensor<2x3xi8>, %s: tensor<f32>) {
  // expected-error@+1 {{the real side must be a float, found i32}}
  %y = trt.dequantize %x, %s : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xi32>
  func.return
}

// -----

func.func @quantize_to_words(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{the quantised side must be i8, found i32}}
  %y = trt.quantize %x, %s : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi32>
  func.return
}

// -----

func.func @dequantize_of_bytes(%x: tensor<2x3xui8>, %s: tensor<f32>) {
  // expected-error@+1 {{the quantised side must be i8, found ui8}}
  %y = trt.dequantize %x, %s : (tensor<2x3xui8>, tensor<f32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @scale_type(%x: tensor<2x3xf32>, %s: tensor<f16>) {
  // expected-error@+1 {{scale must be f32, found f16}}
  %y = trt.quantize %x, %s : (tensor<2x3xf32>, tensor<f16>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @scale_type_of_halves(%x: tensor<2x3xi8>, %s: tensor<bf16>) {
  // expected-error@+1 {{scale must be f32 or f16, found bf16}}
  %y = trt.dequantize %x, %s : (tensor<2x3xi8>, tensor<bf16>) -> tensor<2x3xf16>
  func.return
}

// -----

func.func @scale_of_channels_without_axis(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error@+1 {{scale must be a scalar without axis, found 3}}
  %y = trt.quantize %x, %s : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @axis_out_of_range(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error@+1 {{axis 2 is out of range for rank 2}}
  %y = trt.quantize %x, %s axis = 2 : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @scale_of_other_channels(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{scale must have shape 3, found 2}}
  %y = trt.quantize %x, %s axis = 1 : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @scalar_scale_with_axis(%x: tensor<2x?xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{scale must have shape ?, found scalar}}
  %y = trt.quantize %x, %s axis = 1 : (tensor<2x?xf32>, tensor<f32>) -> tensor<2x?xi8>
  func.return
}

// -----

func.func @zero_point_type(%x: tensor<2x3xf32>, %s: tensor<f32>, %z: tensor<i32>) {
  // expected-error@+1 {{zero point must be i8}}
  %y = trt.quantize %x, %s, %z : (tensor<2x3xf32>, tensor<f32>, tensor<i32>) -> tensor<2x3xi8>
  func.return
}

// -----

func.func @zero_point_shape(%x: tensor<2x3xi8>, %s: tensor<3xf32>, %z: tensor<i8>) {
  // expected-error@+1 {{zero point and scale must have the same shape}}
  %y = trt.dequantize %x, %s, %z axis = 1 : (tensor<2x3xi8>, tensor<3xf32>, tensor<i8>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @result(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error@+1 {{result is tensor<3x2xi8>, inferred is tensor<2x3xi8>}}
  %y = trt.quantize %x, %s : (tensor<2x3xf32>, tensor<f32>) -> tensor<3x2xi8>
  func.return
}
