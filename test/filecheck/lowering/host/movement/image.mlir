// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// Between kernels of images nothing is transposed, whatever is moved there.
// CHECK-LABEL: func.func @shuffled_channels
// CHECK:         call @reformat_
// CHECK:         call @pool_
// CHECK:         call @shuffle_
// CHECK-NOT:     call @reformat_
// CHECK:         call @pool_
// CHECK:         call @reformat_
// CHECK-NOT:     call @reformat_
// CHECK:         return
func.func @shuffled_channels(%x: tensor<1x6x4x5xf32>) -> tensor<1x6x3x4xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x6x4x5xf32> -> tensor<1x6x4x5xf32>
  %s = trt.shuffle %p reshape = [1, 2, 3, 4, 5] second_transpose = [0, 2, 1, 3, 4] : tensor<1x6x4x5xf32> -> tensor<1x3x2x4x5xf32>
  %v = trt.shuffle %s reshape = [1, 6, 4, 5] : tensor<1x3x2x4x5xf32> -> tensor<1x6x4x5xf32>
  %y = trt.pooling max %v window = [2, 2] : tensor<1x6x4x5xf32> -> tensor<1x6x3x4xf32>
  func.return %y : tensor<1x6x3x4xf32>
}

// CHECK-LABEL: func.func @sliced_padded_joined
// CHECK:         call @reformat_
// CHECK:         call @pool_
// CHECK-NOT:     call @reformat_
// CHECK:         call @pool_
// CHECK:         call @reformat_
// CHECK-NOT:     call @reformat_
// CHECK:         return
func.func @sliced_padded_joined(%x: tensor<1x6x4x5xf32>) -> tensor<1x6x4x5xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x6x4x5xf32> -> tensor<1x6x4x5xf32>
  %a = trt.slice %p start = [0, 2, 0, 0] size = [1, 3, 4, 5] : tensor<1x6x4x5xf32> -> tensor<1x3x4x5xf32>
  %b = trt.padding %a pre_padding = [1, 0] post_padding = [0, 1] : tensor<1x3x4x5xf32> -> tensor<1x3x5x6xf32>
  %c = trt.concatenation %b, %b axis = 1 : (tensor<1x3x5x6xf32>, tensor<1x3x5x6xf32>) -> tensor<1x6x5x6xf32>
  %y = trt.pooling max %c window = [2, 2] : tensor<1x6x5x6xf32> -> tensor<1x6x4x5xf32>
  func.return %y : tensor<1x6x4x5xf32>
}

// A dimension that is no product of channels or pixels is made of the order of the model.
// CHECK-LABEL: func.func @mixed_pixels
// CHECK:         call @pool_
// CHECK:         call @reformat_
// CHECK:         call @shuffle_
func.func @mixed_pixels(%x: tensor<1x6x4x5xf32>) -> tensor<1x12x10xf32> {
  %p = trt.pooling max %x window = [1, 1] : tensor<1x6x4x5xf32> -> tensor<1x6x4x5xf32>
  %y = trt.shuffle %p reshape = [1, 10, 12] second_transpose = [0, 2, 1] : tensor<1x6x4x5xf32> -> tensor<1x12x10xf32>
  func.return %y : tensor<1x12x10xf32>
}
