// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// The variance is of distances from the mean, and scale and bias one operation.
// PTX:           .visible .entry normalization_0(
// CHECK:         %[[MEAN:.*]] = arith.divf
// CHECK:         %[[CENTRED:.*]] = arith.subf {{.*}}, %[[MEAN]] : f32
// CHECK:         arith.mulf %[[CENTRED]], %[[CENTRED]] : f32
// CHECK:         math.sqrt
// CHECK:         vector.load {{.*}} : memref<768xf16>, vector<8xf16>
// CHECK:         math.fma
// CHECK:         vector.store {{.*}} : memref<2304xf16>, vector<8xf16>
// CHECK:       func.func @a_layer
func.func @a_layer(%x: tensor<3x768xf16>, %s: tensor<1x768xf16>, %b: tensor<1x768xf16>) -> tensor<3x768xf16> {
  %y = trt.normalization %x, %s, %b axes = [1] epsilon = 1.0e-05 layers ["norm"] : (tensor<3x768xf16>, tensor<1x768xf16>, tensor<1x768xf16>) -> tensor<3x768xf16>
  func.return %y : tensor<3x768xf16>
}

// -----

// Count, mean and squared distances, in one pass.
// CHECK:         scf.for {{.*}} -> (f32, f32, f32) {
// CHECK:         scf.for
// CHECK:           math.fma
// CHECK:       func.func @a_layer_that_is_read_twice
func.func @a_layer_that_is_read_twice(%x: tensor<2x32768xf32>, %s: tensor<1x1xf32>, %b: tensor<1x1xf32>) -> tensor<2x32768xf32> {
  %y = trt.normalization %x, %s, %b axes = [1] epsilon = 1.0e-05 layers ["norm"] : (tensor<2x32768xf32>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<2x32768xf32>
  func.return %y : tensor<2x32768xf32>
}

// -----

// A group of two channels is a row of 32 elements.
// CHECK:         arith.constant 3.200000e+01 : f32
// CHECK:       func.func @groups
func.func @groups(%x: tensor<3x6x4x4xf32>, %s: tensor<1x6x1x1xf32>, %b: tensor<1x6x1x1xf32>) -> tensor<3x6x4x4xf32> {
  %y = trt.normalization %x, %s, %b axes = [2, 3] epsilon = 1.0e-05 num_groups = 3 layers ["norm"] : (tensor<3x6x4x4xf32>, tensor<1x6x1x1xf32>, tensor<1x6x1x1xf32>) -> tensor<3x6x4x4xf32>
  func.return %y : tensor<3x6x4x4xf32>
}
