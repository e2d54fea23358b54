// RUN: fuse-opt %s --trt-fuse --check-each-fusion='seed=7' | FileCheck %s
// RUN: fuse-opt %s --trt-fuse --check-each-fusion --remarks 2>&1 >%t | FileCheck %s --check-prefix=TOLD

// CHECK-LABEL: @what_is_right_is_fused_as_ever
// CHECK-NOT: trt.scale
// CHECK: trt.fused "conv_relu"
func.func @what_is_right_is_fused_as_ever(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x2x1x1xf32>>
  %s = trt.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %conv = trt.convolution %x, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %conv scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %relu = trt.activation relu %bn : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %relu : tensor<1x2x4x4xf32>
}

// TOLD: [Analysis] fuse-pointwise | Category:fusion | Reason="not checked: an input of shape ?x4"
// CHECK-LABEL: @of_unknown_size_there_is_nothing_to_run
func.func @of_unknown_size_there_is_nothing_to_run(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %e = trt.unary exp %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %n = trt.unary neg %e : tensor<?x4xf32> -> tensor<?x4xf32>
  func.return %n : tensor<?x4xf32>
}
