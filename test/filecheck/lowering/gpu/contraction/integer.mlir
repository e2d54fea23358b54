// RUN: fuse-opt %s --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Bytes are multiplied by fours and summed in i32; the bias is made an integer and the
// multiplier is rounded once, both from f64; the clamp is on bytes.
// PTX-LABEL:     .visible .entry dequantize_conv_relu_quantize_0(
// PTX:           dp4a.s32.s32
// CHECK:         nvvm.dot.accumulate.4way
// CHECK:         %[[UNITS:.*]] = arith.mulf {{.*}} : f64
// CHECK-NEXT:    %[[UNIT:.*]] = arith.truncf %[[UNITS]] : f64 to f32
// CHECK:         arith.divf {{.*}} : f64
// CHECK-NEXT:    math.roundeven {{.*}} : f64
// CHECK:         arith.fptosi {{.*}} : f64 to i32
// CHECK:         arith.sitofp {{.*}} : i32 to f32
// CHECK:         %[[RATIO:.*]] = arith.divf %[[UNITS]], {{.*}} : f64
// CHECK-NEXT:    arith.truncf %[[RATIO]] : f64 to f32
// CHECK:         math.roundeven {{.*}} : f32
// CHECK:         arith.maxsi {{.*}} : i8
// CHECK:         vector.store {{.*}}xi8>
// CHECK:       func.func @an_int8_convolution
module attributes {trt.target = #trt.target<sm_75>} {
  func.func @an_int8_convolution(%x: tensor<1x16x8x8xi8>, %w: tensor<32x16x3x3xi8>, %sw: tensor<32xf32>, %b: tensor<32xf32>) -> tensor<1x32x8x8xi8> {
    %y = trt.fused "dequantize_conv_relu_quantize"(%x, %w, %sw, %b) layers ["dx", "dw", "conv", "relu", "q"] : (tensor<1x16x8x8xi8>, tensor<32x16x3x3xi8>, tensor<32xf32>, tensor<32xf32>) -> tensor<1x32x8x8xi8> {
    ^bb0(%x0: tensor<1x16x8x8xi8>, %w0: tensor<32x16x3x3xi8>, %s0: tensor<32xf32>, %b0: tensor<32xf32>):
      %sx = trt.constant dense<0.25> : tensor<f32>
      %sy = trt.constant dense<0.5> : tensor<f32>
      %dx = trt.dequantize %x0, %sx layers ["dx"] : (tensor<1x16x8x8xi8>, tensor<f32>) -> tensor<1x16x8x8xf32>
      %dw = trt.dequantize %w0, %s0 axis = 0 layers ["dw"] : (tensor<32x16x3x3xi8>, tensor<32xf32>) -> tensor<32x16x3x3xf32>
      %c = trt.convolution %dx, %dw, %b0 pre_padding = [1, 1] post_padding = [1, 1] layers ["conv"] : (tensor<1x16x8x8xf32>, tensor<32x16x3x3xf32>, tensor<32xf32>) -> tensor<1x32x8x8xf32>
      %a = trt.activation relu %c layers ["relu"] : tensor<1x32x8x8xf32> -> tensor<1x32x8x8xf32>
      %q = trt.quantize %a, %sy layers ["q"] : (tensor<1x32x8x8xf32>, tensor<f32>) -> tensor<1x32x8x8xi8>
      trt.yield %q : tensor<1x32x8x8xi8>
    }
    func.return %y : tensor<1x32x8x8xi8>
  }
}
