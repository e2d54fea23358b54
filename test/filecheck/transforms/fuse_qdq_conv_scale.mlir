// RUN: fuse-opt %s --fuse-qdq-conv-scale --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @scales_of_maps
// CHECK: %[[S:.*]] = trt.constant #trt.weight<prod(dense<[1.000000e-02, 2.000000e-02]> : tensor<2xf32>, dense<[5.000000e-01, 3.000000e+00]> : tensor<2xf32>) : tensor<2xf32>>
// CHECK: %[[D:.*]] = trt.dequantize %w, %[[S]] axis = 0 layers ["d"]
// CHECK: %[[B:.*]] = trt.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK: %[[Y:.*]] = trt.convolution %x, %[[D]], %[[B]] layers ["c", "y"]
// CHECK-NOT: trt.scale
// CHECK: func.return %[[Y]]
func.func @scales_of_maps(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv-scale | Category:fusion | Reason="fused into c + y"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @one_scale_becomes_one_for_each_map
// CHECK: %[[S:.*]] = trt.constant #trt.weight<prod(dense<1.000000e-02> : tensor<f32>, dense<[5.000000e-01, 3.000000e+00]> : tensor<2xf32>) : tensor<2xf32>>
// CHECK: trt.dequantize %w, %[[S]] axis = 0
// CHECK-NOT: trt.scale
func.func @one_scale_becomes_one_for_each_map(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<0.01> : tensor<f32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw : (tensor<2x3x1x1xi8>, tensor<f32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @one_scale_stays_one
// CHECK: %[[S:.*]] = trt.constant #trt.weight<prod(dense<1.000000e-02> : tensor<f32>, dense<5.000000e-01> : tensor<f32>) : tensor<f32>>
// CHECK: %[[D:.*]] = trt.dequantize %w, %[[S]] layers
// CHECK: trt.convolution %x, %[[D]] layers ["c", "y"]
// CHECK-NOT: trt.scale
func.func @one_scale_stays_one(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<0.01> : tensor<f32>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %d = trt.dequantize %w, %sw : (tensor<2x3x1x1xi8>, tensor<f32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale uniform %c scale(%s : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @one_scale_for_several
// CHECK: %[[S:.*]] = trt.constant #trt.weight<prod(dense<[1.000000e-02, 2.000000e-02]> : tensor<2xf32>, dense<5.000000e-01> : tensor<f32>) : tensor<2xf32>>
// CHECK: trt.dequantize %w, %[[S]] axis = 0
// CHECK-NOT: trt.scale
func.func @one_scale_for_several(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale uniform %c scale(%s : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @bias_is_scaled_too
// CHECK: trt.constant #trt.weight<scale_bias("b" : tensor<2xf32>, dense<[5.000000e-01, 3.000000e+00]> : tensor<2xf32>, dense<[1.000000e+00, -1.000000e+00]> : tensor<2xf32>) : tensor<2xf32>>
// CHECK-NOT: trt.scale
func.func @bias_is_scaled_too(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %b = trt.constant #trt.weight<"b" : tensor<2xf32>>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @shift_alone_keeps_the_kernel
// CHECK: %[[D:.*]] = trt.dequantize %w, %sw axis = 0 layers ["d"]
// CHECK: %[[B:.*]] = trt.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK: trt.convolution %x, %[[D]], %[[B]] layers ["c", "y"]
func.func @shift_alone_keeps_the_kernel(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @zero_point_of_zeros_is_none
// CHECK: trt.dequantize %w, %{{.*}} axis = 0 layers ["d"] : (tensor<2x3x1x1xi8>, tensor<2xf32>)
// CHECK-NOT: trt.scale
func.func @zero_point_of_zeros_is_none(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %z = trt.constant dense<0> : tensor<2xi8>
  %d = trt.dequantize %w, %sw, %z axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_along_input_channels_and_one_for_all
// CHECK: trt.dequantize %w, %{{.*}} axis = 1 layers ["d"]
// CHECK-NOT: trt.scale
func.func @scale_along_input_channels_and_one_for_all(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02, 0.03]> : tensor<3xf32>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %d = trt.dequantize %w, %sw axis = 1 : (tensor<2x3x1x1xi8>, tensor<3xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale uniform %c scale(%s : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.dequantize %w, %{{.*}} axis = 1 layers ["d"]
// CHECK: trt.deconvolution {{.*}} layers ["c", "y"]
// CHECK-NOT: trt.scale
func.func @deconvolution(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<3x2x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 1 : (tensor<3x2x1x1xi8>, tensor<2xf32>) -> tensor<3x2x1x1xf32>
  %c = trt.deconvolution %x, %d : (tensor<1x3x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @grouped_deconvolution_and_one_scale_for_all
// CHECK: trt.deconvolution {{.*}} num_groups = 2 layers ["c", "y"]
// CHECK-NOT: trt.scale
func.func @grouped_deconvolution_and_one_scale_for_all(%x: tensor<1x4x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x1x1x1xi8>>
  %sw = trt.constant dense<0.01> : tensor<f32>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %d = trt.dequantize %w, %sw : (tensor<4x1x1x1xi8>, tensor<f32>) -> tensor<4x1x1x1xf32>
  %c = trt.deconvolution %x, %d num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<4x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale uniform %c scale(%s : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @kernel_is_used_elsewhere
// CHECK: %[[D:.*]] = trt.dequantize %w, %{{.*}} axis = 0 layers ["d"]
// CHECK: trt.unary neg %[[D]]
// CHECK: %[[E:.*]] = trt.dequantize %w, %{{.*}} axis = 0 layers ["d#2"]
// CHECK: trt.convolution %x, %[[E]]
// CHECK-NOT: trt.scale
func.func @kernel_is_used_elsewhere(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<2x3x1x1xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %n = trt.unary neg %d : tensor<2x3x1x1xf32> -> tensor<2x3x1x1xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y, %n : tensor<1x2x4x4xf32>, tensor<2x3x1x1xf32>
}

// -----

// CHECK-LABEL: @scale_of_each_element
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @scale_of_each_element(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant #trt.weight<"s" : tensor<32xf32>>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found elementwise", Constraint="mode"}}
  %y = trt.scale elementwise %c scale(%s : tensor<32xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @other_axis
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @other_axis(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found axis 2", Constraint="channel-axis"}}
  %y = trt.scale channel %c scale(%s : tensor<4xf32>) channel_axis = 2 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @power
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @power(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %p = trt.constant dense<2.0> : tensor<1xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a power of 2.0", Constraint="power"}}
  %y = trt.scale uniform %c scale(%s : tensor<1xf32>) power(%p : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @computed_kernel_scale
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @computed_kernel_scale(%x: tensor<1x3x4x4xf32>, %sw: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the kernel's scale is computed", Constraint="constant-weights"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @computed_scale(%x: tensor<1x3x4x4xf32>, %s: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the scale is computed", Constraint="constant-weights"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @computed_bias
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @computed_bias(%x: tensor<1x3x4x4xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the bias is computed", Constraint="constant-weights"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @zero_point
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @zero_point(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %z = trt.constant dense<[0, 1]> : tensor<2xi8>
  %d = trt.dequantize %w, %sw, %z axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 0, 1", Constraint="zero-point"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_along_input_channels
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @scale_along_input_channels(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02, 0.03]> : tensor<3xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 1 : (tensor<2x3x1x1xi8>, tensor<3xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a scale of the kernel along axis 1", Constraint="kernel-axis"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @grouped_deconvolution
// CHECK: trt.scale
func.func @grouped_deconvolution(%x: tensor<1x4x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x1x1x1xi8>>
  %sw = trt.constant dense<0.01> : tensor<f32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw : (tensor<4x1x1x1xi8>, tensor<f32>) -> tensor<4x1x1x1xf32>
  %c = trt.deconvolution %x, %d num_groups = 2 : (tensor<1x4x4x4xf32>, tensor<4x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a deconvolution of 2 groups", Constraint="groups"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @negative_scale
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @negative_scale(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, -3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a scale of -3.0", Constraint="positive-scale"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_of_zero
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @scale_of_zero(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 0.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a scale of 0.0", Constraint="positive-scale"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @new_scale_overflows
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @new_scale_overflows(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 1.0e30]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 1.0e30]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs finite, normal scales, found a new scale of inf", Constraint="normal-scale"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @new_scale_is_subnormal
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @new_scale_is_subnormal(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 1.0e-20]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 1.0e-20]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="normal-scale"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @new_bias_overflows
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @new_bias_overflows(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 10.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %b = trt.constant dense<[0.0, 3.0e38]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the new bias would hold infinity or NaN", Constraint="finite-bias"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @convolution_is_used_elsewhere
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @convolution_is_used_elsewhere(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %n = trt.unary neg %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="single-use", Blocker="'n'"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y, %n : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @convolution_is_an_output
// CHECK: trt.convolution
// CHECK: trt.scale
func.func @convolution_is_an_output(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xi8>>
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %t = trt.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y, %c : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @convolution_carries_an_activation
// CHECK: trt.fused "conv_relu"
// CHECK: trt.scale
func.func @convolution_carries_an_activation(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xi8>) -> tensor<1x2x4x4xf32> {
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %g = trt.fused "conv_relu"(%x, %d) layers ["c", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a convolution that carries nothing yet, found a group", Constraint="plain-convolution"}}
  %y = trt.scale channel %g scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xi8>, %s: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %sw = trt.constant dense<[0.01, 0.02]> : tensor<2xf32>
  %d = trt.dequantize %w, %sw axis = 0 : (tensor<2x3x1x1xi8>, tensor<2xf32>) -> tensor<2x3x1x1xf32>
  %c = trt.convolution %x, %d : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @float_kernel
// CHECK: trt.scale
func.func @float_kernel(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant dense<[0.5, 3.0]> : tensor<2xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
