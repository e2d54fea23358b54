// RUN: fuse-opt %s --fuse-conv-gelu --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @conv_then_gelu
// CHECK: %[[R:.*]] = trt.fused "conv_gelu_erf"(%x, %w, %b) layers ["c", "r"]
// CHECK: %[[C:.*]] = trt.convolution
// CHECK: %[[Y:.*]] = trt.activation gelu_erf %[[C]]
// CHECK: trt.yield %[[Y]]
// CHECK: func.return %[[R]]
func.func @conv_then_gelu(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>, %b: tensor<2xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>, tensor<2xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{[Passed] fuse-conv-gelu | Category:fusion | Reason="fused into c + r"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @tanh_formula
// CHECK: trt.fused "conv_gelu_tanh"
func.func @tanh_formula(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.activation gelu_tanh %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

module attributes {trt.target = #trt.target<sm_75>} {
  // CHECK-LABEL: @first_capability_that_will_do
  // CHECK: trt.fused "conv_gelu_erf"
  func.func @first_capability_that_will_do(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
    %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    func.return %r : tensor<1x2x4x4xf16>
  }
}

// -----

module attributes {trt.target = #trt.target<sm_100>} {
  // CHECK-LABEL: @capability_of_three_digits
  // CHECK: trt.fused "conv_gelu_erf"
  func.func @capability_of_three_digits(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
    %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    func.return %r : tensor<1x2x4x4xf16>
  }
}

// -----

module attributes {trt.target = #trt.target<host>} {
  // CHECK-LABEL: @host
  // CHECK: trt.fused "conv_gelu_erf"
  func.func @host(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
    %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    func.return %r : tensor<1x2x4x4xf16>
  }
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.fused "conv_gelu_erf"
func.func @three_spatial_axes(%x: tensor<1x2x4x4x4xf16>, %w: tensor<3x2x2x2x2xf16>) -> tensor<1x3x3x3x3xf16> {
  %c = trt.convolution %x, %w : (tensor<1x2x4x4x4xf16>, tensor<3x2x2x2x2xf16>) -> tensor<1x3x3x3x3xf16>
  %r = trt.activation gelu_erf %c : tensor<1x3x3x3x3xf16> -> tensor<1x3x3x3x3xf16>
  func.return %r : tensor<1x3x3x3x3xf16>
}

// -----

// CHECK-LABEL: @grouped
// CHECK: trt.fused "conv_gelu_erf"
func.func @grouped(%x: tensor<1x4x4x4xf16>, %w: tensor<6x2x1x1xf16>) -> tensor<1x6x4x4xf16> {
  %c = trt.convolution %x, %w num_groups = 2 : (tensor<1x4x4x4xf16>, tensor<6x2x1x1xf16>) -> tensor<1x6x4x4xf16>
  %r = trt.activation gelu_erf %c : tensor<1x6x4x4xf16> -> tensor<1x6x4x4xf16>
  func.return %r : tensor<1x6x4x4xf16>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.fused "conv_gelu_erf"
func.func @depthwise(%x: tensor<1x3x4x4xf16>, %w: tensor<3x1x3x3xf16>) -> tensor<1x3x2x2xf16> {
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf16>, tensor<3x1x3x3xf16>) -> tensor<1x3x2x2xf16>
  %r = trt.activation gelu_erf %c : tensor<1x3x2x2xf16> -> tensor<1x3x2x2xf16>
  func.return %r : tensor<1x3x2x2xf16>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: trt.fused "deconv_gelu_erf"
func.func @deconvolution(%x: tensor<1x3x4x4xf16>, %w: tensor<3x2x2x2xf16>) -> tensor<1x2x8x8xf16> {
  %c = trt.deconvolution %x, %w stride = [2, 2] : (tensor<1x3x4x4xf16>, tensor<3x2x2x2xf16>) -> tensor<1x2x8x8xf16>
  %r = trt.activation gelu_erf %c : tensor<1x2x8x8xf16> -> tensor<1x2x8x8xf16>
  func.return %r : tensor<1x2x8x8xf16>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "conv_gelu_erf"
func.func @unknown_dimensions(%x: tensor<?x3x?x?xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<?x2x?x?xf16> {
  %c = trt.convolution %x, %w : (tensor<?x3x?x?xf16>, tensor<2x3x1x1xf16>) -> tensor<?x2x?x?xf16>
  %r = trt.activation gelu_erf %c : tensor<?x2x?x?xf16> -> tensor<?x2x?x?xf16>
  func.return %r : tensor<?x2x?x?xf16>
}

// -----

// CHECK-LABEL: @conv_carries_an_activation
// CHECK: trt.fused "conv_relu_gelu_erf"(%x, %w) layers ["c", "q", "r"]
// CHECK-NOT: trt.fused
func.func @conv_carries_an_activation(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "q"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  ^bb0(%x0: tensor<1x3x4x4xf16>, %w0: tensor<2x3x1x1xf16>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %q = trt.activation relu %c layers ["q"] : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    trt.yield %q : tensor<1x2x4x4xf16>
  }
  %r = trt.activation gelu_erf %g : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @conv_carries_a_sum
// CHECK: trt.fused "conv_sum_gelu_erf"(%x, %w, %y) layers ["c", "s", "r"]
// CHECK-NOT: trt.fused
func.func @conv_carries_a_sum(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>, %y: tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16> {
  %g = trt.fused "conv_sum"(%x, %w, %y) layers ["c", "s"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>, tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16> {
  ^bb0(%x0: tensor<1x3x4x4xf16>, %w0: tensor<2x3x1x1xf16>, %y0: tensor<1x2x4x4xf16>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %s = trt.element_wise sum %c, %y0 layers ["s"] : (tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16>
    trt.yield %s : tensor<1x2x4x4xf16>
  }
  %r = trt.activation gelu_erf %g : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @integers_in_and_out
// CHECK: %[[R:.*]] = trt.fused "conv_gelu_erf"(%dx, %dk) layers ["c", "r"]
// CHECK: trt.quantize %[[R]]
func.func @integers_in_and_out(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-gelu | Category:fusion | Reason="fused into c + r"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %q = trt.quantize %r, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

// CHECK-LABEL: @single_precision
// CHECK-NOT: trt.fused
func.func @single_precision(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs f16 in and out, or Dequantizes before and a Quantize after, found f32", Constraint="element-type", Suggestion="fuse-conv-activation"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @brain_floats
// CHECK-NOT: trt.fused
func.func @brain_floats(%x: tensor<1x3x4x4xbf16>, %w: tensor<2x3x1x1xbf16>) -> tensor<1x2x4x4xbf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xbf16>, tensor<2x3x1x1xbf16>) -> tensor<1x2x4x4xbf16>
  // expected-remark@+1 {{needs f16 in and out, or Dequantizes before and a Quantize after, found bf16", Constraint="element-type", Suggestion="fuse-conv-activation"}}
  %r = trt.activation gelu_tanh %c : tensor<1x2x4x4xbf16> -> tensor<1x2x4x4xbf16>
  func.return %r : tensor<1x2x4x4xbf16>
}

// -----

// CHECK-LABEL: @integers_in_floats_out
// CHECK-NOT: trt.fused
func.func @integers_in_floats_out(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x4x4xf32> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs f16 in and out, or Dequantizes before and a Quantize after, found i8 in, f32 out", Constraint="element-type", Suggestion="fuse-conv-activation"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @integers_and_floats_out
// CHECK-NOT: trt.fused
func.func @integers_and_floats_out(%x: tensor<1x4x4x4xi8>) -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xf32>) {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sw = trt.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %k = trt.constant #trt.weight<"k" : tensor<2x4x1x1xi8>>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %dk = trt.dequantize %k, %sw axis = 0 : (tensor<2x4x1x1xi8>, tensor<2xf32>) -> tensor<2x4x1x1xf32>
  %c = trt.convolution %dx, %dk : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs f16 in and out, or Dequantizes before and a Quantize after, found i8 in, f32 out", Constraint="element-type"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %q = trt.quantize %r, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q, %r : tensor<1x2x4x4xi8>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @float_kernel
// CHECK-NOT: trt.fused
func.func @float_kernel(%x: tensor<1x4x4x4xi8>, %k: tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xi8> {
  %sx = trt.constant dense<0.5> : tensor<f32>
  %sy = trt.constant dense<2.0> : tensor<f32>
  %dx = trt.dequantize %x, %sx : (tensor<1x4x4x4xi8>, tensor<f32>) -> tensor<1x4x4x4xf32>
  %c = trt.convolution %dx, %k : (tensor<1x4x4x4xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs f16 in and out, or Dequantizes before and a Quantize after, found f32", Constraint="element-type"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %q = trt.quantize %r, %sy : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xi8>
  func.return %q : tensor<1x2x4x4xi8>
}

// -----

module attributes {trt.target = #trt.target<sm_72>} {
  // CHECK-LABEL: @older_capability
  // CHECK-NOT: trt.fused
  func.func @older_capability(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
    %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    // expected-remark@+1 {{needs sm_75 or later, or the host, found sm_72", Constraint="target", Suggestion="fuse-conv-activation"}}
    %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    func.return %r : tensor<1x2x4x4xf16>
  }
}

// -----

// CHECK-LABEL: @no_gelu
// CHECK-NOT: trt.fused
func.func @no_gelu(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{needs a gelu activation, found sigmoid", Constraint="gelu"}}
  %r = trt.activation sigmoid %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @relu_is_another_rule
// CHECK-NOT: trt.fused
func.func @relu_is_another_rule(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{needs a gelu activation, found relu", Constraint="gelu"}}
  %r = trt.activation relu %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @conv_is_pooled_before
// CHECK: trt.fused "conv_pool"
// CHECK: trt.activation gelu_erf
func.func @conv_is_pooled_before(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %g = trt.fused "conv_pool"(%x, %w) layers ["c", "p"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  ^bb0(%x0: tensor<1x3x4x4xf16>, %w0: tensor<2x3x1x1xf16>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
    %p = trt.pooling max %c window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] layers ["p"] : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
    trt.yield %p : tensor<1x2x4x4xf16>
  }
  // expected-remark@+1 {{needs an epilogue that takes the layer, found gelu after a convolution with a layer that ends the kernel", Constraint="epilogue"}}
  %r = trt.activation gelu_erf %g : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{found 'c' is used by 2 layers, also by 's'", Constraint="single-use", Blocker="'s'"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  %s = trt.element_wise sum %c, %r : (tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>) -> tensor<1x2x4x4xf16>
  func.return %s : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK-NOT: trt.fused
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> (tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %c, %r : tensor<1x2x4x4xf16>, tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @conv_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @conv_may_not_be_fused(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w {trt.no_fuse} : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'c'"}}
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.activation tanh %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %r : tensor<1x2x4x4xf16>
}

// CHECK-LABEL: @gelu_of_a_view
// CHECK-NOT: trt.fused
func.func @gelu_of_a_view(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x32xf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %v = trt.shuffle %c reshape = [1, 32] : tensor<1x2x4x4xf16> -> tensor<1x32xf16>
  %r = trt.activation gelu_erf %v : tensor<1x32xf16> -> tensor<1x32xf16>
  func.return %r : tensor<1x32xf16>
}

// CHECK-LABEL: @gelu_of_a_cast
// CHECK-NOT: trt.fused
func.func @gelu_of_a_cast(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xbf16> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %v = trt.cast %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xbf16>
  %r = trt.activation gelu_erf %v : tensor<1x2x4x4xbf16> -> tensor<1x2x4x4xbf16>
  func.return %r : tensor<1x2x4x4xbf16>
}

// CHECK-LABEL: @gelu_before_the_conv
// CHECK-NOT: trt.fused
func.func @gelu_before_the_conv(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16> {
  %r = trt.activation gelu_erf %x : tensor<1x3x4x4xf16> -> tensor<1x3x4x4xf16>
  %c = trt.convolution %r, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  func.return %c : tensor<1x2x4x4xf16>
}

// CHECK-LABEL: @gelu_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @gelu_that_nothing_uses(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x1x1xf16>) {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>) -> tensor<1x2x4x4xf16>
  %r = trt.activation gelu_erf %c : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return
}
