// RUN: fuse-opt %s --fuse-layer-norm --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @torch
// CHECK-DAG: %[[S:.*]] = trt.constant #trt.weight<"gamma"
// CHECK-DAG: %[[B:.*]] = trt.constant #trt.weight<"beta"
// CHECK-NOT: trt.reduce
// CHECK: %[[Y:.*]] = trt.normalization %x, %[[S]], %[[B]] axes = [2] epsilon = 1.000000e-05 layers ["m", "d", "q", "v", "a", "r", "n", "g", "b"]
// CHECK-NEXT: func.return %[[Y]]
func.func @torch(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  %beta = trt.constant #trt.weight<"beta" : tensor<1x1x8xf32>>
  // expected-remark@+1 {{[Passed] fuse-layer-norm | Category:fusion | Reason="fused into m + d + q + v + a + r + n"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %g = trt.element_wise prod %n, %gamma : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %b = trt.element_wise sum %g, %beta : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %b : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @without_scale_and_bias
// CHECK-DAG: %[[S:.*]] = trt.constant dense<1.000000e+00> : tensor<1x1x1xf32>
// CHECK-DAG: %[[B:.*]] = trt.constant dense<0.000000e+00> : tensor<1x1x1xf32>
// CHECK: %[[Y:.*]] = trt.normalization %x, %[[S]], %[[B]] axes = [2]
// CHECK-NEXT: func.return %[[Y]]
func.func @without_scale_and_bias(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @reciprocal_and_product
// CHECK: trt.normalization %x, {{.*}} axes = [2]
// CHECK-NEXT: func.return
func.func @reciprocal_and_product(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %i = trt.unary recip %r : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise prod %i, %d : (tensor<2x3x1xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// As older exporters of torch write x - mean, once for each use.
// CHECK-LABEL: @difference_computed_twice
// CHECK: trt.normalization %x, {{.*}} epsilon = 1.000000e-12 layers ["m", "d1", "d2", "q", "v", "a", "r", "n"]
// CHECK-NEXT: func.return
func.func @difference_computed_twice(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d1 = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %d2 = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d2, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-12> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %e, %v : (tensor<1x1x1xf32>, tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d1, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// x s + (beta - mean s), s being gamma / sqrt(variance + epsilon).
// CHECK-LABEL: @tensorflow_multiplied_out
// CHECK-DAG: %[[S:.*]] = trt.constant #trt.weight<"gamma"
// CHECK-DAG: %[[B:.*]] = trt.constant #trt.weight<"beta"
// CHECK: %[[Y:.*]] = trt.normalization %x, %[[S]], %[[B]] axes = [2] epsilon = 1.000000e-03
// CHECK-NEXT: func.return %[[Y]]
func.func @tensorflow_multiplied_out(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<0.001> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %i = trt.unary recip %r : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  %s = trt.element_wise prod %i, %gamma : (tensor<2x3x1xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  %p = trt.element_wise prod %x, %s : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %t = trt.element_wise prod %m, %s : (tensor<2x3x1xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %beta = trt.constant #trt.weight<"beta" : tensor<1x1x8xf32>>
  %u = trt.element_wise sub %beta, %t : (tensor<1x1x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %y = trt.element_wise sum %p, %u : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @tensorflow_without_bias
// CHECK: trt.normalization %x, {{.*}} axes = [2]
// CHECK-NEXT: func.return
func.func @tensorflow_without_bias(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<0.001> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %i = trt.unary recip %r : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %p = trt.element_wise prod %x, %i : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %t = trt.element_wise prod %m, %i : (tensor<2x3x1xf32>, tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %y = trt.element_wise sub %p, %t : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// (x - mean) * (rsqrt * gamma) + beta, as flax has it.
// CHECK-LABEL: @scale_in_the_reciprocal
// CHECK-DAG: %[[S:.*]] = trt.constant #trt.weight<"gamma"
// CHECK-DAG: %[[B:.*]] = trt.constant #trt.weight<"beta"
// CHECK: %[[Y:.*]] = trt.normalization %x, %[[S]], %[[B]] axes = [2]
// CHECK-NEXT: func.return %[[Y]]
func.func @scale_in_the_reciprocal(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %i = trt.unary recip %r : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  %s = trt.element_wise prod %gamma, %i : (tensor<1x1x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise prod %d, %s : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %beta = trt.constant #trt.weight<"beta" : tensor<1x1x8xf32>>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %y = trt.element_wise sum %beta, %n : (tensor<1x1x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @root_as_a_power
// CHECK: trt.normalization %x
// CHECK-NEXT: func.return
func.func @root_as_a_power(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %h = trt.constant dense<-0.5> : tensor<1x1x1xf32>
  %r = trt.element_wise pow %a, %h : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise prod %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @positive_power
// CHECK: trt.normalization %x
// CHECK-NEXT: func.return
func.func @positive_power(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %h = trt.constant dense<0.5> : tensor<1x1x1xf32>
  %r = trt.element_wise pow %a, %h : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @one_over_the_root
// CHECK: trt.normalization %x
// CHECK-NEXT: func.return
func.func @one_over_the_root(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %o = trt.constant dense<1.0> : tensor<1x1x1xf32>
  %i = trt.element_wise div %o, %r : (tensor<1x1x1xf32>, tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise prod %d, %i : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @sum_of_squares_over_n
// CHECK: trt.normalization %x
// CHECK-NEXT: func.return
func.func @sum_of_squares_over_n(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %t = trt.reduce sum %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %n8 = trt.constant dense<8.0> : tensor<1x1x1xf32>
  %v = trt.element_wise div %t, %n8 : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @epsilon_by_a_scale
// CHECK: trt.normalization %x, {{.*}} epsilon = 1.000000e-05
// CHECK-NEXT: func.return
func.func @epsilon_by_a_scale(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1xf32>
  %a = trt.scale uniform %v shift(%e : tensor<1xf32>) : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @several_last_axes
// CHECK: trt.normalization %x, {{.*}} axes = [2, 3] {{.*}} : (tensor<2x3x4x5xf16>, tensor<1x1x4x5xf16>, tensor<1x1x1x1xf16>)
// CHECK-NEXT: func.return
func.func @several_last_axes(%x: tensor<2x3x4x5xf16>) -> tensor<2x3x4x5xf16> {
  %m = trt.reduce avg %x axes = [2, 3] keep_dimensions : tensor<2x3x4x5xf16> -> tensor<2x3x1x1xf16>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x4x5xf16>, tensor<2x3x1x1xf16>) -> tensor<2x3x4x5xf16>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1x1xf16>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x4x5xf16>, tensor<1x1x1x1xf16>) -> tensor<2x3x4x5xf16>
  %v = trt.reduce avg %q axes = [2, 3] keep_dimensions : tensor<2x3x4x5xf16> -> tensor<2x3x1x1xf16>
  %e = trt.constant dense<1.0e-3> : tensor<1x1x1x1xf16>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1x1xf16>, tensor<1x1x1x1xf16>) -> tensor<2x3x1x1xf16>
  %r = trt.unary sqrt %a : tensor<2x3x1x1xf16> -> tensor<2x3x1x1xf16>
  %n = trt.element_wise div %d, %r : (tensor<2x3x4x5xf16>, tensor<2x3x1x1xf16>) -> tensor<2x3x4x5xf16>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x4x5xf16>>
  %g = trt.element_wise prod %gamma, %n : (tensor<1x1x4x5xf16>, tensor<2x3x4x5xf16>) -> tensor<2x3x4x5xf16>
  func.return %g : tensor<2x3x4x5xf16>
}

// -----

// CHECK-LABEL: @parameters_are_inputs_and_the_batch_is_unknown
// CHECK: trt.normalization %x, %gamma, %beta
// CHECK-NEXT: func.return
func.func @parameters_are_inputs_and_the_batch_is_unknown(%x: tensor<?x3x8xf32>, %gamma: tensor<1x1x8xf32>, %beta: tensor<1x1x8xf32>) -> tensor<?x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<?x3x8xf32> -> tensor<?x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<?x3x8xf32>, tensor<1x1x1xf32>) -> tensor<?x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<?x3x8xf32> -> tensor<?x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<?x3x1xf32>, tensor<1x1x1xf32>) -> tensor<?x3x1xf32>
  %r = trt.unary sqrt %a : tensor<?x3x1xf32> -> tensor<?x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %g = trt.element_wise prod %n, %gamma : (tensor<?x3x8xf32>, tensor<1x1x8xf32>) -> tensor<?x3x8xf32>
  %b = trt.element_wise sum %g, %beta : (tensor<?x3x8xf32>, tensor<1x1x8xf32>) -> tensor<?x3x8xf32>
  func.return %b : tensor<?x3x8xf32>
}

// -----

// CHECK-LABEL: @x_is_used_elsewhere
// CHECK: %[[N:.*]] = trt.normalization %x
// CHECK: trt.element_wise sum %[[N]], %x
func.func @x_is_used_elsewhere(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %y = trt.element_wise sum %n, %x : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @a_residual_is_no_bias
// CHECK: trt.normalization %x
// CHECK: trt.element_wise sum
func.func @a_residual_is_no_bias(%x: tensor<2x3x8xf32>, %z: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %w = trt.unary abs %z : tensor<2x3x8xf32> -> tensor<2x3x8xf32>
  %y = trt.element_wise sum %n, %w : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @scale_after_the_bias
// CHECK: %[[N:.*]] = trt.normalization %x
// CHECK-NEXT: trt.element_wise prod %[[N]]
func.func @scale_after_the_bias(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %beta = trt.constant #trt.weight<"beta" : tensor<1x1x8xf32>>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %b = trt.element_wise sum %n, %beta : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  %g = trt.element_wise prod %b, %gamma : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %g : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @second_scale
// CHECK: %[[N:.*]] = trt.normalization %x
// CHECK-NEXT: trt.element_wise prod %[[N]]
func.func @second_scale(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %g = trt.element_wise prod %n, %gamma : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  %h = trt.element_wise prod %g, %gamma : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %h : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @variance_of_another_tensor
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @variance_of_another_tensor(%x: tensor<2x3x8xf32>, %z: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %mz = trt.reduce avg %z axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %dz = trt.element_wise sub %z, %mz : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %dz, %dz : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found %x and %z", Constraint="same-input"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @mean_of_another_tensor
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @mean_of_another_tensor(%x: tensor<2x3x8xf32>, %z: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %z axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found %x and %z", Constraint="same-input"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @sum_for_the_mean
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @sum_for_the_mean(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce sum %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found sum", Constraint="mean"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @unbiased_variance
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @unbiased_variance(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %t = trt.reduce sum %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %n7 = trt.constant dense<7.0> : tensor<1x1x1xf32>
  %v = trt.element_wise div %t, %n7 : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found 1.14286 times the mean", Constraint="variance"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @average_corrected_to_n_less_one
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @average_corrected_to_n_less_one(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %t = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %c = trt.constant dense<1.14285719> : tensor<1x1x1xf32>
  %v = trt.element_wise prod %t, %c : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found 1.14286 times the mean", Constraint="variance"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @greatest_square
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @greatest_square(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce max %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found max of squares", Constraint="variance"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @sum_over_an_unknown_number
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @sum_over_an_unknown_number(%x: tensor<2x3x?xf32>) -> tensor<2x3x?xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x?xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x?xf32>, tensor<2x3x1xf32>) -> tensor<2x3x?xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x?xf32>, tensor<2x3x?xf32>) -> tensor<2x3x?xf32>
  %t = trt.reduce sum %q axes = [2] keep_dimensions : tensor<2x3x?xf32> -> tensor<2x3x1xf32>
  %n8 = trt.constant dense<8.0> : tensor<1x1x1xf32>
  %v = trt.element_wise div %t, %n8 : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found sum of squares", Constraint="variance"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x?xf32>, tensor<2x3x1xf32>) -> tensor<2x3x?xf32>
  func.return %n : tensor<2x3x?xf32>
}

// -----

// CHECK-LABEL: @axes_differ
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @axes_differ(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [1, 2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x1x1xf32>, tensor<1x1x1xf32>) -> tensor<2x1x1xf32>
  %r = trt.unary sqrt %a : tensor<2x1x1xf32> -> tensor<2x1x1xf32>
  // expected-remark@+1 {{found [2] and [1, 2]", Constraint="axes"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x1x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @inner_axis
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @inner_axis(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x1x8xf32>, tensor<1x1x1xf32>) -> tensor<2x1x8xf32>
  %r = trt.unary sqrt %a : tensor<2x1x8xf32> -> tensor<2x1x8xf32>
  // expected-remark@+1 {{found [1] of 2x3x8", Constraint="last-axes"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @dimensions_are_dropped_and_brought_back
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @dimensions_are_dropped_and_brought_back(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m0 = trt.reduce avg %x axes = [2] : tensor<2x3x8xf32> -> tensor<2x3xf32>
  %m = trt.shuffle %m0 reshape = [2, 3, 1] : tensor<2x3xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found one that drops them, or a reshape", Constraint="keep-dimensions"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// The mean of each row is taken off each column: dropped and kept sizes agree.
// CHECK-LABEL: @mean_of_another_axis
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @mean_of_another_axis(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %m0 = trt.reduce avg %x axes = [1] keep_dimensions : tensor<8x8xf32> -> tensor<8x1xf32>
  %m = trt.shuffle %m0 reshape = [1, 8] : tensor<8x1xf32> -> tensor<1x8xf32>
  %d = trt.element_wise sub %x, %m : (tensor<8x8xf32>, tensor<1x8xf32>) -> tensor<8x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %v = trt.reduce avg %q axes = [1] keep_dimensions : tensor<8x8xf32> -> tensor<8x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<8x1xf32>, tensor<1x1xf32>) -> tensor<8x1xf32>
  %r = trt.unary sqrt %a : tensor<8x1xf32> -> tensor<8x1xf32>
  // expected-remark@+1 {{found one that drops them, or a reshape", Constraint="keep-dimensions"}}
  %n = trt.element_wise div %d, %r : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
  func.return %n : tensor<8x8xf32>
}

// -----

// CHECK-LABEL: @epsilon_behind_the_root
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @epsilon_behind_the_root(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %s = trt.unary sqrt %v : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %r = trt.element_wise sum %s, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found 1e-05 added to the root", Constraint="epsilon"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @no_epsilon
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @no_epsilon(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %v : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found 0", Constraint="epsilon"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @epsilon_that_f16_rounds_to_zero
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @epsilon_that_f16_rounds_to_zero(%x: tensor<2x3x8xf16>) -> tensor<2x3x8xf16> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf16> -> tensor<2x3x1xf16>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf16>, tensor<2x3x1xf16>) -> tensor<2x3x8xf16>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf16>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf16>, tensor<1x1x1xf16>) -> tensor<2x3x8xf16>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf16> -> tensor<2x3x1xf16>
  %e = trt.constant dense<1.0e-12> : tensor<1x1x1xf16>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf16>, tensor<1x1x1xf16>) -> tensor<2x3x1xf16>
  %r = trt.unary sqrt %a : tensor<2x3x1xf16> -> tensor<2x3x1xf16>
  // expected-remark@+1 {{found 0", Constraint="epsilon"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf16>, tensor<2x3x1xf16>) -> tensor<2x3x8xf16>
  func.return %n : tensor<2x3x8xf16>
}

// -----

// CHECK-LABEL: @negative_epsilon
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @negative_epsilon(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<-1.0e-3> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{found -0.001", Constraint="epsilon"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @scale_of_another_shape
// CHECK: %[[N:.*]] = trt.normalization
// CHECK-NEXT: trt.element_wise prod %[[N]]
func.func @scale_of_another_shape(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x3x1xf32>>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{needs a scale or bias of the shape of the normalised axes, found 1x3x1 for axes [2] of 2x3x8", Constraint="parameter-shape"}}
  %g = trt.element_wise prod %n, %gamma : (tensor<2x3x8xf32>, tensor<1x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %g : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @bias_for_every_element
// CHECK: %[[N:.*]] = trt.normalization
// CHECK-NEXT: trt.element_wise sum %[[N]]
func.func @bias_for_every_element(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %beta = trt.constant #trt.weight<"beta" : tensor<2x3x8xf32>>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{found 2x3x8 for axes [2] of 2x3x8", Constraint="parameter-shape"}}
  %b = trt.element_wise sum %n, %beta : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %b : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @one_number_is_no_scale
// CHECK: %[[N:.*]] = trt.normalization
// CHECK-NEXT: trt.element_wise prod %[[N]]
func.func @one_number_is_no_scale(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %k = trt.constant dense<3.0> : tensor<1x1x1xf32>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{found 1x1x1 for axes [2] of 2x3x8", Constraint="parameter-shape"}}
  %g = trt.element_wise prod %n, %k : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  func.return %g : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @other_shape_in_the_formula
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @other_shape_in_the_formula(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<0.001> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %i = trt.unary recip %r : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %p = trt.element_wise prod %x, %i : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %t = trt.element_wise prod %m, %i : (tensor<2x3x1xf32>, tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %beta = trt.constant #trt.weight<"beta" : tensor<2x3x8xf32>>
  %u = trt.element_wise sub %beta, %t : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{found 2x3x8 for axes [2] of 2x3x8", Constraint="parameter-shape"}}
  %y = trt.element_wise sum %p, %u : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %y : tensor<2x3x8xf32>
}

// -----

// CHECK-LABEL: @variance_is_used_elsewhere
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @variance_is_used_elsewhere(%x: tensor<2x3x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x1xf32>) {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %w = trt.unary log %v : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{'v' is used by 2 layers, also by 'w'", Constraint="single-use", Blocker="'w'"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n, %w : tensor<2x3x8xf32>, tensor<2x3x1xf32>
}

// -----

// CHECK-LABEL: @mean_is_an_output
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @mean_is_an_output(%x: tensor<2x3x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x1xf32>) {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  // expected-remark@+1 {{it is an output of the network", Constraint="network-output", Blocker="'m'"}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n, %m : tensor<2x3x8xf32>, tensor<2x3x1xf32>
}

// -----

// CHECK-LABEL: @normalization_is_used_elsewhere
// CHECK: %[[N:.*]] = trt.normalization
// CHECK-NEXT: trt.element_wise prod %[[N]]
func.func @normalization_is_used_elsewhere(%x: tensor<2x3x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x8xf32>) {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %gamma = trt.constant #trt.weight<"gamma" : tensor<1x1x8xf32>>
  // expected-remark@+1 {{[Passed] fuse-layer-norm}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %g = trt.element_wise prod %n, %gamma : (tensor<2x3x8xf32>, tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %g, %n : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK: func.return
func.func @remarks_are_looked_at(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [1] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x1x8xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x1x8xf32>, tensor<1x1x1xf32>) -> tensor<2x1x8xf32>
  %r = trt.unary sqrt %a : tensor<2x1x8xf32> -> tensor<2x1x8xf32>
  // expected-remark@+1 {{[Missed]}}
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @mean_less_x
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @mean_less_x(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %m, %x : (tensor<2x3x1xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %d : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @root_over_difference
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @root_over_difference(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %r, %d : (tensor<2x3x1xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @cubes
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @cubes(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<3.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @no_root
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @no_root(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %c2 = trt.constant dense<2.0> : tensor<1x1x1xf32>
  %q = trt.element_wise pow %d, %c2 : (tensor<2x3x8xf32>, tensor<1x1x1xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %a : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @product_of_two_differences
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @product_of_two_differences(%x: tensor<2x3x8xf32>, %z: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %m = trt.reduce avg %x axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %d = trt.element_wise sub %x, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %q = trt.element_wise prod %d, %z : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %d, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}

// CHECK-LABEL: @root_mean_square
// CHECK-NOT: trt.normalization
// CHECK: func.return
func.func @root_mean_square(%x: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %q = trt.element_wise prod %x, %x : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %v = trt.reduce avg %q axes = [2] keep_dimensions : tensor<2x3x8xf32> -> tensor<2x3x1xf32>
  %e = trt.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %a = trt.element_wise sum %v, %e : (tensor<2x3x1xf32>, tensor<1x1x1xf32>) -> tensor<2x3x1xf32>
  %r = trt.unary sqrt %a : tensor<2x3x1xf32> -> tensor<2x3x1xf32>
  %n = trt.element_wise div %x, %r : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  func.return %n : tensor<2x3x8xf32>
}
