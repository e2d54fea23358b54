// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @matrices
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
func.func @matrices(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  %y = trt.matrix_multiply %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  func.return
}

// CHECK-LABEL: @transposes
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} op0 = transpose op1 = transpose layers ["fc1"] {note = 1 : i64} : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
func.func @transposes(%a: tensor<3x2xf32>, %b: tensor<4x3xf32>) {
  %y = trt.matrix_multiply %a, %b op0 = transpose op1 = transpose layers ["fc1"] {note = 1 : i64} : (tensor<3x2xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  func.return
}

// CHECK-LABEL: @vector_on_the_left
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} op0 = vector : (tensor<5x3xf16>, tensor<5x3x4xf16>) -> tensor<5x4xf16>
func.func @vector_on_the_left(%a: tensor<5x3xf16>, %b: tensor<5x3x4xf16>) {
  %y = trt.matrix_multiply %a, %b op0 = vector : (tensor<5x3xf16>, tensor<5x3x4xf16>) -> tensor<5x4xf16>
  func.return
}

// CHECK-LABEL: @vector_on_the_right
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} op1 = vector : (tensor<5x2x3xf16>, tensor<5x3xf16>) -> tensor<5x2xf16>
func.func @vector_on_the_right(%a: tensor<5x2x3xf16>, %b: tensor<5x3xf16>) {
  %y = trt.matrix_multiply %a, %b op1 = vector : (tensor<5x2x3xf16>, tensor<5x3xf16>) -> tensor<5x2xf16>
  func.return
}

// CHECK-LABEL: @two_vectors
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} op0 = vector op1 = vector : (tensor<3xbf16>, tensor<3xbf16>) -> tensor<bf16>
func.func @two_vectors(%a: tensor<3xbf16>, %b: tensor<3xbf16>) {
  %y = trt.matrix_multiply %a, %b op0 = vector op1 = vector : (tensor<3xbf16>, tensor<3xbf16>) -> tensor<bf16>
  func.return
}

// CHECK-LABEL: @batches_broadcast
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} : (tensor<1x7x2x3xf32>, tensor<5x1x3x4xf32>) -> tensor<5x7x2x4xf32>
func.func @batches_broadcast(%a: tensor<1x7x2x3xf32>, %b: tensor<5x1x3x4xf32>) {
  %y = trt.matrix_multiply %a, %b : (tensor<1x7x2x3xf32>, tensor<5x1x3x4xf32>) -> tensor<5x7x2x4xf32>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} : (tensor<?x2x?xf32>, tensor<1x3x?xf32>) -> tensor<?x2x?xf32>
func.func @unknown_dimensions(%a: tensor<?x2x?xf32>, %b: tensor<1x3x?xf32>) {
  %y = trt.matrix_multiply %a, %b : (tensor<?x2x?xf32>, tensor<1x3x?xf32>) -> tensor<?x2x?xf32>
  func.return
}

// CHECK-LABEL: @unknown_dimensions_may_be_stated
// CHECK: trt.matrix_multiply {{%.+}}, {{%.+}} : (tensor<?x2x?xf32>, tensor<1x3x?xf32>) -> tensor<6x2x8xf32>
func.func @unknown_dimensions_may_be_stated(%a: tensor<?x2x?xf32>, %b: tensor<1x3x?xf32>) {
  %y = trt.matrix_multiply %a, %b : (tensor<?x2x?xf32>, tensor<1x3x?xf32>) -> tensor<6x2x8xf32>
  func.return
}
