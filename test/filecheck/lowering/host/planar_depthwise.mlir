// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// A channel is copied to where zeros are around it, and read from there.
// CHECK-LABEL: func.func private @conv_0(
// CHECK:         [[PLANE:%.*]] = memref.alloca() : memref<324xf32>
// CHECK:         vector.load [[PLANE]][{{.*}} : memref<324xf32>, vector<8xf32>
// CHECK-NOT:     func.func private @reformat
// CHECK-LABEL: func.func @a_depthwise_convolution(
func.func @a_depthwise_convolution(%x: tensor<1x24x16x16xf32>) -> tensor<1x24x16x16xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<24x1x3x3xf32>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = 24 : (tensor<1x24x16x16xf32>, tensor<24x1x3x3xf32>) -> tensor<1x24x16x16xf32>
  func.return %y : tensor<1x24x16x16xf32>
}
