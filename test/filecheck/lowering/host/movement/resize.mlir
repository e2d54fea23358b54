// RUN: fuse-opt %s --split-input-file --convert-trt-to-host | FileCheck %s

// Between kernels of images nothing is transposed; a pixel's weights are found once for
// all of its channels.
// CHECK-LABEL: func.func private @resize_0
// CHECK:         arith.divf
// CHECK:         scf.for
// CHECK-NOT:     arith.divui
// CHECK-COUNT-4: memref.load
// CHECK-NOT:     memref.load
// CHECK:         memref.store
// CHECK-LABEL: func.func @main
// CHECK:         call @reformat_
// CHECK:         call @pool_
// CHECK-NOT:     call @reformat_
// CHECK:         call @resize_
// CHECK-NOT:     call @reformat_
// CHECK:         call @pool_
// CHECK:         call @reformat_
// CHECK-NOT:     call @reformat_
// CHECK:         return
func.func @main(%x: tensor<1x6x4x5xf32>) -> tensor<1x6x7x9xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x6x4x5xf32> -> tensor<1x6x4x5xf32>
  %r = trt.resize linear %p size = [1, 6, 8, 10] coordinates = half_pixel : tensor<1x6x4x5xf32> -> tensor<1x6x8x10xf32>
  %y = trt.pooling max %r window = [2, 2] : tensor<1x6x8x10xf32> -> tensor<1x6x7x9xf32>
  func.return %y : tensor<1x6x7x9xf32>
}

// -----

// What is joined is resized where it goes.
// CHECK-LABEL: func.func @joined
// CHECK:         call @resize_0
// CHECK-NOT:     call @concatenation
// CHECK:         call @pool_
func.func @joined(%x: tensor<1x8x4x5xf32>, %z: tensor<1x3x8x10xf32>) -> tensor<1x11x7x9xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x8x4x5xf32> -> tensor<1x8x4x5xf32>
  %r = trt.resize nearest %p size = [1, 8, 8, 10] : tensor<1x8x4x5xf32> -> tensor<1x8x8x10xf32>
  %q = trt.pooling max %z window = [1, 1] : tensor<1x3x8x10xf32> -> tensor<1x3x8x10xf32>
  %c = trt.concatenation %r, %q axis = 1 : (tensor<1x8x8x10xf32>, tensor<1x3x8x10xf32>) -> tensor<1x11x8x10xf32>
  %y = trt.pooling max %c window = [2, 2] : tensor<1x11x8x10xf32> -> tensor<1x11x7x9xf32>
  func.return %y : tensor<1x11x7x9xf32>
}

// -----

// What the network gives is brought into its order while it is small.
// CHECK-LABEL: func.func @given
// CHECK:         call @pool_
// CHECK:         call @reformat_
// CHECK:         call @resize_0
// CHECK-NOT:     call @reformat_
// CHECK:         return
func.func @given(%x: tensor<1x6x5x8xf32>) -> tensor<1x6x10x16xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x6x5x8xf32> -> tensor<1x6x5x8xf32>
  %y = trt.resize nearest %p size = [1, 6, 10, 16] : tensor<1x6x5x8xf32> -> tensor<1x6x10x16xf32>
  func.return %y : tensor<1x6x10x16xf32>
}

// -----

// A row that is twice as long: all that differs is computed in straight code, but for
// its ends.
// CHECK:       func.func private @resize_0
// CHECK:         %[[W:.*]] = arith.constant 7.500000e-01 : f32
// CHECK:         scf.for
// CHECK-COUNT-2: memref.load
// CHECK:         memref.store
// CHECK-COUNT-2: memref.load
// CHECK:         memref.store
// CHECK:       func.func @rows
func.func @rows(%x: tensor<3x9xf32>) -> tensor<3x18xf32> {
  %y = trt.resize linear %x size = [3, 18] coordinates = half_pixel : tensor<3x9xf32> -> tensor<3x18xf32>
  func.return %y : tensor<3x18xf32>
}
