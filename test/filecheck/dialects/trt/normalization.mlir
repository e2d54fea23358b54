// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @layer_normalization
// CHECK: trt.normalization %x, %s, %b axes = [2] epsilon = 1.000000e-05 layers ["ln"] {note = 1 : i64} : (tensor<2x3x4xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<2x3x4xf32>
func.func @layer_normalization(%x: tensor<2x3x4xf32>, %s: tensor<1x1x4xf32>, %b: tensor<1x1x4xf32>) {
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.000000e-05 layers ["ln"] {note = 1 : i64} : (tensor<2x3x4xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<2x3x4xf32>
  func.return
}

// CHECK-LABEL: @one_scale_for_all
// CHECK: trt.normalization {{.*}} axes = [0, 1] epsilon = 0.000000e+00 : (tensor<3x4xbf16>, tensor<1x1xbf16>, tensor<3x1xbf16>) -> tensor<3x4xbf16>
func.func @one_scale_for_all(%x: tensor<3x4xbf16>, %s: tensor<1x1xbf16>, %b: tensor<3x1xbf16>) {
  %y = trt.normalization %x, %s, %b axes = [0, 1] epsilon = 0.0 : (tensor<3x4xbf16>, tensor<1x1xbf16>, tensor<3x1xbf16>) -> tensor<3x4xbf16>
  func.return
}

// CHECK-LABEL: @groups_of_channels
// CHECK: trt.normalization {{.*}} axes = [2, 3] epsilon = {{.*}} num_groups = 4 : (tensor<2x8x5x5xf16>, tensor<1x8x1x1xf16>, tensor<1x8x1x1xf16>) -> tensor<2x8x5x5xf16>
func.func @groups_of_channels(%x: tensor<2x8x5x5xf16>, %s: tensor<1x8x1x1xf16>) {
  %y = trt.normalization %x, %s, %s axes = [2, 3] epsilon = 1.0e-5 num_groups = 4 : (tensor<2x8x5x5xf16>, tensor<1x8x1x1xf16>, tensor<1x8x1x1xf16>) -> tensor<2x8x5x5xf16>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.normalization {{.*}} : (tensor<?x?x4xf32>, tensor<1x1x?xf32>, tensor<1x3x4xf32>) -> tensor<?x3x4xf32>
func.func @unknown_dimensions(%x: tensor<?x?x4xf32>, %s: tensor<1x1x?xf32>, %b: tensor<1x3x4xf32>) {
  %y = trt.normalization %x, %s, %b axes = [1, 2] epsilon = 1.0e-5 : (tensor<?x?x4xf32>, tensor<1x1x?xf32>, tensor<1x3x4xf32>) -> tensor<?x3x4xf32>
  func.return
}
