// RUN: fuse-opt %s --fuse-conv-elementwise --fuse-conv-relu --fuse-pointwise --trt-unfuse --split-input-file | FileCheck %s
// RUN: fuse-opt %s --fuse-conv-elementwise --fuse-conv-relu --fuse-pointwise --split-input-file | FileCheck %s --check-prefix=FUSED

// CHECK-LABEL: @conv_and_its_epilogue
// CHECK-NEXT: %[[C:.*]] = trt.convolution %x, %w layers ["c"]
// CHECK-NEXT: %[[S:.*]] = trt.element_wise sum %[[C]], %y layers ["s"]
// CHECK-NEXT: %[[R:.*]] = trt.activation relu %[[S]] layers ["r"]
// CHECK-NEXT: func.return %[[R]]
// FUSED-LABEL: @conv_and_its_epilogue
// FUSED: trt.fused "conv_sum_relu"
func.func @conv_and_its_epilogue(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %y: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = trt.element_wise sum %c, %y : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %s : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @several_results
// CHECK-NEXT: %[[A:.*]] = trt.unary sin %x layers ["a"]
// CHECK-NEXT: %[[B:.*]] = trt.activation relu %[[A]] layers ["b"]
// CHECK-NEXT: %[[S:.*]] = trt.softmax %[[A]] axis = 0 layers ["s"]
// CHECK-NEXT: func.return %[[S]], %[[B]]
// FUSED-LABEL: @several_results
// FUSED: trt.fused "pointwise"
func.func @several_results(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.unary sin %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  %s = trt.softmax %a axis = 0 : tensor<4xf32> -> tensor<4xf32>
  func.return %s, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// The literal that the group held comes out beside the one that it was copied from.
// CHECK-LABEL: @literal
// CHECK-NEXT: trt.constant
// CHECK-NEXT: %[[K:.*]] = trt.constant dense<2.000000e+00> : tensor<1xf32>
// CHECK-NEXT: %[[A:.*]] = trt.element_wise prod %x, %[[K]]
// CHECK-NEXT: trt.activation relu %[[A]]
func.func @literal(%x: tensor<4xf32>) -> tensor<4xf32> {
  %k = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.element_wise prod %x, %k : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// -----

// CHECK-LABEL: @nothing_fused
// CHECK-NEXT: %[[P:.*]] = trt.softmax %x axis = 0
// CHECK-NEXT: func.return %[[P]]
func.func @nothing_fused(%x: tensor<4xf32>) -> tensor<4xf32> {
  %p = trt.softmax %x axis = 0 : tensor<4xf32> -> tensor<4xf32>
  func.return %p : tensor<4xf32>
}
