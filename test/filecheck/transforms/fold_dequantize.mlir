// RUN: fuse-opt %s --fold-dequantize --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @weights_that_are_only_kept_in_8_bits
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["d"] by "fold-dequantize" heir []>]
// CHECK: %[[W:.*]] = trt.constant #trt.weight<prod(cast("w" : tensor<4x2x1x1xi8>) : tensor<4x2x1x1xf32>, "s" : tensor<f32>) : tensor<4x2x1x1xf32>>
// CHECK: trt.convolution %{{.*}}, %[[W]]
func.func @weights_that_are_only_kept_in_8_bits(%x: tensor<1x2x3x3xf32>) -> tensor<1x4x3x3xf32> {
  %q = trt.constant #trt.weight<"w" : tensor<4x2x1x1xi8>>
  %s = trt.constant #trt.weight<"s" : tensor<f32>>
  // expected-remark@+1 {{[Passed] fold-dequantize | Category:fusion | Reason="became trt.constant"}}
  %d = trt.dequantize %q, %s : (tensor<4x2x1x1xi8>, tensor<f32>) -> tensor<4x2x1x1xf32>
  %y = trt.convolution %x, %d : (tensor<1x2x3x3xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x3x3xf32>
  func.return %y : tensor<1x4x3x3xf32>
}

// -----

// CHECK-LABEL: @scales_lie_along_an_axis
// CHECK: #trt.weight<prod(sub(cast("w" : tensor<3x2x4xi8>) : tensor<3x2x4xf32>, dense<{{.*}}1], {{.*}}-2]]> : tensor<2x1xi8>) : tensor<3x2x4xf32>, dense<{{.*}}5.000000e-01{{.*}}> : tensor<2x1xf32>) : tensor<3x2x4xf16>>
func.func @scales_lie_along_an_axis() -> tensor<3x2x4xf16> {
  %q = trt.constant #trt.weight<"w" : tensor<3x2x4xi8>>
  %s = trt.constant dense<[0.5, 2.0]> : tensor<2xf32>
  %z = trt.constant dense<[1, -2]> : tensor<2xi8>
  %d = trt.dequantize %q, %s, %z axis = 1 : (tensor<3x2x4xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<3x2x4xf16>
  func.return %d : tensor<3x2x4xf16>
}

// -----

// CHECK-LABEL: @scale_is_computed
// CHECK: trt.dequantize
func.func @scale_is_computed(%s: tensor<f32>) -> tensor<4xf32> {
  %q = trt.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  // expected-remark@+1 {{[Missed] fold-dequantize | Category:fusion | Reason="needs a constant scale and zero point, found a scale or a zero point that is computed", Constraint="constant-scale"}}
  %d = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}

// -----

// CHECK-LABEL: @activations_stay
// CHECK: trt.dequantize
func.func @activations_stay(%q: tensor<4xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.5> : tensor<f32>
  %d = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}
