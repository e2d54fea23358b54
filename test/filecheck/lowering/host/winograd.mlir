// RUN: fuse-opt %s --split-input-file --convert-trt-to-host="winograd=true" | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-host | FileCheck %s --check-prefix=UNASKED

// UNASKED-NOT: winograd

// 16 tiles of 36 positions by 32 channels, and a line to spare, are made of an image that
// has a halo of one.

// CHECK-LABEL: func.func private @conv_0(
// CHECK-SAME:    memref<18688xf32> {llvm.noalias}
// CHECK-SAME:    memref<73728xf32> {llvm.noalias}
// CHECK-SAME:    memref<16384xf32> {llvm.noalias}
// CHECK:         memref.alloca() : memref<
// CHECK:         vector.fma
// CHECK-LABEL: func.func private @winograd_patches_0(
// CHECK-SAME:    memref<10368xf32> {llvm.noalias}
// CHECK-SAME:    memref<18688xf32> {llvm.noalias}
// CHECK-LABEL: func.func @by_tiles
// CHECK-SAME:    trt.constant = #trt.weight<{{.*}}winograd_kernel(
// CHECK:         call @reformat_0
// CHECK:         call @winograd_patches_0
// CHECK:         call @conv_0
func.func @by_tiles(%x: tensor<1x32x16x16xf32>) -> tensor<1x64x16x16xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<64x32x3x3xf32>>
  %1 = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1]
    : (tensor<1x32x16x16xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x16x16xf32>
  func.return %1 : tensor<1x64x16x16xf32>
}

// -----

// CHECK-LABEL: func.func private @conv_0(
// CHECK-NOT:   winograd
func.func @by_groups(%x: tensor<1x64x16x16xf32>) -> tensor<1x64x16x16xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<64x32x3x3xf32>>
  %1 = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] num_groups = 2
    : (tensor<1x64x16x16xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x16x16xf32>
  func.return %1 : tensor<1x64x16x16xf32>
}
