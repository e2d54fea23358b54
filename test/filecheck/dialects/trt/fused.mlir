// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @one_layer
// CHECK: trt.fused "pointwise"({{%.+}}) layers ["relu1"] : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: ^[[ENTRY:.+]](%[[X:.+]]: tensor<4xf32>):
// CHECK-NEXT: %[[R:.+]] = trt.activation relu %[[X]] layers ["relu1"]
// CHECK-NEXT: trt.yield %[[R]] : tensor<4xf32>
func.func @one_layer(%x: tensor<4xf32>) {
  %y = trt.fused "pointwise" (%x) layers ["relu1"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 layers ["relu1"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// CHECK-LABEL: @a_layer_may_come_from_several_sources
// CHECK: trt.fused "conv_relu"({{%.+}}, {{%.+}}) layers ["conv1", "bn1", "relu1"] {note = "kept"}
func.func @a_layer_may_come_from_several_sources(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  %y = trt.fused "conv_relu" (%x, %w) layers ["conv1", "bn1", "relu1"] {note = "kept"} : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x6x6xf32> {
  ^bb0(%x0: tensor<?x3x8x8xf32>, %w0: tensor<4x3x3x3xf32>):
    %c = trt.convolution %x0, %w0 layers ["conv1", "bn1"] : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x6x6xf32>
    %r = trt.activation relu %c layers ["relu1"] : tensor<?x4x6x6xf32> -> tensor<?x4x6x6xf32>
    trt.yield %r : tensor<?x4x6x6xf32>
  }
  func.return
}

// CHECK-LABEL: @several_results_and_no_layers
// CHECK: [[T:%.+]], [[I:%.+]] = trt.fused "softmax_topk"({{%.+}}) : (tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
// CHECK: trt.yield {{%.+}}, {{%.+}} : tensor<2x3xf32>, tensor<2x3xi32>
func.func @several_results_and_no_layers(%x: tensor<2x10xf32>) {
  %v, %i = trt.fused "softmax_topk" (%x) : (tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  ^bb0(%x0: tensor<2x10xf32>):
    %s = trt.softmax %x0 axis = 1 : tensor<2x10xf32> -> tensor<2x10xf32>
    %a, %b = trt.top_k max %s k = 3 axis = 1 : tensor<2x10xf32> -> tensor<2x3xf32>, tensor<2x3xi32>
    trt.yield %a, %b : tensor<2x3xf32>, tensor<2x3xi32>
  }
  func.return
}

// CHECK-LABEL: @constants_inside_are_neither_in_kind_nor_in_layers
// CHECK: trt.fused "reduce_sum_sqrt"({{%.+}}) layers ["r", "s"]
// CHECK: trt.constant dense<1.000000e-03> : tensor<1xf32> layers ["eps"]
func.func @constants_inside_are_neither_in_kind_nor_in_layers(%x: tensor<4x8xf32>) {
  %y = trt.fused "reduce_sum_sqrt" (%x) layers ["r", "s"] : (tensor<4x8xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4x8xf32>):
    %e = trt.constant dense<1.000000e-03> : tensor<1xf32> layers ["eps"]
    %r = trt.reduce sum %x0 axes = [1] layers ["r"] : tensor<4x8xf32> -> tensor<4xf32>
    %s = trt.unary sqrt %r layers ["s"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %s : tensor<4xf32>
  }
  func.return
}

// CHECK-LABEL: @no_inputs
// CHECK: trt.fused "pointwise"() : () -> tensor<4xf32> {
func.func @no_inputs() {
  %y = trt.fused "pointwise" () : () -> tensor<4xf32> {
    %c = trt.constant dense<1.000000e+00> : tensor<4xf32>
    %r = trt.activation relu %c : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}
