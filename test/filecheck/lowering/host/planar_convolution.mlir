// RUN: fuse-opt %s --convert-trt-to-host --split-input-file | FileCheck %s

// What the network is given and gives is read and written as it lies: vectors are of
// neighbouring pixels, and weights are spread.
// CHECK-LABEL: func.func private @conv_0(
// CHECK-NOT:     func.func private @reformat
// CHECK:         vector.load {{.*}} {alignment = 4 : i64} : memref<1600xf32>, vector<8xf32>
// CHECK:         memref.load {{.*}} : memref<24xf32>
// CHECK-NOT:     func.func private @reformat
// CHECK:       func.func @single_pixels(
func.func @single_pixels(%x: tensor<1x4x20x20xf32>) -> tensor<1x6x20x20xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<6x4x1x1xf32>>
  %y = trt.convolution %x, %w : (tensor<1x4x20x20xf32>, tensor<6x4x1x1xf32>) -> tensor<1x6x20x20xf32>
  func.return %y : tensor<1x6x20x20xf32>
}

// -----

// What another convolution reads has its channels innermost; its own result is turned.
// CHECK:       func.func @two_convolutions(
// CHECK:         func.call @reformat_0
// CHECK:         func.call @conv_0
// CHECK:         func.call @conv_1
// CHECK-NOT:     func.call @reformat
// CHECK:         func.return
func.func @two_convolutions(%x: tensor<1x4x20x20xf32>) -> tensor<1x4x20x20xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<8x4x1x1xf32>>
  %v = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<4x8x1x1xf32>>
  %y = trt.convolution %x, %w : (tensor<1x4x20x20xf32>, tensor<8x4x1x1xf32>) -> tensor<1x8x20x20xf32>
  %z = trt.convolution %y, %v : (tensor<1x8x20x20xf32>, tensor<4x8x1x1xf32>) -> tensor<1x4x20x20xf32>
  func.return %z : tensor<1x4x20x20xf32>
}
