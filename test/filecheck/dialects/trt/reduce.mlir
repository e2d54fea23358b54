// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @reduce_operations
// CHECK: trt.reduce sum {{%.+}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
// CHECK: trt.reduce prod {{%.+}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
// CHECK: trt.reduce max {{%.+}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
// CHECK: trt.reduce min {{%.+}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
// CHECK: trt.reduce avg {{%.+}} axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
func.func @reduce_operations(%x: tensor<2x3x4xf32>) {
  %sum = trt.reduce sum %x axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  %prod = trt.reduce prod %x axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  %max = trt.reduce max %x axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  %min = trt.reduce min %x axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  %avg = trt.reduce avg %x axes = [1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  func.return
}

// CHECK-LABEL: @reduced_dimensions_kept_or_dropped
// CHECK: trt.reduce avg {{%.+}} axes = [0, 2] keep_dimensions layers ["mean1"] {note = 1 : i64} : tensor<2x3x4xf32> -> tensor<1x3x1xf32>
// CHECK: trt.reduce avg {{%.+}} axes = [0, 1, 2] : tensor<2x3x4xf32> -> tensor<f32>
func.func @reduced_dimensions_kept_or_dropped(%x: tensor<2x3x4xf32>) {
  %y = trt.reduce avg %x axes = [0, 2] keep_dimensions layers ["mean1"] {note = 1 : i64} : tensor<2x3x4xf32> -> tensor<1x3x1xf32>
  %a = trt.reduce avg %x axes = [0, 1, 2] : tensor<2x3x4xf32> -> tensor<f32>
  func.return
}

// CHECK-LABEL: @reduce_of_integers
// CHECK: trt.reduce sum {{%.+}} axes = [2] : tensor<2x3x4xi64> -> tensor<2x3xi64>
func.func @reduce_of_integers(%x: tensor<2x3x4xi64>) {
  %y = trt.reduce sum %x axes = [2] : tensor<2x3x4xi64> -> tensor<2x3xi64>
  func.return
}

// CHECK-LABEL: @reduce_unknown_dimensions
// CHECK: trt.reduce sum {{%.+}} axes = [1] keep_dimensions : tensor<?x?x4xf16> -> tensor<?x1x4xf16>
// CHECK: trt.reduce sum {{%.+}} axes = [2] : tensor<?x?x4xf16> -> tensor<?x5xf16>
func.func @reduce_unknown_dimensions(%x: tensor<?x?x4xf16>) {
  %y = trt.reduce sum %x axes = [1] keep_dimensions : tensor<?x?x4xf16> -> tensor<?x1x4xf16>
  %a = trt.reduce sum %x axes = [2] : tensor<?x?x4xf16> -> tensor<?x5xf16>
  func.return
}

// CHECK-LABEL: @softmax
// CHECK: trt.softmax {{%.+}} axis = 1 layers ["prob"] : tensor<?x10xf32> -> tensor<?x10xf32>
// CHECK: trt.softmax {{%.+}} axis = 0 : tensor<?x10xf32> -> tensor<?x10xf32>
func.func @softmax(%x: tensor<?x10xf32>) {
  %y = trt.softmax %x axis = 1 layers ["prob"] : tensor<?x10xf32> -> tensor<?x10xf32>
  %z = trt.softmax %x axis = 0 : tensor<?x10xf32> -> tensor<?x10xf32>
  func.return
}

// CHECK-LABEL: @top_k
// CHECK: trt.top_k max {{%.+}} k = 5 axis = 1 layers ["top5"] : tensor<2x10xf16> -> tensor<2x5xf16>, tensor<2x5xi32>
// CHECK: trt.top_k min {{%.+}} k = 2 axis = 0 : tensor<2x10xf16> -> tensor<2x10xf16>, tensor<2x10xi64>
func.func @top_k(%x: tensor<2x10xf16>) {
  %v, %i = trt.top_k max %x k = 5 axis = 1 layers ["top5"] : tensor<2x10xf16> -> tensor<2x5xf16>, tensor<2x5xi32>
  %w, %j = trt.top_k min %x k = 2 axis = 0 : tensor<2x10xf16> -> tensor<2x10xf16>, tensor<2x10xi64>
  func.return
}

// CHECK-LABEL: @top_k_unknown_dimensions
// CHECK: trt.top_k max {{%.+}} k = 5 axis = 1 : tensor<?x?xi32> -> tensor<?x5xi32>, tensor<?x5xi32>
func.func @top_k_unknown_dimensions(%x: tensor<?x?xi32>) {
  %v, %i = trt.top_k max %x k = 5 axis = 1 : tensor<?x?xi32> -> tensor<?x5xi32>, tensor<?x5xi32>
  func.return
}
