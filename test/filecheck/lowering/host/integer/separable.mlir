// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=64 vector-registers=32 vpdpbusd=true' | FileCheck %s

// The bytes between the convolutions are those of a line, in memory of the thread; each
// convolution has its two tables.
// CHECK:      func.func private @{{.*}}(%x0: memref<576xi8> {llvm.noalias}
// CHECK-SAME:   memref<16xi32> {llvm.noalias}, %{{.*}}: memref<16xf32> {llvm.noalias}, %{{.*}}: memref<16xi32> {llvm.noalias}, %{{.*}}: memref<16xf32> {llvm.noalias}
// CHECK:        %[[LINE:[0-9]+]] = memref.alloca() : memref<64xi8>
// CHECK:        llvm.sext %{{.*}} : vector<16xi8> to vector<16xi32>
// CHECK:        func.call @{{.*}}_part_0({{.*}}%[[LINE]]
// CHECK:        vector.load %[[LINE]][%{{.*}}] {alignment = 1 : i64} : memref<64xi8>, vector<4xi8>
// CHECK:        llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func @main(%x: tensor<1x16x4x4xi8>) -> tensor<1x16x4x4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<16x1x3x3xi8>>
  %v = trt.constant #trt.weight<"v" : tensor<16x16x1x1xi8>>
  %y = trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize" (%x, %w, %v) layers ["c", "d"]
    : (tensor<1x16x4x4xi8>, tensor<16x1x3x3xi8>, tensor<16x16x1x1xi8>) -> tensor<1x16x4x4xi8> {
  ^bb0(%x0: tensor<1x16x4x4xi8>, %w0: tensor<16x1x3x3xi8>, %v0: tensor<16x16x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %1 = trt.dequantize %x0, %s : (tensor<1x16x4x4xi8>, tensor<f32>) -> tensor<1x16x4x4xf32>
    %2 = trt.dequantize %w0, %s : (tensor<16x1x3x3xi8>, tensor<f32>) -> tensor<16x1x3x3xf32>
    %3 = trt.convolution %1, %2 pre_padding = [1, 1] post_padding = [1, 1] num_groups = 16 layers ["c"] : (tensor<1x16x4x4xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x4x4xf32>
    %4 = trt.activation relu %3 : tensor<1x16x4x4xf32> -> tensor<1x16x4x4xf32>
    %5 = trt.quantize %4, %s : (tensor<1x16x4x4xf32>, tensor<f32>) -> tensor<1x16x4x4xi8>
    %6 = trt.dequantize %5, %s : (tensor<1x16x4x4xi8>, tensor<f32>) -> tensor<1x16x4x4xf32>
    %7 = trt.dequantize %v0, %s : (tensor<16x16x1x1xi8>, tensor<f32>) -> tensor<16x16x1x1xf32>
    %8 = trt.convolution %6, %7 layers ["d"] : (tensor<1x16x4x4xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x4x4xf32>
    %9 = trt.activation relu %8 : tensor<1x16x4x4xf32> -> tensor<1x16x4x4xf32>
    %10 = trt.quantize %9, %s : (tensor<1x16x4x4xf32>, tensor<f32>) -> tensor<1x16x4x4xi8>
    trt.yield %10 : tensor<1x16x4x4xi8>
  }
  func.return %y : tensor<1x16x4x4xi8>
}
