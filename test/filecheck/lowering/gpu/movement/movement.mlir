// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Three axes describe it; a half is moved as it is.
// PTX:           .visible .entry shuffle_0(
// CHECK-DAG:     %[[SEVEN:.*]] = arith.constant 7 : index
// CHECK-DAG:     %[[PLANE:.*]] = arith.constant 155 : index
// CHECK:         arith.remui {{.*}}, %[[SEVEN]]
// CHECK:         arith.remui {{.*}}, %[[PLANE]]
// CHECK-NOT:     arith.remui
// CHECK:         %[[X:.*]] = memref.load {{.*}} : memref<3255xf16>
// CHECK-NOT:     arith.extf
// CHECK:         memref.store %[[X]],
// CHECK:       func.func @a_transpose
func.func @a_transpose(%x: tensor<3x7x5x31xf16>) -> tensor<3x5x31x7xf16> {
  %y = trt.shuffle %x first_transpose = [0, 2, 3, 1] layers ["transpose"] : tensor<3x7x5x31xf16> -> tensor<3x5x31x7xf16>
  func.return %y : tensor<3x5x31x7xf16>
}

// -----

// Rows of both: the left has 35 of 45 elements.
// PTX:           .visible .entry concatenation_0(
// CHECK-DAG:     %[[ROW:.*]] = arith.constant 45 : index
// CHECK-DAG:     %[[LEFT:.*]] = arith.constant 35 : index
// CHECK:         %[[AT:.*]] = arith.remui {{.*}}, %[[ROW]]
// CHECK:         %[[IS_LEFT:.*]] = arith.cmpi ult, %[[AT]], %[[LEFT]]
// CHECK-NEXT:    scf.if %[[IS_LEFT]] -> (i8) {
// CHECK:           memref.load {{.*}} : memref<105xi8>
// CHECK:         } else {
// CHECK:           memref.load {{.*}} : memref<30xi8>
// CHECK:       func.func @a_concatenation
func.func @a_concatenation(%x: tensor<3x7x5xi8>, %z: tensor<3x2x5xi8>) -> tensor<3x9x5xi8> {
  %y = trt.concatenation %x, %z axis = 1 layers ["join"] : (tensor<3x7x5xi8>, tensor<3x2x5xi8>) -> tensor<3x9x5xi8>
  func.return %y : tensor<3x9x5xi8>
}

// -----

// PTX:           .visible .entry padding_0(
// CHECK:         scf.if {{.*}} -> (i64) {
// CHECK:           memref.load {{.*}} : memref<105xi64>
// CHECK:         } else {
// CHECK-NEXT:      arith.constant 0 : i64
// CHECK:       func.func @a_padding
func.func @a_padding(%x: tensor<1x3x5x7xi64>) -> tensor<1x3x8x9xi64> {
  %y = trt.padding %x pre_padding = [1, 2] post_padding = [2, 0] layers ["pad"] : tensor<1x3x5x7xi64> -> tensor<1x3x8x9xi64>
  func.return %y : tensor<1x3x8x9xi64>
}

// -----

// The channels that a slice takes whole are rows with their images; nothing is outside.
// PTX:           .visible .entry slice_0(
// CHECK-DAG:     %[[WINDOW:.*]] = arith.constant 60 : index
// CHECK-DAG:     %[[START:.*]] = arith.constant 40 : index
// CHECK-NOT:     scf.if {{.*}} -> (f32)
// CHECK:         %[[AT:.*]] = arith.remui {{.*}}, %[[WINDOW]]
// CHECK:         arith.addi %[[AT]], %[[START]]
// CHECK-NOT:     arith.remui
// CHECK:         vector.load {{.*}}, vector<4xf32>
// CHECK:       func.func @a_slice_of_channels
func.func @a_slice_of_channels(%x: tensor<2x8x4x5xf32>) -> tensor<2x3x4x5xf32> {
  %y = trt.slice %x start = [0, 2, 0, 0] size = [2, 3, 4, 5] layers ["slice"] : tensor<2x8x4x5xf32> -> tensor<2x3x4x5xf32>
  func.return %y : tensor<2x3x4x5xf32>
}

// -----

// CHECK:         %[[BACK:.*]] = arith.constant -2 : index
// CHECK:         arith.muli {{.*}}, %[[BACK]]
// CHECK:         %[[LOW:.*]] = arith.maxsi
// CHECK:         arith.minsi %[[LOW]],
// CHECK:       func.func @a_slice_that_clamps
func.func @a_slice_that_clamps(%x: tensor<8xf32>) -> tensor<9xf32> {
  %y = trt.slice %x start = [9] size = [9] stride = [-2] mode = clamp layers ["slice"] : tensor<8xf32> -> tensor<9xf32>
  func.return %y : tensor<9xf32>
}

// -----

// CHECK:         scf.if {{.*}} -> (i32) {
// CHECK:         } else {
// CHECK:           memref.load %{{.*}}[] : memref<i32>
// CHECK:       func.func @a_slice_that_fills
func.func @a_slice_that_fills(%x: tensor<8xi32>, %f: tensor<i32>) -> tensor<9xi32> {
  %y = trt.slice %x fill(%f : tensor<i32>) start = [3] size = [9] mode = fill layers ["slice"] : tensor<8xi32> -> tensor<9xi32>
  func.return %y : tensor<9xi32>
}
