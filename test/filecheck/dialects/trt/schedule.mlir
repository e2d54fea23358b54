// RUN: fuse-opt %s | fuse-opt | FileCheck %s

// Sizes keep the order in which they are written.
// CHECK-LABEL: func.func @a_layer
// CHECK: {trt.schedule = #trt.schedule<vectors = 2, pixels = 14>}
func.func @a_layer(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = trt.activation relu %x {trt.schedule = #trt.schedule<vectors = 2, pixels = 14>} : tensor<2xf32> -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @a_group
// CHECK: layers ["y"] {trt.schedule = #trt.schedule<rows = 1>}
func.func @a_group(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = trt.fused "pointwise"(%x) layers ["y"] {trt.schedule = #trt.schedule<rows = 1>} : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%x_1: tensor<2xf32>):
    %z = trt.activation relu %x_1 layers ["y"] : tensor<2xf32> -> tensor<2xf32>
    trt.yield %z : tensor<2xf32>
  }
  func.return %y : tensor<2xf32>
}
