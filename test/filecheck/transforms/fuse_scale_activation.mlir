// RUN: fuse-opt %s --fuse-scale-activation --split-input-file --verify-diagnostics | FileCheck %s
// RUN: fuse-opt %s --fuse-scale-activation='mode=strict' --split-input-file | FileCheck %s --check-prefix=STRICT

// CHECK-LABEL: @batch_norm_and_relu
// CHECK: %[[Y:.*]] = trt.fused "pointwise"(%x, %s, %t) layers ["bn", "r"]
// CHECK: trt.scale channel
// CHECK: trt.activation relu
// CHECK: func.return %[[Y]]
func.func @batch_norm_and_relu(%x: tensor<1x2x3x3xf32>, %s: tensor<2xf32>, %t: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %bn = trt.scale channel %x scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{[Passed] fuse-scale-activation | Category:fusion | Reason="fused into fusedPointwiseNode(bn, r)"}}
  %r = trt.activation relu %bn : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @power_and_its_order_are_kept
// CHECK: trt.fused "pointwise"
// CHECK: trt.scale elementwise %{{.*}} shift(%{{.*}} : tensor<9xf16>) power(%{{.*}} : tensor<9xf16>) channel_axis = 2 layers ["a"]
// CHECK: trt.activation elu %{{.*}} alpha = 2.000000e+00 layers ["r"]
func.func @power_and_its_order_are_kept(%x: tensor<1x2x3x3xf16>) -> tensor<1x2x3x3xf16> {
  %t = trt.constant #trt.weight<"t" : tensor<9xf16>>
  %p = trt.constant dense<2.0> : tensor<9xf16>
  %a = trt.scale elementwise %x shift(%t : tensor<9xf16>) power(%p : tensor<9xf16>) channel_axis = 2 : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf16>
  %r = trt.activation elu %a alpha = 2.0 : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf16>
  func.return %r : tensor<1x2x3x3xf16>
}

// -----

// CHECK-LABEL: @zero_scale_in_an_unknown_shape
// CHECK: trt.fused "pointwise"({{.*}}) layers ["a", "r"] : (tensor<?x2x?x?xf32>, tensor<2xf32>) -> tensor<?x2x?x?xf32>
func.func @zero_scale_in_an_unknown_shape(%x: tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32> {
  %s = trt.constant dense<0.0> : tensor<2xf32>
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  %r = trt.activation sigmoid %a : tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  func.return %r : tensor<?x2x?x?xf32>
}

// -----

// CHECK-LABEL: @no_weights
// CHECK: trt.fused "pointwise"(%x) layers ["a", "r"]
func.func @no_weights(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %a = trt.scale channel %x channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %r = trt.activation clip %a alpha = 0.0 beta = 6.0 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @uniform
// CHECK-NOT: trt.fused
// STRICT-LABEL: @uniform
// STRICT: trt.fused "pointwise"(%x) layers ["a", "r"]
func.func @uniform(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{needs a scale of mode channel or elementwise, found uniform", Constraint="not-pointwise", Suggestion="run fuse-pointwise, or --fuse-scale-activation='mode=strict'"}}
  %r = trt.activation relu %a : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @quantizer
// CHECK-NOT: trt.fused
// STRICT-LABEL: @quantizer
// STRICT-NOT: trt.fused
func.func @quantizer(%x: tensor<1x2x3x3xi8>, %s: tensor<2xf32>) -> tensor<1x2x3x3xi8> {
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xi8> -> tensor<1x2x3x3xi8>
  // expected-remark@+1 {{needs a scale of floats, found one of i8", Constraint="float-scale"}}
  %r = trt.activation relu %a : tensor<1x2x3x3xi8> -> tensor<1x2x3x3xi8>
  func.return %r : tensor<1x2x3x3xi8>
}

// -----

// CHECK-LABEL: @scale_is_used_elsewhere
// STRICT-LABEL: @scale_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @scale_is_used_elsewhere(%x: tensor<1x2x3x3xf32>, %s: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{'a' is used by 2 layers, also by 'm'", Constraint="single-use", Blocker="'m'"}}
  %r = trt.activation sigmoid %a : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %m = trt.element_wise prod %a, %r : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  func.return %m : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @scale_is_an_output
// CHECK-NOT: trt.fused
func.func @scale_is_an_output(%x: tensor<1x2x3x3xf32>, %s: tensor<2xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) {
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'a'"}}
  %r = trt.activation sigmoid %a : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a, %r : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %a = trt.scale uniform %x : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.activation relu %a : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: @scale_of_an_activation
// CHECK-NOT: trt.fused
func.func @scale_of_an_activation(%x: tensor<1x2x3x3xf32>, %s: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %r = trt.activation relu %x : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %a = trt.scale channel %r scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: @no_activation
// CHECK-NOT: trt.fused
func.func @no_activation(%x: tensor<1x2x3x3xf32>, %s: tensor<2xf32>) -> tensor<1x2x3x3xf32> {
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %r = trt.unary abs %a : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: @activation_of_another_type
// CHECK-NOT: trt.fused
func.func @activation_of_another_type(%x: tensor<1x2x3x3xf16>, %s: tensor<2xf16>) -> tensor<1x2x3x3xf32> {
  %a = trt.scale channel %x scale(%s : tensor<2xf16>) channel_axis = 1 : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf16>
  %v = trt.cast %a : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf32>
  %r = trt.activation relu %v : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %r : tensor<1x2x3x3xf32>
}
