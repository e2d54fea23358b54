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
func.func @a_deconvolution_gathers(%x: tensor<1x6x9x9xf16>, %w: tensor<6x4x3x3xf16>) -> tensor<1x8x17x17xf16> {
  %y = trt.fused "deconv_relu"(%x, %w) layers ["deconv", "relu"] : (tensor<1x6x9x9xf16>, tensor<6x4x3x3xf16>) -> tensor<1x8x17x17xf16> {
  ^bb0(%x0: tensor<1x6x9x9xf16>, %w0: tensor<6x4x3x3xf16>):
    %d = trt.deconvolution %x0, %w0 stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] num_groups = 2 layers ["deconv"] : (tensor<1x6x9x9xf16>, tensor<6x4x3x3xf16>) -> tensor<1x8x17x17xf16>
    %r = trt.activation relu %d layers ["relu"] : tensor<1x8x17x17xf16> -> tensor<1x8x17x17xf16>
    trt.yield %r : tensor<1x8x17x17xf16>
  }
  func.return %y : tensor<1x8x17x17xf16>
}
