// RUN: fuse-opt %s --fuse-gelu --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @torch_erf
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x layers ["d", "e", "a", "m", "g"]
// CHECK-NEXT: func.return %[[G]]
func.func @torch_erf(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{[Passed] fuse-gelu | Category:fusion | Reason="fused into d + e + a + m + g"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// x * x * x is Pow in torch's exporter.
// CHECK-LABEL: @torch_tanh
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x layers ["p", "c", "a", "s", "t", "o", "h", "g"]
// CHECK-NEXT: func.return %[[G]]
func.func @torch_tanh(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c4 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{[Passed] fuse-gelu}}
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// 0.5 * (1.0 + erf(x / sqrt(2.0))), then x times that.
// CHECK-LABEL: @bert_in_tensorflow_erf
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @bert_in_tensorflow_erf(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<2.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %r = trt.unary sqrt %c0 : tensor<1x1xf32> -> tensor<1x1xf32>
  %d = trt.element_wise div %x, %r : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %c1, %e : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %c2, %a : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %x, %h : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// x * 0.5 * (1.0 + tanh(sqrt(2 / pi) * (x + 0.044715 * pow(x, 3)))).
// CHECK-LABEL: @bert_in_tensorflow_tanh
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @bert_in_tensorflow_tanh(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %c1, %p : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %c2, %a : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %c3, %t : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %c4, %o : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %x, %h : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// The coefficient is on x^2, what is left of the cube outside.
// CHECK-LABEL: @cube_as_products
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @cube_as_products(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<0.5> : tensor<1x1xf32>
  %q = trt.element_wise prod %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %q, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %c, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %b = trt.element_wise prod %x, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %b, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %c3, %h : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// sqrt(2/pi) is POW(2/pi, 0.5) in graphs of torch, which is not 2/pi.
// CHECK-LABEL: @root_as_a_power
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @root_as_a_power(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.636619746> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.5> : tensor<1x1xf32>
  %c2 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c3 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c4 = trt.constant dense<1.0> : tensor<1x1xf32>
  %r = trt.element_wise pow %c0, %c1 : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %c3, %p : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %c, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %r, %a : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %c4, %t : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %c1, %x : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// 1 / sqrt(2) as a factor, the half on x.
// CHECK-LABEL: @reciprocal_root_as_a_factor
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @reciprocal_root_as_a_factor(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.5> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.707106769> : tensor<1x1xf32>
  %c2 = trt.constant dense<1.0> : tensor<1x1xf32>
  %h = trt.element_wise prod %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %d = trt.element_wise prod %x, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %a, %h : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @half_by_division_at_the_end
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @half_by_division_at_the_end(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.707106769> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1xf32>
  %d = trt.element_wise prod %c0, %x : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %c1, %e : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %a, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise div %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// x/2 + x/2 erf: the sum comes last, and x/2 is used twice.
// CHECK-LABEL: @multiplied_out
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @multiplied_out(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.5> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.707106769> : tensor<1x1xf32>
  %h = trt.element_wise prod %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %d = trt.element_wise prod %x, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %m = trt.element_wise prod %h, %e : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise sum %h, %m : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// 0.5 * x * (1 + tanh(x * 0.7978845608 * (1 + 0.044715 * x * x))).
// CHECK-LABEL: @hugging_face_fast
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @hugging_face_fast(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.7978845608> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c3 = trt.constant dense<0.5> : tensor<1x1xf32>
  %b = trt.element_wise prod %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %c1, %x : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = trt.element_wise prod %c, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %c2, %q : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %b, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %c2, %t : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %c3, %x : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// x (0.79788456 + 0.0356774081 x^2).
// CHECK-LABEL: @coefficients_multiplied_together
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @coefficients_multiplied_together(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.0356774081> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.79788456> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %q = trt.element_wise prod %x, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %q, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %c1, %c : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %h, %t : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise sum %m, %h : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// u = x / sqrt(2) stands for x outside: sqrt(2) / 2 u (1 + erf u).
// CHECK-LABEL: @argument_is_shared_with_the_outside
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @argument_is_shared_with_the_outside(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.707106769> : tensor<1x1xf32>
  %u = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %u : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %u, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// Both functions are odd: 1 - erf(-x / sqrt(2)).
// CHECK-LABEL: @difference_with_a_negative_argument
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @difference_with_a_negative_argument(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %n = trt.unary neg %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %d = trt.element_wise div %n, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sub %c1, %e : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @scales
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @scales(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = trt.constant dense<0.707106769> : tensor<1xf32>
  %i = trt.constant dense<0.5> : tensor<1xf32>
  %d = trt.scale uniform %x scale(%w : tensor<1xf32>) : tensor<2x4xf32> -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %h = trt.scale uniform %e scale(%i : tensor<1xf32>) shift(%i : tensor<1xf32>) : tensor<2x4xf32> -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @cube_by_a_scale
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @cube_by_a_scale(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c2 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c3 = trt.constant dense<0.5> : tensor<1x1xf32>
  %w = trt.constant dense<3.0> : tensor<1xf32>
  %p = trt.scale uniform %x power(%w : tensor<1xf32>) : tensor<2x4xf32> -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// 1.4140625 is what f16 makes of sqrt(2).
// CHECK-LABEL: @half_precision
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: func.return %[[G]]
func.func @half_precision(%x: tensor<?x4xf16>) -> tensor<?x4xf16> {
  %c0 = trt.constant dense<1.4140625> : tensor<1x1xf16>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf16>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf16>
  %d = trt.element_wise div %x, %c0 : (tensor<?x4xf16>, tensor<1x1xf16>) -> tensor<?x4xf16>
  %e = trt.unary erf %d : tensor<?x4xf16> -> tensor<?x4xf16>
  %a = trt.element_wise sum %e, %c1 : (tensor<?x4xf16>, tensor<1x1xf16>) -> tensor<?x4xf16>
  %m = trt.element_wise prod %x, %a : (tensor<?x4xf16>, tensor<?x4xf16>) -> tensor<?x4xf16>
  %g = trt.element_wise prod %m, %c2 : (tensor<?x4xf16>, tensor<1x1xf16>) -> tensor<?x4xf16>
  func.return %g : tensor<?x4xf16>
}

// -----

// bf16 has three digits of the constants.
// CHECK-LABEL: @bfloat
// CHECK: %[[G:.*]] = trt.activation gelu_tanh %x
// CHECK-NEXT: func.return %[[G]]
func.func @bfloat(%x: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xbf16>
  %c1 = trt.constant dense<0.0446777344> : tensor<1x1xbf16>
  %c2 = trt.constant dense<0.796875> : tensor<1x1xbf16>
  %c3 = trt.constant dense<1.0> : tensor<1x1xbf16>
  %c4 = trt.constant dense<0.5> : tensor<1x1xbf16>
  %p = trt.element_wise pow %x, %c0 : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %c = trt.element_wise prod %p, %c1 : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %a = trt.element_wise sum %x, %c : (tensor<?x?xbf16>, tensor<?x?xbf16>) -> tensor<?x?xbf16>
  %s = trt.element_wise prod %a, %c2 : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %t = trt.activation tanh %s : tensor<?x?xbf16> -> tensor<?x?xbf16>
  %o = trt.element_wise sum %t, %c3 : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %h = trt.element_wise prod %x, %c4 : (tensor<?x?xbf16>, tensor<1x1xbf16>) -> tensor<?x?xbf16>
  %g = trt.element_wise prod %h, %o : (tensor<?x?xbf16>, tensor<?x?xbf16>) -> tensor<?x?xbf16>
  func.return %g : tensor<?x?xbf16>
}

// -----

// What makes x looks like arithmetic too.
// CHECK-LABEL: @x_is_a_sum_and_used_elsewhere
// CHECK: %[[X:.*]] = trt.element_wise sum
// CHECK-NEXT: %[[G:.*]] = trt.activation gelu_erf %[[X]]
// CHECK-NEXT: %[[S:.*]] = trt.element_wise sum %[[G]], %[[X]]
// CHECK-NEXT: func.return %[[S]], %[[X]]
func.func @x_is_a_sum_and_used_elsewhere(%y: tensor<2x4xf32>, %b: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %x = trt.element_wise sum %y, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise sum %g, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %s, %x : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @two_in_a_row
// CHECK: %[[G:.*]] = trt.activation gelu_erf %x
// CHECK-NEXT: %[[I:.*]] = trt.activation gelu_erf %[[G]]
// CHECK-NEXT: func.return %[[I]]
func.func @two_in_a_row(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d1 = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e1 = trt.unary erf %d1 : tensor<2x4xf32> -> tensor<2x4xf32>
  %a1 = trt.element_wise sum %e1, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m1 = trt.element_wise prod %x, %a1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g1 = trt.element_wise prod %m1, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %d2 = trt.element_wise div %g1, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e2 = trt.unary erf %d2 : tensor<2x4xf32> -> tensor<2x4xf32>
  %a2 = trt.element_wise sum %e2, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m2 = trt.element_wise prod %g1, %a2 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g2 = trt.element_wise prod %m2, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g2 : tensor<2x4xf32>
}

// -----

// A root that two of them use is no part of either.
// CHECK-LABEL: @constants_are_shared
// CHECK: trt.unary sqrt
// CHECK: trt.activation gelu_erf
// CHECK-NEXT: trt.activation gelu_erf
func.func @constants_are_shared(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<2.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %r = trt.unary sqrt %c0 : tensor<1x1xf32> -> tensor<1x1xf32>
  %d1 = trt.element_wise div %x, %r : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e1 = trt.unary erf %d1 : tensor<2x4xf32> -> tensor<2x4xf32>
  %a1 = trt.element_wise sum %e1, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m1 = trt.element_wise prod %x, %a1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g1 = trt.element_wise prod %m1, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %d2 = trt.element_wise div %g1, %r : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e2 = trt.unary erf %d2 : tensor<2x4xf32> -> tensor<2x4xf32>
  %a2 = trt.element_wise sum %e2, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m2 = trt.element_wise prod %g1, %a2 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g2 = trt.element_wise prod %m2, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g2 : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @not_halved
// CHECK-NOT: trt.activation gelu
func.func @not_halved(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.51> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs a factor of 0.5, found 0.51", Constraint="half"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// One step of bf16 beside 0.5.
// CHECK-LABEL: @not_halved_in_bf16
// CHECK-NOT: trt.activation gelu
func.func @not_halved_in_bf16(%x: tensor<2x4xbf16>) -> tensor<2x4xbf16> {
  %c0 = trt.constant dense<1.4140625> : tensor<1x1xbf16>
  %c1 = trt.constant dense<1.0> : tensor<1x1xbf16>
  %c2 = trt.constant dense<0.50390625> : tensor<1x1xbf16>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xbf16>, tensor<1x1xbf16>) -> tensor<2x4xbf16>
  %e = trt.unary erf %d : tensor<2x4xbf16> -> tensor<2x4xbf16>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xbf16>, tensor<1x1xbf16>) -> tensor<2x4xbf16>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xbf16>, tensor<2x4xbf16>) -> tensor<2x4xbf16>
  // expected-remark@+1 {{found 0.503906", Constraint="half"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xbf16>, tensor<1x1xbf16>) -> tensor<2x4xbf16>
  func.return %g : tensor<2x4xbf16>
}

// -----

// CHECK-LABEL: @two_instead_of_one
// CHECK-NOT: trt.activation gelu
func.func @two_instead_of_one(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<2.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 1 and 0.5", Constraint="half"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @difference
// CHECK-NOT: trt.activation gelu
func.func @difference(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sub %c1, %e : (tensor<1x1xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 0.5 and -0.5", Constraint="half"}}
  %g = trt.element_wise prod %h, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @x_is_not_divided
// CHECK-NOT: trt.activation gelu
func.func @x_is_not_divided(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.5> : tensor<1x1xf32>
  %e = trt.unary erf %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs sqrt(2/pi) x in tanh, x/sqrt(2) in erf, found 1 x in erf", Constraint="slope"}}
  %g = trt.element_wise prod %h, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @root_of_three
// CHECK-NOT: trt.activation gelu
func.func @root_of_three(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.73205078> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 0.57735 x in erf", Constraint="slope"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @two_digits_of_the_root
// CHECK-NOT: trt.activation gelu
func.func @two_digits_of_the_root(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 0.70922 x in erf", Constraint="slope"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// The catalog prints 2/pi; a network that computes it is no GELU.
// CHECK-LABEL: @catalog_as_printed
// CHECK-NOT: trt.activation gelu
func.func @catalog_as_printed(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.636619746> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c4 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 0.63662 x in tanh: the constant looks like 2/pi, not sqrt(2/pi)", Constraint="slope"}}
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @another_cube
// CHECK-NOT: trt.activation gelu
func.func @another_cube(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.0447> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c4 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs 0.044715 x^3 beside x, found 0.0447 x^3", Constraint="cube"}}
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @cube_is_subtracted
// CHECK-NOT: trt.activation gelu
func.func @cube_is_subtracted(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<3.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<-0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c4 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found -0.044715 x^3", Constraint="cube"}}
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @two_inputs
// CHECK-NOT: trt.activation gelu
func.func @two_inputs(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %y, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{needs one value for x, found %x and %y", Constraint="same-input"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @inner_value_is_an_output
// CHECK-NOT: trt.activation gelu
func.func @inner_value_is_an_output(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found it is an output of the network", Constraint="network-output", Blocker="'e'"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g, %e : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @inner_value_is_used_elsewhere
// CHECK-NOT: trt.activation gelu
func.func @inner_value_is_used_elsewhere(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found 'd' is used by 2 layers, also by 'n'", Constraint="single-use"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %n = trt.unary neg %d : tensor<2x4xf32> -> tensor<2x4xf32>
  func.return %g, %n : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @inner_layer_may_not_be_fused
// CHECK-NOT: trt.activation gelu
func.func @inner_layer_may_not_be_fused(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d {trt.no_fuse} : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// The last layer says more of its type than x does.
// CHECK-LABEL: @types_differ
// CHECK-NOT: trt.activation gelu
func.func @types_differ(%x: tensor<?x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %e = trt.unary erf %d : tensor<?x4xf32> -> tensor<?x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  // expected-remark@+1 {{Constraint="types"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @function_of_a_function
// CHECK-NOT: trt.activation gelu
func.func @function_of_a_function(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %e = trt.unary erf %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %d = trt.element_wise div %e, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %k = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %k, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{found %x and %e", Constraint="same-input"}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK-NOT: trt.activation gelu
func.func @remarks_are_looked_at(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.25> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @not_halved_at_all
// CHECK-NOT: trt.activation gelu
func.func @not_halved_at_all(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %m : tensor<2x4xf32>
}

// CHECK-LABEL: @sigmoid_linear_unit
// CHECK-NOT: trt.activation gelu
func.func @sigmoid_linear_unit(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %s = trt.activation sigmoid %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %g = trt.element_wise prod %x, %s : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @gate
// CHECK-NOT: trt.activation gelu
func.func @gate(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %t = trt.activation tanh %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %g = trt.element_wise prod %t, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @square_instead_of_a_cube
// CHECK-NOT: trt.activation gelu
func.func @square_instead_of_a_cube(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<2.0> : tensor<1x1xf32>
  %c1 = trt.constant dense<0.044715> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c3 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c4 = trt.constant dense<0.5> : tensor<1x1xf32>
  %p = trt.element_wise pow %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %c = trt.element_wise prod %p, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %a = trt.element_wise sum %x, %c : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = trt.element_wise prod %a, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c3 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c4 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @no_cube
// CHECK-NOT: trt.activation gelu
func.func @no_cube(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.797884583> : tensor<1x1xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %s = trt.element_wise prod %x, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %t = trt.activation tanh %s : tensor<2x4xf32> -> tensor<2x4xf32>
  %o = trt.element_wise sum %t, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %h = trt.element_wise prod %x, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %h, %o : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @ordinary_arithmetic
// CHECK-NOT: trt.activation gelu
func.func @ordinary_arithmetic(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<0.5> : tensor<1x1xf32>
  %a = trt.element_wise prod %x, %y : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %b = trt.element_wise sum %a, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %b, %c0 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @constants_of_all_columns
// CHECK-NOT: trt.activation gelu
func.func @constants_of_all_columns(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c0 = trt.constant dense<1.41421354> : tensor<1x4xf32>
  %c1 = trt.constant dense<1.0> : tensor<1x1xf32>
  %c2 = trt.constant dense<0.5> : tensor<1x1xf32>
  %d = trt.element_wise div %x, %c0 : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  %e = trt.unary erf %d : tensor<2x4xf32> -> tensor<2x4xf32>
  %a = trt.element_wise sum %e, %c1 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %m = trt.element_wise prod %x, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %g = trt.element_wise prod %m, %c2 : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %g : tensor<2x4xf32>
}

// CHECK-LABEL: @integers
// CHECK-NOT: trt.activation gelu
func.func @integers(%x: tensor<2x4xi32>) -> tensor<2x4xi32> {
  %h = trt.element_wise prod %x, %x : (tensor<2x4xi32>, tensor<2x4xi32>) -> tensor<2x4xi32>
  %g = trt.element_wise sum %h, %x : (tensor<2x4xi32>, tensor<2x4xi32>) -> tensor<2x4xi32>
  func.return %g : tensor<2x4xi32>
}
