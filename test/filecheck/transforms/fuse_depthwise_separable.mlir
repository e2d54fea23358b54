// RUN: fuse-opt %s --fuse-depthwise-separable --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @depthwise_then_pointwise
// CHECK: %[[R:.*]] = trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"(%x, %k1, %k2)
// CHECK: %[[DX:.*]] = trt.dequantize %{{.*}} layers ["dx1"]
// CHECK: %[[DK:.*]] = trt.dequantize %{{.*}} layers ["dk1"]
// CHECK: %[[DL:.*]] = trt.dequantize %{{.*}} layers ["dk2"]
// CHECK: %[[C:.*]] = trt.convolution %[[DX]], %[[DK]]
// CHECK: %[[A:.*]] = trt.activation relu %[[C]]
// CHECK: %[[Q:.*]] = trt.quantize %[[A]]
// CHECK: %[[D:.*]] = trt.dequantize %[[Q]],
// CHECK: %[[E:.*]] = trt.convolution %[[D]], %[[DL]]
// CHECK: trt.activation relu %[[E]]
// CHECK: trt.quantize
// CHECK: func.return %[[R]]
func.func @depthwise_then_pointwise(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{[Passed] fuse-depthwise-separable | Category:fusion | Reason="fused into dx1 + dk1 + dk2 + c1 + r1 + q1 + dx2 + c2 + r2 + q2"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @then_a_convolution_over_windows
// CHECK: trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"
// CHECK-NOT: trt.fused
func.func @then_a_convolution_over_windows(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x2x2xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x3x3xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x3x3xi8>) -> tensor<1x2x2x2xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x3x3xi8>, tensor<f32>) -> tensor<2x4x3x3xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x2x2xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x2x2xf32>, tensor<f32>) -> tensor<1x2x2x2xi8>
    trt.yield %q2 : tensor<1x2x2x2xi8>
  }
  func.return %h : tensor<1x2x2x2xi8>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"
// CHECK-NOT: trt.fused
func.func @unknown_dimensions(%x: tensor<?x4x?x?xi8>) -> tensor<?x2x?x?xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<?x4x?x?xi8>, tensor<4x1x3x3xi8>) -> tensor<?x4x?x?xi8> {
  ^bb0(%x1: tensor<?x4x?x?xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<?x4x?x?xi8>, tensor<f32>) -> tensor<?x4x?x?xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<?x4x?x?xf32>, tensor<4x1x3x3xf32>) -> tensor<?x4x?x?xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<?x4x?x?xf32> -> tensor<?x4x?x?xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xi8>
    trt.yield %q1 : tensor<?x4x?x?xi8>
  }
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<?x4x?x?xi8>, tensor<2x4x1x1xi8>) -> tensor<?x2x?x?xi8> {
  ^bb0(%x2: tensor<?x4x?x?xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<?x4x?x?xi8>, tensor<f32>) -> tensor<?x4x?x?xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<?x4x?x?xf32>, tensor<2x4x1x1xf32>) -> tensor<?x2x?x?xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xi8>
    trt.yield %q2 : tensor<?x2x?x?xi8>
  }
  func.return %h : tensor<?x2x?x?xi8>
}

// -----

module attributes {trt.target = #trt.target<sm_72>} {
  // CHECK-LABEL: @first_capability_that_will_do
  // CHECK: trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"
  // CHECK-NOT: trt.fused
  func.func @first_capability_that_will_do(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
    %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
    %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
    %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
    ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
      %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
      %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
      %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
      %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
      trt.yield %q1 : tensor<1x4x4x4xi8>
    }
    %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
    ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
      %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
      %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
      %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
      %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
      trt.yield %q2 : tensor<1x2x4x4xi8>
    }
    func.return %h : tensor<1x2x4x4xi8>
  }
}

// -----

module attributes {trt.target = #trt.target<host>} {
  // CHECK-LABEL: @host
  // CHECK: trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"
  // CHECK-NOT: trt.fused
  func.func @host(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
    %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
    %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
    %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
    ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
      %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
      %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
      %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
      %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
      trt.yield %q1 : tensor<1x4x4x4xi8>
    }
    %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
    ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
      %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
      %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
      %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
      %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
      trt.yield %q2 : tensor<1x2x4x4xi8>
    }
    func.return %h : tensor<1x2x4x4xi8>
  }
}

// -----

module attributes {trt.target = #trt.target<sm_70>} {
  // CHECK-LABEL: @older_capability
  // CHECK: trt.fused "dequantize_conv_relu_quantize"
  // CHECK: trt.fused "dequantize_conv_relu_quantize"
  func.func @older_capability(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
    %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
    %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
    %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
    ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
      %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
      %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
      %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
      %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
      trt.yield %q1 : tensor<1x4x4x4xi8>
    }
    // expected-remark@+1 {{needs sm_72 or later, or the host, found sm_70", Constraint="target"}}
    %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
    ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
      %s = trt.constant dense<0.5> : tensor<f32>
      %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
      %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
      %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
      %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
      %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
      trt.yield %q2 : tensor<1x2x4x4xi8>
    }
    func.return %h : tensor<1x2x4x4xi8>
  }
}

// -----

// CHECK-LABEL: @two_groups_of_two_channels
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @two_groups_of_two_channels(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<2x2x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x2x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<2x2x3x3xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<2x2x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<2x2x3x3xi8>, tensor<f32>) -> tensor<2x2x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 2 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q1 : tensor<1x2x4x4xi8>
  }
  // expected-remark@+1 {{needs groups of one channel in the first convolution, found 2 groups of 2 channels", Constraint="depthwise"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x2x4x4xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x2x4x4xi8>, %k2: tensor<2x2x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x2x1x1xi8>, tensor<f32>) -> tensor<2x2x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @two_maps_of_each_channel
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @two_maps_of_each_channel(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<8x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x8x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<8x1x3x3xi8>) -> tensor<1x8x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<8x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<8x1x3x3xi8>, tensor<f32>) -> tensor<8x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x8x4x4xf32>, tensor<f32>) -> tensor<1x8x4x4xi8>
    trt.yield %q1 : tensor<1x8x4x4xi8>
  }
  // expected-remark@+1 {{needs as many maps as channels, found 8 maps of 4 channels", Constraint="channel-multiplier"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x8x4x4xi8>, tensor<2x8x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x8x4x4xi8>, %k2: tensor<2x8x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x8x4x4xi8>, tensor<f32>) -> tensor<1x8x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x8x1x1xi8>, tensor<f32>) -> tensor<2x8x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x8x4x4xf32>, tensor<2x8x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @unknown_number_of_maps
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @unknown_number_of_maps(%x: tensor<1x4x6x6xi8>, %k1: tensor<?x1x3x3xi8>) -> tensor<1x2x4x4xi8> {
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x8x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<?x1x3x3xi8>) -> tensor<1x8x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<?x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<?x1x3x3xi8>, tensor<f32>) -> tensor<?x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<?x1x3x3xf32>) -> tensor<1x8x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x8x4x4xf32>, tensor<f32>) -> tensor<1x8x4x4xi8>
    trt.yield %q1 : tensor<1x8x4x4xi8>
  }
  // expected-remark@+1 {{needs as many maps as channels, found ? maps of 4 channels", Constraint="channel-multiplier"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x8x4x4xi8>, tensor<2x8x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x8x4x4xi8>, %k2: tensor<2x8x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x8x4x4xi8>, tensor<f32>) -> tensor<1x8x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x8x1x1xi8>, tensor<f32>) -> tensor<2x8x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x8x4x4xf32>, tensor<2x8x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @computed_kernel
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @computed_kernel(%x: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>) -> tensor<1x2x4x4xi8> {
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{needs a constant kernel in the first convolution, found a kernel that is computed", Constraint="constant-kernel", Blocker="an input of the network"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @no_activation_after_the_first
// CHECK: trt.fused "dequantize_conv_
// CHECK: trt.fused "dequantize_conv_
func.func @no_activation_after_the_first(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %c1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{needs an activation after both convolutions, found none in 'dx1 + dk1 + c1 + q1'", Constraint="activation"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @no_activation_after_the_second
// CHECK: trt.fused "dequantize_conv_
// CHECK: trt.fused "dequantize_conv_
func.func @no_activation_after_the_second(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{needs an activation after both convolutions, found none in 'dx2 + dk2 + c2 + q2'", Constraint="activation"}}
  %h = trt.fused "dequantize_conv_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %c2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @float_result
// CHECK: trt.fused "dequantize_conv_
// CHECK: trt.fused "dequantize_conv_
func.func @float_result(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xf32> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{needs convolutions that fuse-qdq-conv put between Dequantize and Quantize, found f32 in 'dx2 + dk2 + c2 + r2'", Constraint="int8"}}
  %h = trt.fused "dequantize_conv_relu"(%g, %k2) layers ["dx2", "dk2", "c2", "r2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %a2 : tensor<1x2x4x4xf32>
  }
  func.return %h : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @first_is_an_output
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @first_is_an_output(%x: tensor<1x4x6x6xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x4x4x4xi8>) {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{Constraint="network-output"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h, %g : tensor<1x2x4x4xi8>, tensor<1x4x4x4xi8>
}

// -----

// CHECK-LABEL: @first_is_used_elsewhere
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @first_is_used_elsewhere(%x: tensor<1x4x6x6xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x4x1x1xi8>) {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{Constraint="single-use"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  %d = trt.pooling max %g window = [4, 4] : tensor<1x4x4x4xi8> -> tensor<1x4x1x1xi8>
  func.return %h, %d : tensor<1x2x4x4xi8>, tensor<1x4x1x1xi8>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK-NOT: trt.fused
func.func @half_precision(%x: tensor<1x4x6x6xf16>, %k: tensor<4x1x3x3xf16>, %l: tensor<2x4x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %k num_groups = 4 : (tensor<1x4x6x6xf16>, tensor<4x1x3x3xf16>) -> tensor<1x4x4x4xf16>
  // expected-remark@+1 {{needs convolutions that fuse-qdq-conv put between Dequantize and Quantize, found f16 in 'c'", Constraint="int8", Blocker="'c'", Suggestion="put a Quantize and a Dequantize before and after each"}}
  %d = trt.convolution %c, %l : (tensor<1x4x4x4xf16>, tensor<2x4x1x1xf16>) -> tensor<1x2x4x4xf16>
  func.return %d : tensor<1x2x4x4xf16>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK: trt.fused "dequantize_conv_
// CHECK: trt.fused "dequantize_conv_
func.func @remarks_are_looked_at(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %c1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{[Missed]}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// CHECK-LABEL: @first_has_one_group
// CHECK: trt.fused "dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @first_has_one_group(%x: tensor<1x4x6x6xi8>) -> tensor<1x2x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x4x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x4x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x4x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x4x3x3xi8>, tensor<f32>) -> tensor<4x4x3x3xf32>
    %c1 = trt.convolution %d1, %e1 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<2x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
    trt.yield %q2 : tensor<1x2x4x4xi8>
  }
  func.return %h : tensor<1x2x4x4xi8>
}

// CHECK-LABEL: @a_third_convolution_stays_alone
// CHECK: trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"
// CHECK: trt.fused "dequantize_conv_relu_quantize"
func.func @a_third_convolution_stays_alone(%x: tensor<1x4x6x6xi8>) -> tensor<1x4x4x4xi8> {
  %k1 = trt.constant #trt.weight<"k1" : tensor<4x1x3x3xi8>>
  %k2 = trt.constant #trt.weight<"k2" : tensor<4x4x1x1xi8>>
  %g = trt.fused "dequantize_conv_relu_quantize"(%x, %k1) layers ["dx1", "dk1", "c1", "r1", "q1"] : (tensor<1x4x6x6xi8>, tensor<4x1x3x3xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x1: tensor<1x4x6x6xi8>, %k1: tensor<4x1x3x3xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d1 = trt.dequantize %x1, %s layers ["dx1"] : (tensor<1x4x6x6xi8>, tensor<f32>) -> tensor<1x4x6x6xf32>
    %e1 = trt.dequantize %k1, %s layers ["dk1"] : (tensor<4x1x3x3xi8>, tensor<f32>) -> tensor<4x1x3x3xf32>
    %c1 = trt.convolution %d1, %e1 num_groups = 4 layers ["c1"] : (tensor<1x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x4x4xf32>
    %a1 = trt.activation relu %c1 layers ["r1"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q1 = trt.quantize %a1, %s layers ["q1"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q1 : tensor<1x4x4x4xi8>
  }
  // expected-remark@+1 {{[Passed] fuse-depthwise-separable | Category:fusion | Reason="fused into dx1 + dk1 + dk2 + c1 + r1 + q1 + dx2 + c2 + r2 + q2"}}
  %h = trt.fused "dequantize_conv_relu_quantize"(%g, %k2) layers ["dx2", "dk2", "c2", "r2", "q2"] : (tensor<1x4x4x4xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<4x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx2"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk2"] : (tensor<4x4x1x1xi8>, tensor<f32>) -> tensor<4x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c2"] : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r2"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q2"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q2 : tensor<1x4x4x4xi8>
  }
  %j = trt.fused "dequantize_conv_relu_quantize"(%h, %k2) layers ["dx3", "dk3", "c3", "r3", "q3"] : (tensor<1x4x4x4xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x4x4xi8> {
  ^bb0(%x2: tensor<1x4x4x4xi8>, %k2: tensor<4x4x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d2 = trt.dequantize %x2, %s layers ["dx3"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %e2 = trt.dequantize %k2, %s layers ["dk3"] : (tensor<4x4x1x1xi8>, tensor<f32>) -> tensor<4x4x1x1xf32>
    %c2 = trt.convolution %d2, %e2 layers ["c3"] : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32>
    %a2 = trt.activation relu %c2 layers ["r3"] : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
    %q2 = trt.quantize %a2, %s layers ["q3"] : (tensor<1x4x4x4xf32>, tensor<f32>) -> tensor<1x4x4x4xi8>
    trt.yield %q2 : tensor<1x4x4x4xi8>
  }
  func.return %j : tensor<1x4x4x4xi8>
}
