// RUN: fuse-opt %s --fuse-qdq-backward --split-input-file --verify-diagnostics | FileCheck %s

// A NaN makes its window NaN and then level 0, or level 0 and then the greatest level: a
// maximum is quantised before it for numbers only, of which an infinity is one.

// CHECK-LABEL: @maximum
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}} layers ["q"]
// CHECK-NEXT: %[[M:.*]] = trt.pooling max %[[Q]] window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["m"] : tensor<1x2x5x5xi8> -> tensor<1x2x3x3xi8>
// CHECK-NEXT: func.return %[[M]]
func.func @maximum(%x: tensor<1x2x5x5xf32>) -> tensor<1x2x3x3xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %m = trt.pooling max %x window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x5x5xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-backward | Category:fusion | Reason="fused into m"}}
  %q = trt.quantize %m, %s : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xi8>
  func.return %q : tensor<1x2x3x3xi8>
}

// -----

// The least level stands for -inf, so that windows may see padding only.
// CHECK-LABEL: @channels_zero_points_and_padding
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}}, %{{.*}} axis = 1
// CHECK-NEXT: trt.pooling max %[[Q]]
func.func @channels_zero_points_and_padding(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x3x2xi8> {
  %s = trt.constant dense<[0.1, 0.02]> : tensor<2xf32>
  %z = trt.constant dense<[5, -7]> : tensor<2xi8>
  %m = trt.pooling max %x window = [1, 1] pre_padding = [1, 0] : tensor<1x2x2x2xf32> -> tensor<1x2x3x2xf32>
  %q = trt.quantize %m, %s, %z axis = 1 : (tensor<1x2x3x2xf32>, tensor<2xf32>, tensor<2xi8>) -> tensor<1x2x3x2xi8>
  func.return %q : tensor<1x2x3x2xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK: trt.pooling max %x
func.func @computed_scale(%x: tensor<1x1x4x4xf32>, %s: tensor<f32>) -> tensor<1x1x3x3xi8> {
  %m = trt.pooling max %x window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  // expected-remark@+1 {{found a scale that is computed", Constraint="positive-scale"}}
  %q = trt.quantize %m, %s : (tensor<1x1x3x3xf32>, tensor<f32>) -> tensor<1x1x3x3xi8>
  func.return %q : tensor<1x1x3x3xi8>
}

// -----

// CHECK-LABEL: @negative_scale
// CHECK: trt.pooling max %x
// CHECK: trt.quantize
func.func @negative_scale(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x3x3xi8> {
  %s = trt.constant dense<-0.5> : tensor<f32>
  %y = trt.pooling max %x window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  // expected-remark@+1 {{found a scale of -0.5", Constraint="positive-scale"}}
  %q = trt.quantize %y, %s : (tensor<1x1x3x3xf32>, tensor<f32>) -> tensor<1x1x3x3xi8>
  func.return %q : tensor<1x1x3x3xi8>
}

// -----

// CHECK-LABEL: @one_channel_of_scale_zero
// CHECK: trt.pooling max %x
// CHECK: trt.quantize
func.func @one_channel_of_scale_zero(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x3x3xi8> {
  %s = trt.constant dense<[0.5, 0.0]> : tensor<2xf32>
  %y = trt.pooling max %x window = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{found a scale of 0.0", Constraint="positive-scale"}}
  %q = trt.quantize %y, %s axis = 1 : (tensor<1x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x3x3xi8>
  func.return %q : tensor<1x2x3x3xi8>
}

// -----

// CHECK-LABEL: @scales_along_a_pooled_axis
// CHECK: trt.pooling max %x
// CHECK: trt.quantize
func.func @scales_along_a_pooled_axis(%x: tensor<1x1x2x3xf32>) -> tensor<1x1x2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %y = trt.pooling max %x window = [1, 2] : tensor<1x1x2x3xf32> -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{found scales along axis 2", Constraint="scale-axis"}}
  %q = trt.quantize %y, %s axis = 2 : (tensor<1x1x2x2xf32>, tensor<2xf32>) -> tensor<1x1x2x2xi8>
  func.return %q : tensor<1x1x2x2xi8>
}
