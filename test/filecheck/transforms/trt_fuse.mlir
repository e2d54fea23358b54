// RUN: fuse-opt %s --trt-fuse --split-input-file | FileCheck %s
// RUN: fuse-opt %s --trt-fuse='only-rules=fuse-conv-relu' --split-input-file | FileCheck %s --check-prefix=ALONE

// CHECK-LABEL: @batch_norm_residual_and_relu
// CHECK:         trt.fused "conv_sum_relu"(%x, %{{.*}}, %skip) layers ["conv1", "bn1", "add1", "relu1"]
// CHECK-NOT:     trt.scale
// ALONE-LABEL: @batch_norm_residual_and_relu
// ALONE-NOT:     trt.fused
func.func @batch_norm_residual_and_relu(%x: tensor<1x4x8x8xf32>, %skip: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = trt.constant #trt.weight<"conv1.w" : tensor<4x4x1x1xf32>>
  %s = trt.constant #trt.weight<"bn.s" : tensor<4xf32>>
  %conv1 = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %bn1 = trt.scale channel %conv1 scale(%s : tensor<4xf32>) channel_axis = 1 : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %add1 = trt.element_wise sum %bn1, %skip : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %relu1 = trt.activation relu %add1 : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %relu1 : tensor<1x4x8x8xf32>
}

// -----

// What one preparation makes, another sees: the shape is folded, then the product is
// a scale, then it goes into the weights.
// CHECK-LABEL: @prepared_until_nothing_changes
// CHECK:         trt.convolution {{.*}} layers ["conv1", "mul1"]
// CHECK-NEXT:    func.return
func.func @prepared_until_nothing_changes(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w = trt.constant #trt.weight<"conv1.w" : tensor<4x4x1x1xf32>>
  %c = trt.constant dense<2.0> : tensor<4xf32>
  %r = trt.shuffle %c reshape = [1, 4, 1, 1] : tensor<4xf32> -> tensor<1x4x1x1xf32>
  %conv1 = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %mul1 = trt.element_wise prod %conv1, %r : (tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  func.return %mul1 : tensor<1x4x8x8xf32>
}

// -----

// A Quantize that went backward leaves a pooling of a constant: it is folded at once.
// The second window has no element.
// CHECK-LABEL: @what_quantization_leaves_constant_is_folded
// CHECK:         %[[C:.*]] = trt.constant #trt.weight<prod(cast(dense<{{.*}}8], [-128]{{.*}}> : tensor<1x1x2x1xi8>)
// CHECK-NOT:     trt.pooling
// CHECK:         func.return %[[C]]
func.func @what_quantization_leaves_constant_is_folded() -> tensor<1x1x2x1xf32> {
  %c = trt.constant dense<[[[[0.3], [2.0]]]]> : tensor<1x1x2x1xf32>
  %s = trt.constant dense<0.037> : tensor<f32>
  %q1 = trt.quantize %c, %s : (tensor<1x1x2x1xf32>, tensor<f32>) -> tensor<1x1x2x1xi8>
  %dq1 = trt.dequantize %q1, %s : (tensor<1x1x2x1xi8>, tensor<f32>) -> tensor<1x1x2x1xf32>
  %pool1 = trt.pooling max %dq1 window = [1, 1] stride = [2, 1] padding_mode = explicit_round_up : tensor<1x1x2x1xf32> -> tensor<1x1x2x1xf32>
  %q2 = trt.quantize %pool1, %s : (tensor<1x1x2x1xf32>, tensor<f32>) -> tensor<1x1x2x1xi8>
  %dq2 = trt.dequantize %q2, %s : (tensor<1x1x2x1xi8>, tensor<f32>) -> tensor<1x1x2x1xf32>
  func.return %dq2 : tensor<1x1x2x1xf32>
}

// -----

// The pair between two shuffles goes, and they with it.
// CHECK-LABEL: @shuffles_that_meet_over_quantization_cancel
// CHECK-NOT:     trt.shuffle
// CHECK:         trt.quantize
// CHECK-NOT:     trt.shuffle
// CHECK:         func.return
func.func @shuffles_that_meet_over_quantization_cancel(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %s = trt.constant dense<0.037> : tensor<f32>
  %t1 = trt.shuffle %x first_transpose = [0, 1, 3, 2] : tensor<1x2x3x4xf32> -> tensor<1x2x4x3xf32>
  %q1 = trt.quantize %t1, %s : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xi8>
  %dq1 = trt.dequantize %q1, %s : (tensor<1x2x4x3xi8>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %t2 = trt.shuffle %dq1 first_transpose = [0, 1, 3, 2] : tensor<1x2x4x3xf32> -> tensor<1x2x3x4xf32>
  %q2 = trt.quantize %t2, %s : (tensor<1x2x3x4xf32>, tensor<f32>) -> tensor<1x2x3x4xi8>
  %dq2 = trt.dequantize %q2, %s : (tensor<1x2x3x4xi8>, tensor<f32>) -> tensor<1x2x3x4xf32>
  func.return %dq2 : tensor<1x2x3x4xf32>
}

// -----

// Nothing joins across a resize, of the nearest elements neither; what is before and
// after it does.
// CHECK-LABEL: @a_resize_stands_between
// ALONE-LABEL: @a_resize_stands_between
// CHECK:         %[[C:.*]] = trt.fused "conv_relu"(%x, %{{.*}}) layers ["conv", "before"]
// CHECK:         %[[R:.*]] = trt.resize nearest %[[C]] size = [1, 4, 16, 16] layers ["up"]
// CHECK-NEXT:    %[[Y:.*]] = trt.activation sigmoid %[[R]] layers ["after"]
// CHECK-NEXT:    func.return %[[Y]]
func.func @a_resize_stands_between(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x16x16xf32> {
  %w = trt.constant #trt.weight<"conv.w" : tensor<4x4x1x1xf32>>
  %conv = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %before = trt.activation relu %conv : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %up = trt.resize nearest %before size = [1, 4, 16, 16] : tensor<1x4x8x8xf32> -> tensor<1x4x16x16xf32>
  %after = trt.activation sigmoid %up : tensor<1x4x16x16xf32> -> tensor<1x4x16x16xf32>
  func.return %after : tensor<1x4x16x16xf32>
}

// -----

// CHECK-LABEL: @a_resize_between_a_convolution_and_its_relu
// CHECK:         %[[C:.*]] = trt.convolution %x
// CHECK-NEXT:    %[[R:.*]] = trt.resize linear %[[C]]
// CHECK-NEXT:    trt.activation relu %[[R]]
// CHECK-NOT:     trt.fused
func.func @a_resize_between_a_convolution_and_its_relu(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x16x16xf32> {
  %w = trt.constant #trt.weight<"conv.w" : tensor<4x4x1x1xf32>>
  %conv = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %up = trt.resize linear %conv size = [1, 4, 16, 16] coordinates = half_pixel : tensor<1x4x8x8xf32> -> tensor<1x4x16x16xf32>
  %relu = trt.activation relu %up : tensor<1x4x16x16xf32> -> tensor<1x4x16x16xf32>
  func.return %relu : tensor<1x4x16x16xf32>
}

// -----

// A resized tensor that is returned, and one that two layers read, stay as they are.
// CHECK-LABEL: @a_resize_that_is_used_twice
// CHECK:         %[[C:.*]] = trt.convolution %x
// CHECK-NEXT:    %[[R:.*]] = trt.resize nearest %[[C]]
// CHECK-NEXT:    %[[Y:.*]] = trt.fused "pointwise"(%[[R]]) layers ["gate", "silu"]
// CHECK:         func.return %[[R]], %[[Y]]
func.func @a_resize_that_is_used_twice(%x: tensor<1x4x8x8xf32>) -> (tensor<1x4x16x16xf32>, tensor<1x4x16x16xf32>) {
  %w = trt.constant #trt.weight<"conv.w" : tensor<4x4x1x1xf32>>
  %conv = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %up = trt.resize nearest %conv size = [1, 4, 16, 16] : tensor<1x4x8x8xf32> -> tensor<1x4x16x16xf32>
  %gate = trt.activation sigmoid %up : tensor<1x4x16x16xf32> -> tensor<1x4x16x16xf32>
  %silu = trt.element_wise prod %up, %gate : (tensor<1x4x16x16xf32>, tensor<1x4x16x16xf32>) -> tensor<1x4x16x16xf32>
  func.return %up, %silu : tensor<1x4x16x16xf32>, tensor<1x4x16x16xf32>
}

// -----

// Of quantised networks too: between a DQ and a Q it is computed in floats.
// CHECK-LABEL: @a_resize_of_floats_between_integers
// CHECK:         %[[F:.*]] = trt.dequantize %x
// CHECK-NEXT:    %[[R:.*]] = trt.resize nearest %[[F]]
// CHECK-NEXT:    trt.quantize %[[R]]
func.func @a_resize_of_floats_between_integers(%x: tensor<1x4x8x8xi8>) -> tensor<1x4x16x16xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %f = trt.dequantize %x, %s : (tensor<1x4x8x8xi8>, tensor<f32>) -> tensor<1x4x8x8xf32>
  %up = trt.resize nearest %f size = [1, 4, 16, 16] : tensor<1x4x8x8xf32> -> tensor<1x4x16x16xf32>
  %q = trt.quantize %up, %s : (tensor<1x4x16x16xf32>, tensor<f32>) -> tensor<1x4x16x16xi8>
  func.return %q : tensor<1x4x16x16xi8>
}
