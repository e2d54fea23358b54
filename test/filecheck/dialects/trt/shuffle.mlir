// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @nothing
// CHECK: trt.shuffle {{%.+}} : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
func.func @nothing(%x: tensor<2x3x4xf32>) {
  %y = trt.shuffle %x : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// CHECK-LABEL: @transposes
// CHECK: trt.shuffle {{%.+}} first_transpose = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
// CHECK: trt.shuffle {{%.+}} second_transpose = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
func.func @transposes(%x: tensor<2x3x4xf32>) {
  %y = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %a = trt.shuffle %x second_transpose = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  func.return
}

// CHECK-LABEL: @everything
// CHECK: trt.shuffle {{%.+}} first_transpose = [0, 2, 1] reshape = [0, -1] second_transpose = [1, 0] layers ["shuffle1"] {note = 1 : i64} : tensor<2x3x4xf32> -> tensor<12x2xf32>
func.func @everything(%x: tensor<2x3x4xf32>) {
  %y = trt.shuffle %x first_transpose = [0, 2, 1] reshape = [0, -1] second_transpose = [1, 0] layers ["shuffle1"] {note = 1 : i64} : tensor<2x3x4xf32> -> tensor<12x2xf32>
  func.return
}

// CHECK-LABEL: @reshapes
// CHECK: trt.shuffle {{%.+}} reshape = [-1] : tensor<2x3x4xf32> -> tensor<24xf32>
// CHECK: trt.shuffle {{%.+}} reshape = [4, 6] : tensor<2x3x4xf32> -> tensor<4x6xf32>
// CHECK: trt.shuffle {{%.+}} reshape = [0, 0, 2, -1] : tensor<2x3x4xf32> -> tensor<2x3x2x2xf32>
func.func @reshapes(%x: tensor<2x3x4xf32>) {
  %y = trt.shuffle %x reshape = [-1] : tensor<2x3x4xf32> -> tensor<24xf32>
  %a = trt.shuffle %x reshape = [4, 6] : tensor<2x3x4xf32> -> tensor<4x6xf32>
  %b = trt.shuffle %x reshape = [0, 0, 2, -1] : tensor<2x3x4xf32> -> tensor<2x3x2x2xf32>
  func.return
}

// CHECK-LABEL: @scalars
// CHECK: trt.shuffle {{%.+}} reshape = [1, 1] : tensor<f32> -> tensor<1x1xf32>
// CHECK: trt.shuffle {{%.+}} reshape = [] : tensor<f32> -> tensor<f32>
func.func @scalars(%x: tensor<f32>) {
  %y = trt.shuffle %x reshape = [1, 1] : tensor<f32> -> tensor<1x1xf32>
  %a = trt.shuffle %x reshape = [] : tensor<f32> -> tensor<f32>
  func.return
}

// CHECK-LABEL: @zero_is_a_literal
// CHECK: trt.shuffle {{%.+}} reshape = [0, 5] zero_is_placeholder = false : tensor<2x0xf32> -> tensor<0x5xf32>
// CHECK: trt.shuffle {{%.+}} reshape = [-1, 5] zero_is_placeholder = false : tensor<2x0xf32> -> tensor<0x5xf32>
func.func @zero_is_a_literal(%x: tensor<2x0xf32>) {
  %y = trt.shuffle %x reshape = [0, 5] zero_is_placeholder = false : tensor<2x0xf32> -> tensor<0x5xf32>
  %a = trt.shuffle %x reshape = [-1, 5] zero_is_placeholder = false : tensor<2x0xf32> -> tensor<0x5xf32>
  func.return
}

// CHECK-LABEL: @zero_copies_after_the_first_transpose
// CHECK: trt.shuffle {{%.+}} first_transpose = [2, 1, 0] reshape = [0, -1] : tensor<2x3x4xf32> -> tensor<4x6xf32>
func.func @zero_copies_after_the_first_transpose(%x: tensor<2x3x4xf32>) {
  %y = trt.shuffle %x first_transpose = [2, 1, 0] reshape = [0, -1] : tensor<2x3x4xf32> -> tensor<4x6xf32>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.shuffle {{%.+}} reshape = [0, -1] : tensor<?x3x4xi1> -> tensor<?x12xi1>
// CHECK: trt.shuffle {{%.+}} reshape = [-1, 12] : tensor<?x3x4xi1> -> tensor<?x12xi1>
// CHECK: trt.shuffle {{%.+}} reshape = [2, 12] : tensor<?x3x4xi1> -> tensor<2x12xi1>
// CHECK: trt.shuffle {{%.+}} first_transpose = [1, 0, 2] : tensor<?x3x4xi1> -> tensor<3x?x4xi1>
// CHECK: trt.shuffle {{%.+}} reshape = [2, -1] : tensor<?x3x4xi1> -> tensor<2x?xi1>
func.func @unknown_dimensions(%x: tensor<?x3x4xi1>) {
  %y = trt.shuffle %x reshape = [0, -1] : tensor<?x3x4xi1> -> tensor<?x12xi1>
  %a = trt.shuffle %x reshape = [-1, 12] : tensor<?x3x4xi1> -> tensor<?x12xi1>
  %b = trt.shuffle %x reshape = [2, 12] : tensor<?x3x4xi1> -> tensor<2x12xi1>
  %c = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<?x3x4xi1> -> tensor<3x?x4xi1>
  %d = trt.shuffle %x reshape = [2, -1] : tensor<?x3x4xi1> -> tensor<2x?xi1>
  func.return
}
