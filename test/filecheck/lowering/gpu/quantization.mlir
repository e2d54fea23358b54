// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// PTX:           .visible .entry quantize_0(
// CHECK:         %[[LEVEL:.*]] = arith.divf {{.*}} : f32
// CHECK-NEXT:    %[[NEAREST:.*]] = math.roundeven %[[LEVEL]] : f32
// CHECK-NEXT:    %[[ZERO:.*]] = arith.sitofp {{.*}} : i8 to f32
// CHECK-NEXT:    %[[SHIFTED:.*]] = arith.addf %[[NEAREST]], %[[ZERO]] : f32
// CHECK:         %[[LOWEST:.*]] = arith.constant -1.280000e+02 : f32
// CHECK:         arith.fptosi {{.*}} : f32 to i8
// CHECK:       func.func @a_quantize_with_a_zero_point
func.func @a_quantize_with_a_zero_point(%x: tensor<2x3x5xf16>, %s: tensor<3xf16>, %z: tensor<3xi8>) -> tensor<2x3x5xi8> {
  %q = trt.quantize %x, %s, %z axis = 1 layers ["q"] : (tensor<2x3x5xf16>, tensor<3xf16>, tensor<3xi8>) -> tensor<2x3x5xi8>
  func.return %q : tensor<2x3x5xi8>
}

// -----

// PTX:           .visible .entry dequantize_0(
// CHECK:         %[[REST:.*]] = arith.divui
// CHECK:         %[[CHANNEL:.*]] = arith.remui %[[REST]],
// CHECK:         %[[SCALE:.*]] = memref.load {{.*}}[%[[CHANNEL]]] : memref<3xf32>
// CHECK:         %[[LEVEL:.*]] = arith.sitofp {{.*}} : i8 to f32
// CHECK-NEXT:    arith.mulf %[[LEVEL]], %[[SCALE]] : f32
// CHECK:       func.func @a_dequantize_by_channel
func.func @a_dequantize_by_channel(%q: tensor<2x3x5xi8>, %s: tensor<3xf32>) -> tensor<2x3x5xf32> {
  %x = trt.dequantize %q, %s axis = 1 layers ["dq"] : (tensor<2x3x5xi8>, tensor<3xf32>) -> tensor<2x3x5xf32>
  func.return %x : tensor<2x3x5xf32>
}
