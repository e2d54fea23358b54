// RUN: fuse-opt %s --fuse-qdq-pooling --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @average
// CHECK: %[[R:.*]] = trt.fused "dequantize_pool_quantize"(%x) layers ["d", "p", "q"]
// CHECK: %[[D:.*]] = trt.dequantize %
// CHECK: %[[P:.*]] = trt.pooling average %[[D]]
// CHECK: trt.quantize %[[P]]
// CHECK: func.return %[[R]]
func.func @average(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-pooling | Category:fusion | Reason="fused into d + p + q"}}
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @maximum
// CHECK: trt.fused "dequantize_pool_quantize"
func.func @maximum(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling max %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "dequantize_pool_quantize"
func.func @unknown_dimensions(%x: tensor<?x2x?x?xi8>) -> tensor<?x2x?x?xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<?x2x?x?xi8>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %q = trt.quantize %p, %sy : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xi8>
  func.return %q : tensor<?x2x?x?xi8>
}

// -----

// CHECK-LABEL: @shared_dequantize
// CHECK: trt.dequantize %x
// CHECK: trt.fused "dequantize_pool_quantize"(%x) layers ["d#2", "p", "q"]
func.func @shared_dequantize(%x: tensor<1x2x4x4xi8>) -> (tensor<1x2x2x2xi8>, tensor<1x2x4x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q, %d : tensor<1x2x2x2xi8>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @float_result
// CHECK-NOT: trt.fused
func.func @float_result(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a Quantize of the result, found a float result for the network's output", Constraint="quantized"}}
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-NOT: trt.fused
func.func @other_zero_point(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %z = trt.constant dense<1> : tensor<i8>
  %d = trt.dequantize %x, %sx, %z : (tensor<1x2x4x4xi8>, tensor<f32>, tensor<i8>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 1", Constraint="zero-point", Blocker="'d'"}}
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK-NOT: trt.fused
func.func @computed_scale(%x: tensor<1x2x4x4xi8>, %sy: tensor<f32>) -> tensor<1x2x2x2xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale that is computed", Constraint="scale", Blocker="'q'"}}
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_channel
// CHECK-NOT: trt.fused
func.func @scale_for_each_channel(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sc = trt.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  // expected-remark@+1 {{needs one scale for each tensor, found scales along axis 1", Constraint="per-tensor", Blocker="'q'"}}
  %q = trt.quantize %p, %sc axis = 1 : (tensor<1x2x2x2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @pool_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @pool_is_used_elsewhere(%x: tensor<1x2x4x4xi8>) -> (tensor<1x2x2x2xi8>, tensor<1x2x2x2xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  // expected-remark@+1 {{also by 'r'", Constraint="single-use", Blocker="'r'"}}
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  %r = trt.activation relu %p : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  func.return %q, %r : tensor<1x2x2x2xi8>, tensor<1x2x2x2xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK-NOT: trt.fused
func.func @remarks_are_looked_at(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x2x2xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %d = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %p = trt.pooling average %d window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  func.return %p : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @pool_of_floats
// CHECK-NOT: trt.fused
func.func @pool_of_floats(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xi8> {
  %sy = trt.constant dense<2.0> : tensor<f32>
  %p = trt.pooling average %x window = [2, 2] stride = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>
  %q = trt.quantize %p, %sy : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
  func.return %q : tensor<1x2x2x2xi8>
}
