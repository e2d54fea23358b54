// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s

// The tiles are few and the depth is long: blocks that share a tile keep their sums, and
// what follows is computed once these are added.
// CHECK:         math.fma
// CHECK:         memref.store {{.*}} : memref<[[SPLITS:[0-9]+]]x1x512x49xf32>
// CHECK-NOT:     arith.maximumf
// CHECK:         sym_name = "conv_relu_0_parts"
// CHECK-NOT:     math.fma
// CHECK:         memref.load
// CHECK:         arith.addf
// CHECK:         arith.maximumf
// CHECK:         sym_name = "conv_relu_0"
// CHECK:       func.func @blocks_share_the_depth
func.func @blocks_share_the_depth(%x: tensor<1x2048x7x7xf32>, %w: tensor<512x2048x1x1xf32>) -> tensor<1x512x7x7xf32> {
  %y = trt.fused "conv_relu"(%x, %w) layers ["conv", "relu"] : (tensor<1x2048x7x7xf32>, tensor<512x2048x1x1xf32>) -> tensor<1x512x7x7xf32> {
  ^bb0(%x0: tensor<1x2048x7x7xf32>, %w0: tensor<512x2048x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["conv"] : (tensor<1x2048x7x7xf32>, tensor<512x2048x1x1xf32>) -> tensor<1x512x7x7xf32>
    %a = trt.activation relu %c layers ["relu"] : tensor<1x512x7x7xf32> -> tensor<1x512x7x7xf32>
    trt.yield %a : tensor<1x512x7x7xf32>
  }
  func.return %y : tensor<1x512x7x7xf32>
}
