// RUN: fuse-opt %s --fuse-attention --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @scaled_and_masked
// CHECK: %[[O:.*]] = trt.fused "matmul_div_sum_softmax_matmul"({{.*}}) layers ["s", "d", "a", "p", "o"]
// CHECK: func.return %[[O]]
func.func @scaled_and_masked(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>, %mask: tensor<2x1x1x6xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %c = trt.constant dense<2.82842708> : tensor<1x1x1x1xf32>
  %d = trt.element_wise div %s, %c : (tensor<2x4x5x6xf32>, tensor<1x1x1x1xf32>) -> tensor<2x4x5x6xf32>
  %a = trt.element_wise sum %d, %mask : (tensor<2x4x5x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %a axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{[Passed] fuse-attention | Category:fusion | Reason="fused into s + d + a + p + o"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @products_and_softmax_alone
// CHECK: %[[O:.*]] = trt.fused "matmul_softmax_matmul"({{.*}}) layers ["s", "p", "o"]
// CHECK: func.return %[[O]]
func.func @products_and_softmax_alone(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{[Passed] fuse-attention | Category:fusion | Reason="fused into s + p + o"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @factor_on_the_left_and_mask_on_the_left
// CHECK: %[[O:.*]] = trt.fused "matmul_prod_sum_softmax_matmul"({{.*}}) layers ["s", "d", "a", "p", "o"]
// CHECK: func.return %[[O]]
func.func @factor_on_the_left_and_mask_on_the_left(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>, %mask: tensor<2x4x5x6xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %c = trt.constant dense<0.353553385> : tensor<1x1x1x1xf32>
  %d = trt.element_wise prod %c, %s : (tensor<1x1x1x1xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  %a = trt.element_wise sum %mask, %d : (tensor<2x4x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %a axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @keys_transposed_before
// CHECK: %[[T:.*]] = trt.shuffle
// CHECK: trt.fused "matmul_softmax_matmul"(%q, %[[T]], %v)
func.func @keys_transposed_before(%q: tensor<4x5x8xf16>, %k: tensor<4x6x8xf16>, %v: tensor<4x6x3xf16>) -> tensor<4x5x3xf16> {
  %t = trt.shuffle %k first_transpose = [0, 2, 1] : tensor<4x6x8xf16> -> tensor<4x8x6xf16>
  %s = trt.matrix_multiply %q, %t : (tensor<4x5x8xf16>, tensor<4x8x6xf16>) -> tensor<4x5x6xf16>
  %p = trt.softmax %s axis = 2 : tensor<4x5x6xf16> -> tensor<4x5x6xf16>
  %o = trt.matrix_multiply %p, %v : (tensor<4x5x6xf16>, tensor<4x6x3xf16>) -> tensor<4x5x3xf16>
  func.return %o : tensor<4x5x3xf16>
}

// -----

// CHECK-LABEL: @values_transposed_by_the_product
// CHECK: %[[O:.*]] = trt.fused "matmul_softmax_matmul"({{.*}}) layers ["s", "p", "o"]
// CHECK: func.return %[[O]]
func.func @values_transposed_by_the_product(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x3x6xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %o = trt.matrix_multiply %p, %v op1 = transpose : (tensor<2x4x5x6xf32>, tensor<2x4x3x6xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @scale_layer_and_unknown_length
// CHECK: %[[O:.*]] = trt.fused "matmul_scale_softmax_matmul"({{.*}}) layers ["s", "d", "p", "o"]
// CHECK: func.return %[[O]]
func.func @scale_layer_and_unknown_length(%q: tensor<2x?x8xf32>, %k: tensor<2x?x8xf32>, %v: tensor<2x?x3xf32>) -> tensor<2x?x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x?xf32>
  %c = trt.constant dense<0.353553385> : tensor<1xf32>
  %d = trt.scale uniform %s scale(%c : tensor<1xf32>) : tensor<2x?x?xf32> -> tensor<2x?x?xf32>
  %p = trt.softmax %d axis = 2 : tensor<2x?x?xf32> -> tensor<2x?x?xf32>
  %o = trt.matrix_multiply %p, %v : (tensor<2x?x?xf32>, tensor<2x?x3xf32>) -> tensor<2x?x3xf32>
  func.return %o : tensor<2x?x3xf32>
}

// -----

// CHECK-LABEL: @one_tensor_is_all_three
// CHECK: trt.fused "matmul_softmax_matmul"(%x)
func.func @one_tensor_is_all_three(%x: tensor<5x5xf32>) -> tensor<5x5xf32> {
  %s = trt.matrix_multiply %x, %x op1 = transpose : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
  %p = trt.softmax %s axis = 1 : tensor<5x5xf32> -> tensor<5x5xf32>
  %o = trt.matrix_multiply %p, %x : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
  func.return %o : tensor<5x5xf32>
}

// -----

// CHECK-LABEL: @softmax_along_another_axis
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @softmax_along_another_axis(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 2 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found axis 2 of 4", Constraint="axis"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @weights_on_the_right
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @weights_on_the_right(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x3x5xf32>) -> tensor<2x4x3x6xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found the right operand", Constraint="operand"}}
  %o = trt.matrix_multiply %v, %p : (tensor<2x4x3x5xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x3x6xf32>
  func.return %o : tensor<2x4x3x6xf32>
}

// -----

// CHECK-LABEL: @weights_are_transposed
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @weights_are_transposed(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x5x3xf32>) -> tensor<2x4x6x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found it as a transpose", Constraint="operand"}}
  %o = trt.matrix_multiply %p, %v op0 = transpose : (tensor<2x4x5x6xf32>, tensor<2x4x5x3xf32>) -> tensor<2x4x6x3xf32>
  func.return %o : tensor<2x4x6x3xf32>
}

// -----

// CHECK-LABEL: @weights_times_themselves
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @weights_times_themselves(%x: tensor<5x5xf32>) -> tensor<5x5xf32> {
  %s = trt.matrix_multiply %x, %x op1 = transpose : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
  %p = trt.softmax %s axis = 1 : tensor<5x5xf32> -> tensor<5x5xf32>
  // expected-remark@+1 {{found both operands", Constraint="operand"}}
  %o = trt.matrix_multiply %p, %p : (tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<5x5xf32>
  func.return %o : tensor<5x5xf32>
}

// -----

// CHECK-LABEL: @factor_is_a_tensor
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @factor_is_a_tensor(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>, %w: tensor<2x4x5x6xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %d = trt.element_wise prod %s, %w : (tensor<2x4x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %d axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found prod before softmax", Constraint="scale-and-mask", Blocker="'d'"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @number_over_scores
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @number_over_scores(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %c = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
  %d = trt.element_wise div %c, %s : (tensor<1x1x1x1xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %d axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found div before softmax", Constraint="scale-and-mask"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @activation_of_the_scores
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @activation_of_the_scores(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %d = trt.activation tanh %s : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %p = trt.softmax %d axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found tanh before softmax", Constraint="scale-and-mask"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @mask_before_the_scale
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @mask_before_the_scale(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>, %mask: tensor<2x4x5x6xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %a = trt.element_wise sum %s, %mask : (tensor<2x4x5x6xf32>, tensor<2x4x5x6xf32>) -> tensor<2x4x5x6xf32>
  %c = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
  %d = trt.element_wise prod %a, %c : (tensor<2x4x5x6xf32>, tensor<1x1x1x1xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %d axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found sum before softmax", Constraint="scale-and-mask"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @scale_that_shifts
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @scale_that_shifts(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %c = trt.constant dense<2.0> : tensor<1xf32>
  %d = trt.scale uniform %s scale(%c : tensor<1xf32>) shift(%c : tensor<1xf32>) : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %p = trt.softmax %d axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found scale before softmax", Constraint="scale-and-mask"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// -----

// CHECK-LABEL: @mask_has_more_rows
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @mask_has_more_rows(%q: tensor<1x5x8xf32>, %k: tensor<1x6x8xf32>, %v: tensor<2x6x3xf32>, %mask: tensor<2x5x6xf32>) -> tensor<2x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<1x5x8xf32>, tensor<1x6x8xf32>) -> tensor<1x5x6xf32>
  %a = trt.element_wise sum %s, %mask : (tensor<1x5x6xf32>, tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
  %p = trt.softmax %a axis = 2 : tensor<2x5x6xf32> -> tensor<2x5x6xf32>
  // expected-remark@+1 {{found 1x5x6 that become 2x5x6", Constraint="mask-shape"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x5x6xf32>, tensor<2x6x3xf32>) -> tensor<2x5x3xf32>
  func.return %o : tensor<2x5x3xf32>
}

// -----

// CHECK-LABEL: @value_is_a_vector
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @value_is_a_vector(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6xf32>) -> tensor<2x4x5xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{found a vector", Constraint="matrices"}}
  %o = trt.matrix_multiply %p, %v op1 = vector : (tensor<2x4x5x6xf32>, tensor<2x4x6xf32>) -> tensor<2x4x5xf32>
  func.return %o : tensor<2x4x5xf32>
}

// -----

// CHECK-LABEL: @query_is_a_vector
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @query_is_a_vector(%q: tensor<8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>) -> tensor<3xf32> {
  %s = trt.matrix_multiply %k, %q op1 = vector : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6xf32>
  %p = trt.softmax %s axis = 0 : tensor<6xf32> -> tensor<6xf32>
  // expected-remark@+1 {{found a vector", Constraint="matrices"}}
  %o = trt.matrix_multiply %p, %v op0 = vector : (tensor<6xf32>, tensor<6x3xf32>) -> tensor<3xf32>
  func.return %o : tensor<3xf32>
}

// -----

// CHECK-LABEL: @weights_are_used_elsewhere
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @weights_are_used_elsewhere(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> (tensor<2x4x5x3xf32>, tensor<2x4x5x6xf32>) {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %w = trt.unary log %p : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{'p' is used by 2 layers, also by 'w'", Constraint="single-use", Blocker="'w'"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o, %w : tensor<2x4x5x3xf32>, tensor<2x4x5x6xf32>
}

// -----

// CHECK-LABEL: @scores_are_an_output
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @scores_are_an_output(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> (tensor<2x4x5x3xf32>, tensor<2x4x5x6xf32>) {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'s'"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o, %s : tensor<2x4x5x3xf32>, tensor<2x4x5x6xf32>
}

// -----

// What makes V reads the scores: a second use of them.
// CHECK-LABEL: @values_wait_for_the_weights
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @values_wait_for_the_weights(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>) -> tensor<2x4x5x5xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %v = trt.shuffle %s first_transpose = [0, 1, 3, 2] : tensor<2x4x5x6xf32> -> tensor<2x4x6x5xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{Constraint="single-use"}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x5xf32>) -> tensor<2x4x5x5xf32>
  func.return %o : tensor<2x4x5x5xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
// CHECK: func.return
func.func @remarks_are_looked_at(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 2 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  // expected-remark@+1 {{[Missed]}}
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// CHECK-LABEL: @no_second_product
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @no_second_product(%q: tensor<2x4x5x8xf32>, %k: tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<2x4x5x8xf32>, tensor<2x4x6x8xf32>) -> tensor<2x4x5x6xf32>
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  func.return %p : tensor<2x4x5x6xf32>
}

// CHECK-LABEL: @no_first_product
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @no_first_product(%s: tensor<2x4x5x6xf32>, %v: tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32> {
  %p = trt.softmax %s axis = 3 : tensor<2x4x5x6xf32> -> tensor<2x4x5x6xf32>
  %o = trt.matrix_multiply %p, %v : (tensor<2x4x5x6xf32>, tensor<2x4x6x3xf32>) -> tensor<2x4x5x3xf32>
  func.return %o : tensor<2x4x5x3xf32>
}

// CHECK-LABEL: @cast_between
// CHECK-NOT: trt.fused
// CHECK: func.return
func.func @cast_between(%q: tensor<5x8xf16>, %k: tensor<6x8xf16>, %v: tensor<6x3xf32>) -> tensor<5x3xf32> {
  %s = trt.matrix_multiply %q, %k op1 = transpose : (tensor<5x8xf16>, tensor<6x8xf16>) -> tensor<5x6xf16>
  %c = trt.cast %s : tensor<5x6xf16> -> tensor<5x6xf32>
  %p = trt.softmax %c axis = 1 : tensor<5x6xf32> -> tensor<5x6xf32>
  %o = trt.matrix_multiply %p, %v : (tensor<5x6xf32>, tensor<6x3xf32>) -> tensor<5x3xf32>
  func.return %o : tensor<5x3xf32>
}
