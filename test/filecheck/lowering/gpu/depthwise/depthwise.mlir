// RUN: fuse-opt %s --convert-trt-to-gpu --split-input-file | FileCheck %s

// Rows of 16 elements are four vectors; a tile begins with the vector in front of them.
// Threads take four neighbours of four rows, by the nine weights of their channel.
// CHECK:       "memref.global"() <{sym_name = "conv_relu_0_shared_0", type = memref<1728xf32, #gpu.address_space<workgroup>>
// CHECK:         vector.load {{.*}} : memref<4096xf32>, vector<4xf32>
// CHECK:         vector.store {{.*}}#gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:         gpu.barrier
// CHECK:         %[[W:.*]] = memref.load %{{.*}} : memref<16x1x3x3xf32>
// CHECK:         vector.load {{.*}}#gpu.address_space<workgroup>>, vector<4xf32>
// CHECK-COUNT-144: math.fma
// CHECK-NOT:     math.fma
// CHECK-COUNT-4: vector.store {{.*}} : memref<4096xf32>, vector<4xf32>
// CHECK-NOT:     vector.store
// CHECK:       func.func @each_channel_alone
func.func @each_channel_alone(%x: tensor<1x16x16x16xf32>, %w: tensor<16x1x3x3xf32>, %b: tensor<16xf32>) -> tensor<1x16x16x16xf32> {
  %y = trt.fused "conv_relu"(%x, %w, %b) layers ["conv", "relu"] : (tensor<1x16x16x16xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x16x16xf32> {
  ^bb0(%x0: tensor<1x16x16x16xf32>, %w0: tensor<16x1x3x3xf32>, %b0: tensor<16xf32>):
    %c = trt.convolution %x0, %w0, %b0 pre_padding = [1, 1] post_padding = [1, 1] num_groups = 16 layers ["conv"] : (tensor<1x16x16x16xf32>, tensor<16x1x3x3xf32>, tensor<16xf32>) -> tensor<1x16x16x16xf32>
    %r = trt.activation relu %c layers ["relu"] : tensor<1x16x16x16xf32> -> tensor<1x16x16x16xf32>
    trt.yield %r : tensor<1x16x16x16xf32>
  }
  func.return %y : tensor<1x16x16x16xf32>
}

// -----

// A large window is a loop over its rows.
// CHECK:       "gpu.func"() <{function_type = (memref<1x4x40x40xf16>,
// CHECK:         %[[ROWS:.*]] = arith.constant 31 : index
// CHECK:         gpu.barrier
// CHECK:         scf.for %{{.*}} = %{{.*}} to %[[ROWS]]
// CHECK:           math.fma
// CHECK:       func.func @a_large_window
func.func @a_large_window(%x: tensor<1x4x40x40xf16>, %w: tensor<4x1x31x31xf16>) -> tensor<1x4x10x10xf16> {
  %y = trt.convolution %x, %w num_groups = 4 layers ["conv"] : (tensor<1x4x40x40xf16>, tensor<4x1x31x31xf16>) -> tensor<1x4x10x10xf16>
  func.return %y : tensor<1x4x10x10xf16>
}

// -----

// The features of a channel are computed of one tile.
// CHECK:       "gpu.func"() <{function_type = (memref<1x4x9x8xf32>,
// CHECK:         gpu.barrier
// CHECK:         scf.for %[[WHICH:.*]] = %{{.*}} to %{{.*}} step
// CHECK:           %[[FEATURE:.*]] = arith.addi %{{.*}}, %[[WHICH]]
// CHECK:           memref.load %w[%[[FEATURE]],
// CHECK:       func.func @two_features_of_each_channel
func.func @two_features_of_each_channel(%x: tensor<1x4x9x8xf32>, %w: tensor<8x1x2x2xf32>) -> tensor<1x8x8x7xf32> {
  %y = trt.convolution %x, %w num_groups = 4 layers ["conv"] : (tensor<1x4x9x8xf32>, tensor<8x1x2x2xf32>) -> tensor<1x8x8x7xf32>
  func.return %y : tensor<1x8x8x7xf32>
}
