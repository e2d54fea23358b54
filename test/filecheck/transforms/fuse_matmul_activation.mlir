// RUN: fuse-opt %s --fuse-matmul-activation --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @product_then_relu
// CHECK: %[[R:.*]] = trt.fused "matmul_relu"(%a, %b) layers ["ip1", "relu1"]
// CHECK: %[[M:.*]] = trt.matrix_multiply
// CHECK: trt.activation relu %[[M]]
// CHECK: func.return %[[R]]
func.func @product_then_relu(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b layers ["ip1"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Passed] fuse-matmul-activation | Category:fusion | Reason="fused into ip1 + relu1"}}
  %r = trt.activation relu %m layers ["relu1"] : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @biased_product
// CHECK: trt.fused "matmul_sum_relu"(%a, %b, %v) layers ["m", "s", "r"]
// CHECK-NOT: trt.fused
func.func @biased_product(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %v0: tensor<1x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
    trt.yield %s : tensor<3x5xf32>
  }
  %r = trt.activation relu %g : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_with_a_residual
// CHECK: trt.fused "matmul_sum_relu"(%a, %b, %v)
// CHECK-NOT: trt.fused
func.func @product_with_a_residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %v0: tensor<3x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %s : tensor<3x5xf32>
  }
  %r = trt.activation relu %g : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @clip_with_its_bounds_exchanged
// CHECK: trt.fused "matmul_clip"(%a, %b)
// CHECK-NOT: trt.fused
func.func @clip_with_its_bounds_exchanged(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation clip %m alpha = 3.0 beta = -2.0 : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @gelu_of_any_type
// CHECK: trt.fused "matmul_gelu_erf"(%a, %b)
// CHECK-NOT: trt.fused
func.func @gelu_of_any_type(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation gelu_erf %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @tanh
// CHECK: trt.fused "matmul_tanh"(%a, %b)
// CHECK-NOT: trt.fused
func.func @tanh(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation tanh %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @second_activation
// CHECK: trt.fused "matmul_relu_tanh"(%a, %b)
// CHECK-NOT: trt.fused
func.func @second_activation(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_relu"(%a, %b) layers ["m", "q"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %q = trt.activation relu %m layers ["q"] : tensor<3x5xf32> -> tensor<3x5xf32>
    trt.yield %q : tensor<3x5xf32>
  }
  %r = trt.activation tanh %g : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @silu
// CHECK: trt.fused "matmul_sigmoid_prod"(%a, %b) layers ["m", "s", "p"]
// CHECK-NOT: trt.fused
func.func @silu(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %p = trt.fused "pointwise"(%m) layers ["s", "p"] : (tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%m0: tensor<3x5xf32>):
    %s = trt.activation sigmoid %m0 layers ["s"] : tensor<3x5xf32> -> tensor<3x5xf32>
    %p = trt.element_wise prod %m0, %s layers ["p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %p : tensor<3x5xf32>
  }
  func.return %p : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @bias_and_relu_that_were_grouped_before
// CHECK: trt.fused "matmul_sum_relu"(%a, %b, %v) layers ["m", "s", "p"]
// CHECK-NOT: trt.fused
func.func @bias_and_relu_that_were_grouped_before(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %p = trt.fused "pointwise"(%m, %v) layers ["s", "p"] : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%m0: tensor<3x5xf32>, %v0: tensor<1x5xf32>):
    %s = trt.element_wise sum %m0, %v0 layers ["s"] : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
    %p = trt.activation relu %s layers ["p"] : tensor<3x5xf32> -> tensor<3x5xf32>
    trt.yield %p : tensor<3x5xf32>
  }
  func.return %p : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @gate
// CHECK: trt.fused "matmul_sigmoid_prod"(%a, %b, %y) layers ["m", "s", "p"]
// CHECK-NOT: trt.fused
func.func @gate(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %p = trt.fused "pointwise"(%m, %y) layers ["s", "p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%m0: tensor<3x5xf32>, %y0: tensor<3x5xf32>):
    %s = trt.activation sigmoid %m0 layers ["s"] : tensor<3x5xf32> -> tensor<3x5xf32>
    %p = trt.element_wise prod %s, %y0 layers ["p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %p : tensor<3x5xf32>
  }
  func.return %p : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @factor_that_is_a_literal
// CHECK: trt.fused "matmul_prod"(%a, %b)
func.func @factor_that_is_a_literal(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %k = trt.constant dense<0.125> : tensor<1x1xf32>
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.element_wise prod %k, %m : (tensor<1x1xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @batched_and_transposed
// CHECK: trt.fused "matmul_relu"
func.func @batched_and_transposed(%a: tensor<2x4x3xf32>, %b: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %m = trt.matrix_multiply %a, %b op0 = transpose : (tensor<2x4x3xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  %r = trt.activation relu %m : tensor<2x3x5xf32> -> tensor<2x3x5xf32>
  func.return %r : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: @vector_on_the_right
// CHECK: trt.fused "matmul_relu"
func.func @vector_on_the_right(%a: tensor<3x4xf32>, %b: tensor<4xf32>) -> tensor<3xf32> {
  %m = trt.matrix_multiply %a, %b op1 = vector : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %r = trt.activation relu %m : tensor<3xf32> -> tensor<3xf32>
  func.return %r : tensor<3xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "matmul_relu"
func.func @unknown_dimensions(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %r = trt.activation relu %m : tensor<?x?xf32> -> tensor<?x?xf32>
  func.return %r : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "matmul_relu"
func.func @half_precision(%a: tensor<3x4xbf16>, %b: tensor<4x5xbf16>) -> tensor<3x5xbf16> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xbf16>, tensor<4x5xbf16>) -> tensor<3x5xbf16>
  %r = trt.activation relu %m : tensor<3x5xbf16> -> tensor<3x5xbf16>
  func.return %r : tensor<3x5xbf16>
}

// -----

// CHECK-LABEL: @two_residuals_at_once
// CHECK-NOT: trt.fused "matmul
func.func @two_residuals_at_once(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>, %z: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs at most one tensor besides the one that enters, found 2 others", Constraint="inputs"}}
  %p = trt.fused "pointwise"(%m, %y, %z) layers ["s", "p"] : (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%m0: tensor<3x5xf32>, %y0: tensor<3x5xf32>, %z0: tensor<3x5xf32>):
    %s = trt.element_wise prod %m0, %y0 layers ["s"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    %p = trt.element_wise sum %s, %z0 layers ["p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %p : tensor<3x5xf32>
  }
  func.return %p : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @factor_for_each_row
// CHECK-NOT: trt.fused
func.func @factor_for_each_row(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x1xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 3x1 for 3x5", Constraint="broadcast"}}
  %r = trt.element_wise prod %m, %v : (tensor<3x5xf32>, tensor<3x1xf32>) -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @two_outputs
// CHECK-NOT: trt.fused "matmul
func.func @two_outputs(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs one output, found 2", Constraint="one-output"}}
  %p:2 = trt.fused "pointwise"(%m) layers ["s", "p"] : (tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  ^bb0(%m0: tensor<3x5xf32>):
    %s = trt.activation sigmoid %m0 layers ["s"] : tensor<3x5xf32> -> tensor<3x5xf32>
    %p = trt.element_wise prod %m0, %s layers ["p"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %s, %p : tensor<3x5xf32>, tensor<3x5xf32>
  }
  func.return %p#0, %p#1 : tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @truth_values
// CHECK-NOT: trt.fused
func.func @truth_values(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xi1> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs an output of the same element type, found i1 from f32", Constraint="element-type"}}
  %r = trt.unary isnan %m : tensor<3x5xf32> -> tensor<3x5xi1>
  func.return %r : tensor<3x5xi1>
}

// -----

// CHECK-LABEL: @product_ends_in_a_softmax
// CHECK: trt.fused "matmul_softmax"
// CHECK: trt.activation relu
func.func @product_ends_in_a_softmax(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_softmax"(%a, %b) layers ["m", "q"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %q = trt.softmax %m axis = 1 layers ["q"] : tensor<3x5xf32> -> tensor<3x5xf32>
    trt.yield %q : tensor<3x5xf32>
  }
  // expected-remark@+1 {{found relu after a matrix product with a layer that ends the kernel", Constraint="epilogue"}}
  %r = trt.activation relu %g : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @third_residual
// CHECK: trt.fused "matmul_sum_sum"
// CHECK: trt.element_wise prod
func.func @third_residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>, %z: tensor<3x5xf32>, %u: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum_sum"(%a, %b, %y, %z) layers ["m", "s", "t"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %y0: tensor<3x5xf32>, %z0: tensor<3x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %y0 layers ["s"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    %t = trt.element_wise sum %s, %z0 layers ["t"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %t : tensor<3x5xf32>
  }
  // expected-remark@+1 {{found a pointwise layer with a residual after a matrix product with more than one residual", Constraint="epilogue"}}
  %r = trt.element_wise prod %g, %u : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @product_is_used_elsewhere(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{also by 'p'", Constraint="single-use", Blocker="'p'"}}
  %r = trt.activation relu %m : tensor<3x5xf32> -> tensor<3x5xf32>
  // expected-remark@+1 {{also by 'r'", Constraint="single-use"}}
  %p = trt.element_wise sum %m, %r : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %p : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_is_an_output
// CHECK-NOT: trt.fused
func.func @product_is_an_output(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'m'"}}
  %r = trt.activation relu %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %m, %r : tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @activation_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @activation_may_not_be_fused(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'r'"}}
  %r = trt.activation relu %m {trt.no_fuse} : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x1xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Missed]}}
  %r = trt.element_wise prod %m, %v : (tensor<3x5xf32>, tensor<3x1xf32>) -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// CHECK-LABEL: @no_product
// CHECK-NOT: trt.fused
func.func @no_product(%m: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %r = trt.activation relu %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %r : tensor<3x5xf32>
}

// CHECK-LABEL: @activation_of_a_view
// CHECK-NOT: trt.fused
func.func @activation_of_a_view(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<15xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %v = trt.shuffle %m reshape = [15] : tensor<3x5xf32> -> tensor<15xf32>
  %r = trt.activation relu %v : tensor<15xf32> -> tensor<15xf32>
  func.return %r : tensor<15xf32>
}

// CHECK-LABEL: @activation_before_the_product
// CHECK-NOT: trt.fused
func.func @activation_before_the_product(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %r = trt.activation relu %a : tensor<3x4xf32> -> tensor<3x4xf32>
  %m = trt.matrix_multiply %r, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  func.return %m : tensor<3x5xf32>
}
