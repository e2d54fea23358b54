// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// A block has a row of the weights, which are read once, sixteen bytes at a time.
// PTX:           .visible .entry matmul_0(
// PTX:           ld.global.nc.v4.b32
// PTX:           shfl.sync.bfly.b32
// CHECK:         vector.load {{.*}} {alignment = 16 : i64} : memref<4096000xf32>, vector<4xf32>
// CHECK:         vector.load {{.*}} {alignment = 16 : i64} : memref<4096xf32>, vector<4xf32>
// CHECK:         math.fma
// CHECK:         gpu.shuffle xor
// CHECK:       func.func @a_fully_connected_layer_of_one_image
func.func @a_fully_connected_layer_of_one_image(%x: tensor<1x4096xf32>, %w: tensor<1000x4096xf32>) -> tensor<1x1000xf32> {
  %y = trt.matrix_multiply %x, %w op1 = transpose layers ["fc"] : (tensor<1x4096xf32>, tensor<1000x4096xf32>) -> tensor<1x1000xf32>
  func.return %y : tensor<1x1000xf32>
}

// -----

// Bytes are multiplied four at a time, also of a kernel as large as the image.
// PTX:           dp4a.s32.s32
// CHECK:         vector.load {{.*}} {alignment = 16 : i64} : memref<204800xi8>, vector<16xi8>
// CHECK:       func.func @a_convolution_of_all_of_an_image
func.func @a_convolution_of_all_of_an_image(%x: tensor<1x128x4x4xi8>, %w: tensor<100x128x4x4xi8>, %a: tensor<f32>, %b: tensor<f32>) -> tensor<1x100x1x1xf32> {
  %y = trt.fused "dequantize_conv"(%x, %w, %a, %b) layers ["p", "q", "conv"] : (tensor<1x128x4x4xi8>, tensor<100x128x4x4xi8>, tensor<f32>, tensor<f32>) -> tensor<1x100x1x1xf32> {
  ^bb0(%x0: tensor<1x128x4x4xi8>, %w0: tensor<100x128x4x4xi8>, %a0: tensor<f32>, %b0: tensor<f32>):
    %p = trt.dequantize %x0, %a0 layers ["p"] : (tensor<1x128x4x4xi8>, tensor<f32>) -> tensor<1x128x4x4xf32>
    %q = trt.dequantize %w0, %b0 layers ["q"] : (tensor<100x128x4x4xi8>, tensor<f32>) -> tensor<100x128x4x4xf32>
    %c = trt.convolution %p, %q layers ["conv"] : (tensor<1x128x4x4xf32>, tensor<100x128x4x4xf32>) -> tensor<1x100x1x1xf32>
    trt.yield %c : tensor<1x100x1x1xf32>
  }
  func.return %y : tensor<1x100x1x1xf32>
}
