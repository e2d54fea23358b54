// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Channels are summed only where an element of the input reaches this one: where the
// distance is a multiple of the stride, and not outside.
// PTX:           .visible .entry deconv_relu_0(
// CHECK:         scf.for {{.*}} -> (f32)
// CHECK:         scf.for {{.*}} iter_args(%[[SO_FAR:.*]] = {{.*}}) -> (f32)
// CHECK:         %[[DISTANCE:.*]] = arith.subi
// CHECK:         %[[SOURCE:.*]] = arith.divui %[[DISTANCE]],
// CHECK:         %[[REST:.*]] = arith.remui %[[DISTANCE]],
// CHECK:         arith.cmpi eq, %[[REST]],
// CHECK:         arith.cmpi ult, %[[SOURCE]],
// CHECK:         scf.if {{.*}} -> (f32) {
// CHECK:           scf.for {{.*}} iter_args({{.*}} = %[[SO_FAR]]) -> (f32)
// CHECK:             math.fma
// CHECK:         } else {
// CHECK-NEXT:      scf.yield %[[SO_FAR]]
// CHECK:         arith.maximumf
// CHECK:       func.func @a_deconvolution_gathers
module attributes {trt.target = #trt.target<sm_75>} {
  func.func @a_deconvolution_gathers(%x: tensor<1x6x3x3xf16>, %w: tensor<6x4x3x3xf16>) -> tensor<1x8x5x5xf16> {
    %y = trt.fused "deconv_relu"(%x, %w) layers ["deconv", "relu"] : (tensor<1x6x3x3xf16>, tensor<6x4x3x3xf16>) -> tensor<1x8x5x5xf16> {
    ^bb0(%x0: tensor<1x6x3x3xf16>, %w0: tensor<6x4x3x3xf16>):
      %d = trt.deconvolution %x0, %w0 stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] num_groups = 2 layers ["deconv"] : (tensor<1x6x3x3xf16>, tensor<6x4x3x3xf16>) -> tensor<1x8x5x5xf16>
      %r = trt.activation relu %d layers ["relu"] : tensor<1x8x5x5xf16> -> tensor<1x8x5x5xf16>
      trt.yield %r : tensor<1x8x5x5xf16>
    }
    func.return %y : tensor<1x8x5x5xf16>
  }
}

// -----

// Of a large one, a block gathers tiles of what reaches its part of the result.
// CHECK:         arith.divui
// CHECK:         gpu.barrier
// CHECK:         nvgpu.mma.sync
// CHECK:       func.func @a_large_deconvolution_is_tiled
func.func @a_large_deconvolution_is_tiled(%x: tensor<1x64x32x32xf16>, %w: tensor<64x32x4x4xf16>) -> tensor<1x32x64x64xf16> {
  %d = trt.deconvolution %x, %w stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["deconv"] : (tensor<1x64x32x32xf16>, tensor<64x32x4x4xf16>) -> tensor<1x32x64x64xf16>
  func.return %d : tensor<1x32x64x64xf16>
}

// -----

// Bytes are widened and summed in i32; the sum becomes bytes by one multiplier, of the
// feature's own scale.
// PTX:           .visible .entry dequantize_deconv_quantize_0(
// CHECK:         scf.for {{.*}} -> (i32)
// CHECK:           arith.cmpi ult,
// CHECK:           %[[X:.*]] = arith.extsi {{.*}} : i8 to i32
// CHECK:           %[[W:.*]] = arith.extsi {{.*}} : i8 to i32
// CHECK:           %[[PRODUCT:.*]] = arith.muli %[[X]], %[[W]] : i32
// CHECK:           arith.addi {{.*}}, %[[PRODUCT]] : i32
// CHECK:         memref.load {{.*}} : memref<3xf32>
// CHECK:         arith.sitofp {{.*}} : i32 to f32
// CHECK:         math.roundeven {{.*}} : f32
// CHECK:       func.func @an_int8_deconvolution_gathers
func.func @an_int8_deconvolution_gathers(%x: tensor<1x2x4x4xi8>, %w: tensor<2x3x2x2xi8>, %sw: tensor<3xf32>) -> tensor<1x3x8x8xi8> {
  %y = trt.fused "dequantize_deconv_quantize"(%x, %w, %sw) layers ["dx", "dw", "deconv", "q"] : (tensor<1x2x4x4xi8>, tensor<2x3x2x2xi8>, tensor<3xf32>) -> tensor<1x3x8x8xi8> {
  ^bb0(%x0: tensor<1x2x4x4xi8>, %w0: tensor<2x3x2x2xi8>, %s0: tensor<3xf32>):
    %sx = trt.constant dense<0.5> : tensor<f32>
    %dx = trt.dequantize %x0, %sx layers ["dx"] : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
    %dw = trt.dequantize %w0, %s0 axis = 1 layers ["dw"] : (tensor<2x3x2x2xi8>, tensor<3xf32>) -> tensor<2x3x2x2xf32>
    %c = trt.deconvolution %dx, %dw stride = [2, 2] layers ["deconv"] : (tensor<1x2x4x4xf32>, tensor<2x3x2x2xf32>) -> tensor<1x3x8x8xf32>
    %q = trt.quantize %c, %sx layers ["q"] : (tensor<1x3x8x8xf32>, tensor<f32>) -> tensor<1x3x8x8xi8>
    trt.yield %q : tensor<1x3x8x8xi8>
  }
  func.return %y : tensor<1x3x8x8xi8>
}
