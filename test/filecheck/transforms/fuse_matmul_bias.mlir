// RUN: fuse-opt %s --fuse-matmul-bias --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @product_plus_bias
// CHECK: %[[S:.*]] = trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
// CHECK: %[[M:.*]] = trt.matrix_multiply
// CHECK: %[[T:.*]] = trt.element_wise sum %[[M]], %{{.*}} layers ["s"]
// CHECK: trt.yield %[[T]]
// CHECK: func.return %[[S]]
func.func @product_plus_bias(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Passed] fuse-matmul-bias | Category:fusion | Reason="fused into m + s"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @bias_on_the_left
// CHECK: trt.fused "matmul_sum"(%a, %b, %v)
// CHECK: %[[M:.*]] = trt.matrix_multiply
// CHECK: trt.element_wise sum %{{.*}}, %[[M]]
func.func @bias_on_the_left(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %v, %m : (tensor<1x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @bias_is_a_constant
// CHECK: trt.fused "matmul_sum"(%a, %{{.*}}, %{{.*}}) layers ["m", "s"]
func.func @bias_is_a_constant(%a: tensor<3x4xf32>) -> tensor<3x5xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<4x5xf32>>
  %v = trt.constant #trt.weight<"v" : tensor<1x5xf32>>
  %m = trt.matrix_multiply %a, %k : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @bias_is_made_later
// CHECK: %[[N:.*]] = trt.unary neg
// CHECK: trt.fused "matmul_sum"(%a, %b, %[[N]])
func.func @bias_is_made_later(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %n = trt.unary neg %v : tensor<1x5xf32> -> tensor<1x5xf32>
  %s = trt.element_wise sum %m, %n : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @half_batched_bias
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @half_batched_bias(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %v: tensor<1x1x5xf32>) -> tensor<2x3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<2x3x5xf32>, tensor<1x1x5xf32>) -> tensor<2x3x5xf32>
  func.return %s : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: @transposed_operands
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @transposed_operands(%a: tensor<4x3xf32>, %b: tensor<5x4xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b op0 = transpose op1 = transpose : (tensor<4x3xf32>, tensor<5x4xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @vector_on_the_left
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @vector_on_the_left(%a: tensor<4xf32>, %b: tensor<4x5xf32>, %v: tensor<5xf32>) -> tensor<5xf32> {
  %m = trt.matrix_multiply %a, %b op0 = vector : (tensor<4xf32>, tensor<4x5xf32>) -> tensor<5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  func.return %s : tensor<5xf32>
}

// -----

// The bias of W x + b has a value for each row of the matrix.
// CHECK-LABEL: @vector_on_the_right
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @vector_on_the_right(%a: tensor<3x4xf32>, %b: tensor<4xf32>, %v: tensor<3xf32>) -> tensor<3xf32> {
  %m = trt.matrix_multiply %a, %b op1 = vector : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  func.return %s : tensor<3xf32>
}

// -----

// CHECK-LABEL: @vectors_on_the_right
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @vectors_on_the_right(%a: tensor<2x3x4xf32>, %b: tensor<2x4xf32>, %v: tensor<1x3xf32>) -> tensor<2x3xf32> {
  %m = trt.matrix_multiply %a, %b op1 = vector : (tensor<2x3x4xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  %s = trt.element_wise sum %m, %v : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  func.return %s : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @one_column
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @one_column(%a: tensor<3x4xf32>, %b: tensor<4x1xf32>, %v: tensor<1x1xf32>) -> tensor<3x1xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<3x1xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x1xf32>, tensor<1x1xf32>) -> tensor<3x1xf32>
  func.return %s : tensor<3x1xf32>
}

// -----

// CHECK-LABEL: @unknown_rows
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @unknown_rows(%a: tensor<?x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<?x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<?x4xf32>, tensor<4x5xf32>) -> tensor<?x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<?x5xf32>, tensor<1x5xf32>) -> tensor<?x5xf32>
  func.return %s : tensor<?x5xf32>
}

// -----

// CHECK-LABEL: @half_precision
// CHECK: trt.fused "matmul_sum"
func.func @half_precision(%a: tensor<3x4xf16>, %b: tensor<4x5xf16>, %v: tensor<1x5xf16>) -> tensor<3x5xf16> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf16>, tensor<4x5xf16>) -> tensor<3x5xf16>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf16>, tensor<1x5xf16>) -> tensor<3x5xf16>
  func.return %s : tensor<3x5xf16>
}

// -----

// CHECK-LABEL: @residual
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @scalar_product_plus_scalar
// CHECK: trt.fused "matmul_sum"(%a, %b, %v) layers ["m", "s"]
func.func @scalar_product_plus_scalar(%a: tensor<4xf32>, %b: tensor<4xf32>, %v: tensor<f32>) -> tensor<f32> {
  %m = trt.matrix_multiply %a, %b op0 = vector op1 = vector : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
  %s = trt.element_wise sum %m, %v : (tensor<f32>, tensor<f32>) -> tensor<f32>
  func.return %s : tensor<f32>
}

// -----

// CHECK-LABEL: @bias_then_residual
// CHECK: trt.fused "matmul_sum_sum"(%a, %b, %v, %y) layers ["m", "s", "t"]
// CHECK-NOT: trt.fused
func.func @bias_then_residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Passed]}}
  %t = trt.element_wise sum %s, %y : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %t : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @residual_after_an_activation
// CHECK: trt.fused "matmul_relu_sum"(%a, %b, %y) layers ["m", "q", "s"]
// CHECK-NOT: trt.fused
func.func @residual_after_an_activation(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_relu"(%a, %b) layers ["m", "q"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %q = trt.activation relu %m layers ["q"] : tensor<3x5xf32> -> tensor<3x5xf32>
    trt.yield %q : tensor<3x5xf32>
  }
  %s = trt.element_wise sum %g, %y : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @later_of_two_products_takes
// CHECK: %[[M:.*]] = trt.matrix_multiply {{.*}} layers ["m"]
// CHECK: trt.fused "matmul_sum"(%a, %c, %[[M]]) layers ["n", "s"]
func.func @later_of_two_products_takes(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %c: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %n = trt.matrix_multiply %a, %c : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %n : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @difference
// CHECK-NOT: trt.fused
func.func @difference(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs sum, found sub", Constraint="operation"}}
  %s = trt.element_wise sub %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @maximum
// CHECK-NOT: trt.fused
func.func @maximum(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs sum, found max", Constraint="operation"}}
  %s = trt.element_wise max %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_plus_itself
// CHECK-NOT: trt.fused
func.func @product_plus_itself(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs two different operands, found the same value twice", Constraint="two-operands"}}
  %s = trt.element_wise sum %m, %m : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @value_for_each_row
// CHECK-NOT: trt.fused
func.func @value_for_each_row(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x1xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 3x1 for 3x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<3x1xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @single_value
// CHECK-NOT: trt.fused
func.func @single_value(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x1xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 1x1 for 3x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x1xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_is_broadcast
// CHECK-NOT: trt.fused
func.func @product_is_broadcast(%a: tensor<1x4xf32>, %b: tensor<4x5xf32>, %v: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<1x4xf32>, tensor<4x5xf32>) -> tensor<1x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 3x5 for 1x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<1x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_of_one_column_is_broadcast
// CHECK-NOT: trt.fused
func.func @product_of_one_column_is_broadcast(%a: tensor<3x4xf32>, %b: tensor<4x1xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<3x1xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 1x5 for 3x1", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x1xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @residual_for_all_of_the_batch
// CHECK-NOT: trt.fused
func.func @residual_for_all_of_the_batch(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %v: tensor<1x3x5xf32>) -> tensor<2x3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 1x3x5 for 2x3x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<2x3x5xf32>, tensor<1x3x5xf32>) -> tensor<2x3x5xf32>
  func.return %s : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: @bias_for_each_of_the_batch
// CHECK-NOT: trt.fused
func.func @bias_for_each_of_the_batch(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %v: tensor<2x1x5xf32>) -> tensor<2x3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 2x1x5 for 2x3x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<2x3x5xf32>, tensor<2x1x5xf32>) -> tensor<2x3x5xf32>
  func.return %s : tensor<2x3x5xf32>
}

// -----

// CHECK-LABEL: @unknown_columns
// CHECK-NOT: trt.fused
func.func @unknown_columns(%a: tensor<3x4xf32>, %b: tensor<4x?xf32>, %v: tensor<1x?xf32>) -> tensor<3x?xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x?xf32>) -> tensor<3x?xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found 1x? for 3x?", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x?xf32>, tensor<1x?xf32>) -> tensor<3x?xf32>
  func.return %s : tensor<3x?xf32>
}

// -----

// CHECK-LABEL: @unknown_rows_of_a_residual
// CHECK-NOT: trt.fused
func.func @unknown_rows_of_a_residual(%a: tensor<?x4xf32>, %b: tensor<4x5xf32>, %v: tensor<?x5xf32>) -> tensor<?x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<?x4xf32>, tensor<4x5xf32>) -> tensor<?x5xf32>
  // expected-remark@+1 {{needs a bias, all its dimensions 1 but the last, or a residual of the product's shape, found ?x5 for ?x5", Constraint="broadcast"}}
  %s = trt.element_wise sum %m, %v : (tensor<?x5xf32>, tensor<?x5xf32>) -> tensor<?x5xf32>
  func.return %s : tensor<?x5xf32>
}

// -----

// CHECK-LABEL: @third_residual
// CHECK: trt.fused "matmul_sum_sum"
// CHECK: trt.element_wise sum {{.*}} layers ["v"]
func.func @third_residual(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %y: tensor<3x5xf32>, %z: tensor<3x5xf32>, %u: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_sum_sum"(%a, %b, %y, %z) layers ["m", "s", "t"] : (tensor<3x4xf32>, tensor<4x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>, %y0: tensor<3x5xf32>, %z0: tensor<3x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %s = trt.element_wise sum %m, %y0 layers ["s"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    %t = trt.element_wise sum %s, %z0 layers ["t"] : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
    trt.yield %t : tensor<3x5xf32>
  }
  // expected-remark@+1 {{needs an epilogue that takes the layer, found a residual after a matrix product with more than one residual", Constraint="epilogue"}}
  %v = trt.element_wise sum %g, %u : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  func.return %v : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_ends_in_a_softmax
// CHECK: trt.fused "matmul_softmax"
// CHECK: trt.element_wise sum
func.func @product_ends_in_a_softmax(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %g = trt.fused "matmul_softmax"(%a, %b) layers ["m", "q"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32> {
  ^bb0(%a0: tensor<3x4xf32>, %b0: tensor<4x5xf32>):
    %m = trt.matrix_multiply %a0, %b0 layers ["m"] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %q = trt.softmax %m axis = 1 layers ["q"] : tensor<3x5xf32> -> tensor<3x5xf32>
    trt.yield %q : tensor<3x5xf32>
  }
  // expected-remark@+1 {{found a bias after a matrix product with a layer that ends the kernel", Constraint="epilogue"}}
  %s = trt.element_wise sum %g, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_is_used_elsewhere
// CHECK-NOT: trt.fused
func.func @product_is_used_elsewhere(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{found 'm' is used by 2 layers, also by 'r'", Constraint="single-use", Blocker="'r'"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  %r = trt.activation tanh %m : tensor<3x5xf32> -> tensor<3x5xf32>
  func.return %s, %r : tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_is_an_output
// CHECK-NOT: trt.fused
func.func @product_is_an_output(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'m'"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %m, %s : tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// CHECK-LABEL: @product_may_not_be_fused
// CHECK-NOT: trt.fused
func.func @product_may_not_be_fused(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b {trt.no_fuse} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'m'"}}
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // expected-remark@+1 {{[Missed]}}
  %s = trt.element_wise div %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// CHECK-LABEL: @no_product
// CHECK-NOT: trt.fused
func.func @no_product(%y: tensor<3x5xf32>, %v: tensor<1x5xf32>) -> tensor<3x5xf32> {
  %s = trt.element_wise sum %y, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return %s : tensor<3x5xf32>
}

// CHECK-LABEL: @sum_of_a_view
// CHECK-NOT: trt.fused
func.func @sum_of_a_view(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<15xf32>) -> tensor<15xf32> {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %r = trt.shuffle %m reshape = [15] : tensor<3x5xf32> -> tensor<15xf32>
  %s = trt.element_wise sum %r, %v : (tensor<15xf32>, tensor<15xf32>) -> tensor<15xf32>
  func.return %s : tensor<15xf32>
}

// CHECK-LABEL: @bias_before_the_product
// CHECK-NOT: trt.fused
func.func @bias_before_the_product(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x4xf32>) -> tensor<3x5xf32> {
  %s = trt.element_wise sum %a, %v : (tensor<3x4xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
  %m = trt.matrix_multiply %s, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  func.return %m : tensor<3x5xf32>
}

// CHECK-LABEL: @sum_that_nothing_uses
// CHECK-NOT: trt.fused
func.func @sum_that_nothing_uses(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %v: tensor<1x5xf32>) {
  %m = trt.matrix_multiply %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %s = trt.element_wise sum %m, %v : (tensor<3x5xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
  func.return
}
