// RUN: fuse-opt %s --fuse-qdq-conv --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @dequantize_conv_quantize
// CHECK: %[[R:.*]] = trt.fused "dequantize_conv_quantize"(%x, %k, %sw) layers ["dx", "dk", "c", "q"]
// CHECK: %[[DX:.*]] = trt.dequantize %
// CHECK: %[[DK:.*]] = trt.dequantize %
// CHECK: %[[C:.*]] = trt.convolution %[[DX]], %[[DK]]
// CHECK: %[[Q:.*]] = trt.quantize %[[C]]
// CHECK: trt.yield %[[Q]]
// CHECK: func.return %[[R]]
func.func @dequantize_conv_quantize(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c + q"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @one_scale_for_the_kernel
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k) layers
func.func @one_scale_for_the_kernel(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sx : (tensor<2x4x1x1xi8>, tensor<f32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @constant_bias
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k, %sw, %b)
func.func @constant_bias(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %b = trt.constant dense<[1.0, -3.0]> : tensor<2xf32>
  %c = trt.convolution %dx, %dk, %b : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @residual
// CHECK: trt.fused "dequantize_conv_sum_relu_quantize"(%x, %k, %sw, %r) layers ["dx", "dk", "dr", "c", "s", "r", "q"]
// CHECK: ^bb0
// CHECK: %[[DX:.*]] = trt.dequantize %
// CHECK: %[[DK:.*]] = trt.dequantize %
// CHECK: %[[DR:.*]] = trt.dequantize %
// CHECK: %[[C:.*]] = trt.convolution %[[DX]], %[[DK]]
// CHECK: trt.element_wise sum %[[C]], %[[DR]]
// CHECK: trt.activation relu
// CHECK: trt.quantize
func.func @residual(%x: tensor<1x4x4x4xi8>, %r: tensor<1x2x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %dr = trt.dequantize %r, %sy : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %c = trt.fused "conv_sum_relu"(%dx, %dk, %dr) layers ["c", "s", "r"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x4x4x4xf32>, %k0: tensor<2x4x1x1xf32>, %r0: tensor<1x2x4x4xf32>):
    %a = trt.convolution %x0, %k0 layers ["c"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %b = trt.element_wise sum %a, %r0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.activation relu %b layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + dr + c + s + r + q"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @residual_of_floats
// CHECK: trt.fused "dequantize_conv_sum_relu_quantize"(%x, %k, %sw, %r) layers ["dx", "dk", "c", "s", "r", "q"]
func.func @residual_of_floats(%x: tensor<1x4x4x4xi8>, %r: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.fused "conv_sum_relu"(%dx, %dk, %r) layers ["c", "s", "r"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x4x4x4xf32>, %k0: tensor<2x4x1x1xf32>, %r0: tensor<1x2x4x4xf32>):
    %a = trt.convolution %x0, %k0 layers ["c"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %b = trt.element_wise sum %a, %r0 layers ["s"] : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.activation relu %b layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @result_that_stays_float
// CHECK: %[[R:.*]] = trt.fused "dequantize_conv"(%x, %k, %sw) layers ["dx", "dk", "c"]
// CHECK: func.return %[[R]]
func.func @result_that_stays_float(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c"}}
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k)
func.func @half_precision(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f16>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f16>) -> tensor<1x4x4x4xf16>
  %dk = trt.dequantize %k, %sx : (tensor<2x4x1x1xi8>, tensor<f16>) -> tensor<2x4x1x1xf16>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf16>, tensor<2x4x1x1xf16>) -> tensor<1x2x4x4xf16>
  %q = trt.quantize %c, %sx : (tensor<1x2x4x4xf16>, tensor<f16>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "dequantize_deconv_quantize"
func.func @deconvolution(%x: tensor<1x2x4x4xi8>) -> tensor<1x3x8x8xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125, 1.0]> : tensor<3xf32>
  %k = trt.constant #trt.weight<"k" : tensor<2x3x2x2xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 1 : (tensor<2x3x2x2xi8>, tensor<3xf32>) -> tensor<2x3x2x2xf32>
  %c = trt.deconvolution %dx, %dk stride = [2, 2] : (tensor<1x2x4x4xf32>, tensor<2x3x2x2xf32>) -> tensor<1x3x8x8xf32>
  %q = trt.quantize %c, %sx : (tensor<1x3x8x8xf32>, tensor<f32>) -> tensor<1x3x8x8xi8>
  func.return %q : tensor<1x3x8x8xi8>
}

// -----

// CHECK-LABEL: @depthwise_of_unknown_size
// CHECK: trt.fused "dequantize_conv_quantize"
func.func @depthwise_of_unknown_size(%x: tensor<?x4x?x?xi8>) -> tensor<?x4x?x?xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.5, 1.0, 2.0]> : tensor<4xf32>
  %k = trt.constant #trt.weight<"k" : tensor<4x1x3x3xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<?x4x?x?xi8>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<4x1x3x3xi8>, tensor<4xf32>) -> tensor<4x1x3x3xf32>
  %c = trt.convolution %dx, %dk num_groups = 4 : (tensor<?x4x?x?xf32>, tensor<4x1x3x3xf32>) -> tensor<?x4x?x?xf32>
  %q = trt.quantize %c, %sx : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xi8>
  func.return %q : tensor<?x4x?x?xi8>
}

// -----

// CHECK-LABEL: @two_convs_of_one_dequantized_input
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k, %sw) layers ["dx#2", "dk", "c", "q"]
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k2, %sw) layers ["dx", "dk2", "c2", "q2"]
// CHECK-NOT: trt.dequantize %x,
func.func @two_convs_of_one_dequantized_input(%x: tensor<1x4x4x4xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xi8>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %k2 = trt.constant #trt.weight<"k2" : tensor<2x4x1x1xi8>>
  %dk2 = trt.dequantize %k2, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx#2 + dk + c + q"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  %c2 = trt.convolution %dx, %dk2 : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk2 + c2 + q2"}}
  %q2 = trt.quantize %c2, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q, %q2 : tensor<1x2x4x4xi8>, tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @dequantized_input_is_an_output
// CHECK: %[[DX:.*]] = trt.dequantize %x
// CHECK: %[[R:.*]] = trt.fused "dequantize_conv_quantize"(%x, %k, %sw) layers ["dx#2", "dk", "c", "q"]
// CHECK: func.return %[[R]], %[[DX]]
func.func @dequantized_input_is_an_output(%x: tensor<1x4x4x4xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x4x4x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q, %dx : tensor<1x2x4x4xi8>, tensor<1x4x4x4xf32>
}

// -----

// CHECK-LABEL: @a_quantize_after_a_group_without
// CHECK: trt.fused "dequantize_conv_quantize"(%x, %k, %sw) layers ["dx", "dk", "c", "q"]
// CHECK-NOT: trt.fused
func.func @a_quantize_after_a_group_without(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %c = trt.fused "dequantize_conv"(%x, %k, %sw) layers ["dx", "dk", "c"] : (tensor<1x4x4x4xi8>, tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x4x4x4xi8>, %k0: tensor<2x4x1x1xi8>, %sw0: tensor<2xf32>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %dx = trt.dequantize %x0, %s layers ["dx"] : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
    %dk = trt.dequantize %k0, %sw0 axis = 0 layers ["dk"] : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
    %c = trt.convolution %dx, %dk layers ["c"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    trt.yield %c : tensor<1x2x4x4xf32>
  }
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @float_kernel
// CHECK-NOT: trt.fused
func.func @float_kernel(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xf32>> layers ["conv.weight"]
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %c = trt.convolution %dx, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a kernel that a Dequantize makes, found a float kernel", Constraint="kernel", Blocker="'conv.weight'", Suggestion="put a Quantize and a Dequantize on the weights too"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @float_input
// CHECK-NOT: trt.fused
func.func @float_input(%x: tensor<1x4x4x4xf32>) -> tensor<1x2x4x4xi8> {
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %x, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an input that a Dequantize makes, found a float input", Constraint="input", Blocker="an input of the network", Suggestion="put a Quantize and a Dequantize before it"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @float_operands_before_a_quantize
// CHECK-NOT: trt.fused
func.func @float_operands_before_a_quantize(%x: tensor<1x4x4x4xf32>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xi8> {
  %sy = trt.constant dense<2.0> : tensor<f32>
  %c = trt.convolution %x, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an input that a Dequantize makes, found a float input", Constraint="input", Blocker="an input of the network", Suggestion="put a Quantize and a Dequantize before it"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @float_kernel_and_result
// CHECK-NOT: trt.fused
func.func @float_kernel_and_result(%x: tensor<1x4x4x4xi8>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  // expected-remark@+1 {{needs a kernel that a Dequantize makes, found a float kernel", Constraint="kernel", Blocker="an input of the network"}}
  %c = trt.convolution %dx, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.quantize
func.func @conv_is_pooled_before(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.fused "conv_pool"(%dx, %dk) layers ["c", "p"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x4x4x4xf32>, %k0: tensor<2x4x1x1xf32>):
    %a = trt.convolution %x0, %k0 layers ["c"] : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
    %s = trt.pooling max %a window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %s : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs nothing but pointwise layers after the contraction, found trt.pooling", Constraint="epilogue"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @zero_point_of_zero
// CHECK: trt.fused "dequantize_conv_quantize"
func.func @zero_point_of_zero(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %z = trt.constant dense<0> : tensor<i8>
  %dx = trt.dequantize %x, %sx, %z : (tensor<1x4x4x4xi8>, tensor<f32>, tensor<i8>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-NOT: trt.fused
func.func @other_zero_point(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %z = trt.constant dense<3> : tensor<i8>
  %dx = trt.dequantize %x, %sx, %z : (tensor<1x4x4x4xi8>, tensor<f32>, tensor<i8>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of 3", Constraint="zero-point", Blocker="'dx'", Suggestion="quantize the model symmetrically"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @other_zero_point_of_the_result
// CHECK: trt.fused "dequantize_conv"
// CHECK: trt.quantize
func.func @other_zero_point_of_the_result(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %z = trt.constant dense<-1> : tensor<i8>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c"}}
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of -1", Constraint="zero-point", Blocker="'q'"}}
  %q = trt.quantize %c, %sy, %z : (tensor<1x2x4x4xf32>, tensor<f32>, tensor<i8>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @computed_zero_point
// CHECK-NOT: trt.fused
func.func @computed_zero_point(%x: tensor<1x4x4x4xi8>, %z: tensor<i8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx, %z : (tensor<1x4x4x4xi8>, tensor<f32>, tensor<i8>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a zero point of zero, found a zero point of computed numbers", Constraint="zero-point", Blocker="'dx'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @computed_scale
// CHECK-NOT: trt.fused
func.func @computed_scale(%x: tensor<1x4x4x4xi8>, %sx: tensor<f32>) -> tensor<1x2x4x4xi8> {
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale that is computed", Constraint="scale", Blocker="'dx'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @negative_scale
// CHECK-NOT: trt.fused
func.func @negative_scale(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, -0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale of -0.125", Constraint="scale", Blocker="'dk'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @scale_of_zero
// CHECK-NOT: trt.fused
func.func @scale_of_zero(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.0> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs constant scales, positive and finite, found a scale of 0.0", Constraint="scale", Blocker="'dx'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_channel_of_the_input
// CHECK-NOT: trt.fused
func.func @scale_for_each_channel_of_the_input(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %s4 = trt.constant dense<[0.5, 0.25, 0.5, 1.0]> : tensor<4xf32>
  %dx = trt.dequantize %x, %s4 axis = 1 : (tensor<1x4x4x4xi8>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs one scale for each tensor but the kernel, found scales along axis 1", Constraint="per-tensor", Blocker="'dx'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @scale_for_each_channel_of_the_result
// CHECK: %[[C:.*]] = trt.fused "dequantize_conv"
// CHECK: trt.quantize %[[C]]
func.func @scale_for_each_channel_of_the_result(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c"}}
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs one scale for each tensor but the kernel, found scales along axis 1", Constraint="per-tensor", Blocker="'q'"}}
  %q = trt.quantize %c, %sw axis = 1 : (tensor<1x2x4x4xf32>, tensor<2xf32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @kernel_scale_along_another_axis
// CHECK-NOT: trt.fused
func.func @kernel_scale_along_another_axis(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.5, 0.25, 0.5, 1.0]> : tensor<4xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 1 : (tensor<2x4x1x1xi8>, tensor<4xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs one scale for the kernel, or one for each map of the result, found scales along axis 1", Constraint="kernel-scale"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @kernel_scale_along_the_inputs_of_a_deconvolution
// CHECK-NOT: trt.fused
func.func @kernel_scale_along_the_inputs_of_a_deconvolution(%x: tensor<1x2x4x4xi8>) -> tensor<1x3x8x8xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %k = trt.constant #trt.weight<"k" : tensor<2x3x2x2xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x3x2x2xi8>, tensor<2xf32>) -> tensor<2x3x2x2xf32>
  %c = trt.deconvolution %dx, %dk stride = [2, 2] : (tensor<1x2x4x4xf32>, tensor<2x3x2x2xf32>) -> tensor<1x3x8x8xf32>
  // expected-remark@+1 {{needs one scale for the kernel, or one for each map of the result, found scales along axis 0", Constraint="kernel-scale"}}
  %q = trt.quantize %c, %sx : (tensor<1x3x8x8xf32>, tensor<f32>) -> tensor<1x3x8x8xi8>
  func.return %q : tensor<1x3x8x8xi8>
}

// -----

// CHECK-LABEL: @kernel_scale_of_a_grouped_deconvolution
// CHECK-NOT: trt.fused
func.func @kernel_scale_of_a_grouped_deconvolution(%x: tensor<1x2x4x4xi8>) -> tensor<1x6x8x8xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125, 1.0]> : tensor<3xf32>
  %k = trt.constant #trt.weight<"k" : tensor<2x3x2x2xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x2x4x4xi8>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 1 : (tensor<2x3x2x2xi8>, tensor<3xf32>) -> tensor<2x3x2x2xf32>
  %c = trt.deconvolution %dx, %dk stride = [2, 2] num_groups = 2 : (tensor<1x2x4x4xf32>, tensor<2x3x2x2xf32>) -> tensor<1x6x8x8xf32>
  // expected-remark@+1 {{needs one scale for the kernel, or one for each map of the result, found scales along axis 1", Constraint="kernel-scale"}}
  %q = trt.quantize %c, %sx : (tensor<1x6x8x8xf32>, tensor<f32>) -> tensor<1x6x8x8xi8>
  func.return %q : tensor<1x6x8x8xi8>
}

// -----

// CHECK-LABEL: @computed_bias
// CHECK-NOT: trt.fused
func.func @computed_bias(%x: tensor<1x4x4x4xi8>, %b: tensor<2xf32>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk, %b : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a constant bias, found a bias that is computed", Constraint="bias", Blocker="an input of the network"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @too_many_products
// CHECK-NOT: trt.fused
func.func @too_many_products(%x: tensor<1x131072x1x1xi8>, %k: tensor<1x131072x1x1xi8>) -> tensor<1x1x1x1xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %dx = trt.dequantize %x, %sx : (tensor<1x131072x1x1xi8>, tensor<f32>) -> tensor<1x131072x1x1xf32>
  %dk = trt.dequantize %k, %sx : (tensor<1x131072x1x1xi8>, tensor<f32>) -> tensor<1x131072x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x131072x1x1xf32>, tensor<1x131072x1x1xf32>) -> tensor<1x1x1x1xf32>
  // expected-remark@+1 {{needs at most 131071 products for each element, found 131072", Constraint="depth"}}
  %q = trt.quantize %c, %sx : (tensor<1x1x1x1xf32>, tensor<f32>) -> tensor<1x1x1x1xi8>
  func.return %q : tensor<1x1x1x1xi8>
}

// -----

// CHECK-LABEL: @unknown_number_of_products
// CHECK-NOT: trt.fused
func.func @unknown_number_of_products(%x: tensor<1x?x1x1xi8>, %k: tensor<1x?x1x1xi8>) -> tensor<1x1x1x1xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %dx = trt.dequantize %x, %sx : (tensor<1x?x1x1xi8>, tensor<f32>) -> tensor<1x?x1x1xf32>
  %dk = trt.dequantize %k, %sx : (tensor<1x?x1x1xi8>, tensor<f32>) -> tensor<1x?x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x?x1x1xf32>, tensor<1x?x1x1xf32>) -> tensor<1x1x1x1xf32>
  // expected-remark@+1 {{needs at most 131071 products for each element, found an unknown number", Constraint="depth"}}
  %q = trt.quantize %c, %sx : (tensor<1x1x1x1xf32>, tensor<f32>) -> tensor<1x1x1x1xi8>
  func.return %q : tensor<1x1x1x1xi8>
}

// -----

// CHECK-LABEL: @two_quantizes_with_other_scales
// CHECK: %[[C:.*]] = trt.fused "dequantize_conv"
// CHECK: trt.quantize %[[C]]
// CHECK: trt.quantize %[[C]]
func.func @two_quantizes_with_other_scales(%x: tensor<1x4x4x4xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xi8>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c"}}
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs an intermediate value with no other use, found 'dx + dk + c' is used by 2 layers, also by 'q2'", Constraint="single-use", Blocker="'q2'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  // expected-remark@+1 {{found 'dx + dk + c' is used by 2 layers, also by 'q'", Constraint="single-use", Blocker="'q'"}}
  %q2 = trt.quantize %c, %sx : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q, %q2 : tensor<1x2x4x4xi8>, tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK: %[[C:.*]] = trt.fused "dequantize_conv"
// CHECK: %[[Q:.*]] = trt.quantize %[[C]]
// CHECK: func.return %[[Q]], %[[C]]
func.func @conv_is_an_output(%x: tensor<1x4x4x4xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-conv | Category:fusion | Reason="fused into dx + dk + c"}}
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'dx + dk + c'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q, %c : tensor<1x2x4x4xi8>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @conv_may_not_be_fused(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk {trt.no_fuse} : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'c'"}}
  %q = trt.quantize %c, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK-NOT: trt.fused
func.func @remarks_are_looked_at(%x: tensor<1x4x4x4xi8>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %c = trt.convolution %dx, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @nothing_is_quantized
// CHECK-NOT: trt.fused
func.func @nothing_is_quantized(%x: tensor<1x4x4x4xf32>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @a_relu_stands_between
// CHECK-NOT: trt.fused
func.func @a_relu_stands_between(%x: tensor<1x4x4x4xf32>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xi8> {
  %sy = trt.constant dense<2.0> : tensor<f32>
  %c = trt.convolution %x, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %q = trt.quantize %r, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}
