// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// What is read of the image once is used for all windows that it is in: of two pixels a
// row of 3x3 reads four vectors, and multiplies six times.
// CHECK-LABEL: func.func private @conv_0(
// CHECK:         scf.for
// CHECK-COUNT-3: vector.load {{.*}} {alignment = 32 : i64} : memref<216xf32>
// CHECK-COUNT-4: vector.load {{.*}} {alignment = 4 : i64} : memref<384xf32>, vector<8xf32>
// CHECK-NOT:     vector.load {{.*}} : memref<384xf32>
// CHECK-LABEL: func.func private @wait_for_all
func.func @a_depthwise_convolution(%x: tensor<1x24x2x2xf32>) -> tensor<1x24x2x2xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<24x1x3x3xf32>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = 24 : (tensor<1x24x2x2xf32>, tensor<24x1x3x3xf32>) -> tensor<1x24x2x2xf32>
  func.return %y : tensor<1x24x2x2xf32>
}
