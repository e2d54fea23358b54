// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @padding_and_crop
// CHECK: trt.padding {{%.+}} pre_padding = [1, -2] post_padding = [0, 3] layers ["pad1"] : tensor<1x3x5x6xf32> -> tensor<1x3x6x7xf32>
func.func @padding_and_crop(%x: tensor<1x3x5x6xf32>) {
  %y = trt.padding %x pre_padding = [1, -2] post_padding = [0, 3] layers ["pad1"] : tensor<1x3x5x6xf32> -> tensor<1x3x6x7xf32>
  func.return
}

// CHECK-LABEL: @padding_unknown_dimensions
// CHECK: trt.padding {{%.+}} pre_padding = [1, 1] post_padding = [1, 1] : tensor<?x3x?x6xi8> -> tensor<?x3x?x8xi8>
func.func @padding_unknown_dimensions(%x: tensor<?x3x?x6xi8>) {
  %y = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<?x3x?x6xi8> -> tensor<?x3x?x8xi8>
  func.return
}

// CHECK-LABEL: @slice_strict
// CHECK: trt.slice {{%.+}} start = [1, 0] size = [2, 3] stride = [1, 2] layers ["slice1"] : tensor<4x6xf32> -> tensor<2x3xf32>
// CHECK: trt.slice {{%.+}} start = [0, 0] size = [4, 1] : tensor<4x6xf32> -> tensor<4x1xf32>
func.func @slice_strict(%x: tensor<4x6xf32>) {
  %y = trt.slice %x start = [1, 0] size = [2, 3] stride = [1, 2] layers ["slice1"] : tensor<4x6xf32> -> tensor<2x3xf32>
  %z = trt.slice %x start = [0, 0] size = [4, 1] : tensor<4x6xf32> -> tensor<4x1xf32>
  func.return
}

// CHECK-LABEL: @slice_reverses_and_repeats
// CHECK: trt.slice {{%.+}} start = [3, 2] size = [4, 7] stride = [-1, 0] : tensor<4x6xf32> -> tensor<4x7xf32>
func.func @slice_reverses_and_repeats(%x: tensor<4x6xf32>) {
  %y = trt.slice %x start = [3, 2] size = [4, 7] stride = [-1, 0] : tensor<4x6xf32> -> tensor<4x7xf32>
  func.return
}

// CHECK-LABEL: @slice_takes_nothing
// CHECK: trt.slice {{%.+}} start = [4, 9] size = [0, 0] : tensor<4x6xf32> -> tensor<0x0xf32>
func.func @slice_takes_nothing(%x: tensor<4x6xf32>) {
  %y = trt.slice %x start = [4, 9] size = [0, 0] : tensor<4x6xf32> -> tensor<0x0xf32>
  func.return
}

// CHECK-LABEL: @slice_modes
// CHECK: trt.slice {{%.+}} start = [-2] size = [9] mode = wrap : tensor<4xf32> -> tensor<9xf32>
// CHECK: trt.slice {{%.+}} start = [-2] size = [9] mode = clamp : tensor<4xf32> -> tensor<9xf32>
// CHECK: trt.slice {{%.+}} start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
// CHECK: trt.slice {{%.+}} start = [-2] size = [9] mode = reflect : tensor<4xf32> -> tensor<9xf32>
// CHECK: trt.slice {{%.+}} fill({{%.+}} : tensor<f32>) start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
// CHECK: trt.slice {{%.+}} fill({{%.+}} : tensor<1xf32>) start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
func.func @slice_modes(%x: tensor<4xf32>, %v: tensor<f32>, %w: tensor<1xf32>) {
  %wrap = trt.slice %x start = [-2] size = [9] mode = wrap : tensor<4xf32> -> tensor<9xf32>
  %clamp = trt.slice %x start = [-2] size = [9] mode = clamp : tensor<4xf32> -> tensor<9xf32>
  %fill = trt.slice %x start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
  %reflect = trt.slice %x start = [-2] size = [9] mode = reflect : tensor<4xf32> -> tensor<9xf32>
  %y = trt.slice %x fill(%v : tensor<f32>) start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
  %z = trt.slice %x fill(%w : tensor<1xf32>) start = [-2] size = [9] mode = fill : tensor<4xf32> -> tensor<9xf32>
  func.return
}

// CHECK-LABEL: @slice_unknown_dimensions
// CHECK: trt.slice {{%.+}} start = [7, 0] size = [2, 6] : tensor<?x6xf32> -> tensor<2x6xf32>
// CHECK: trt.slice {{%.+}} fill({{%.+}} : tensor<?xf32>) start = [7, 0] size = [2, 6] mode = fill : tensor<?x6xf32> -> tensor<?x6xf32>
func.func @slice_unknown_dimensions(%x: tensor<?x6xf32>, %v: tensor<?xf32>) {
  %y = trt.slice %x start = [7, 0] size = [2, 6] : tensor<?x6xf32> -> tensor<2x6xf32>
  %z = trt.slice %x fill(%v : tensor<?xf32>) start = [7, 0] size = [2, 6] mode = fill : tensor<?x6xf32> -> tensor<?x6xf32>
  func.return
}

// CHECK-LABEL: @concatenation
// CHECK: trt.concatenation {{%.+}}, {{%.+}}, {{%.+}} axis = 1 layers ["concat1"] : (tensor<1x3x4xf32>, tensor<1x5x4xf32>, tensor<1x3x4xf32>) -> tensor<1x11x4xf32>
// CHECK: trt.concatenation {{%.+}} axis = 0 : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
func.func @concatenation(%x: tensor<1x3x4xf32>, %z: tensor<1x5x4xf32>) {
  %y = trt.concatenation %x, %z, %x axis = 1 layers ["concat1"] : (tensor<1x3x4xf32>, tensor<1x5x4xf32>, tensor<1x3x4xf32>) -> tensor<1x11x4xf32>
  %a = trt.concatenation %x axis = 0 : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  func.return
}

// CHECK-LABEL: @concatenation_unknown_dimensions
// CHECK: trt.concatenation {{%.+}}, {{%.+}} axis = 1 : (tensor<?x3x?xi1>, tensor<2x?x4xi1>) -> tensor<2x?x4xi1>
func.func @concatenation_unknown_dimensions(%x: tensor<?x3x?xi1>, %z: tensor<2x?x4xi1>) {
  %y = trt.concatenation %x, %z axis = 1 : (tensor<?x3x?xi1>, tensor<2x?x4xi1>) -> tensor<2x?x4xi1>
  func.return
}

// CHECK-LABEL: @identity
// CHECK: trt.identity {{%.+}} layers ["id1"] : tensor<?x3xui8> -> tensor<?x3xui8>
func.func @identity(%x: tensor<?x3xui8>) {
  %y = trt.identity %x layers ["id1"] : tensor<?x3xui8> -> tensor<?x3xui8>
  func.return
}
