// RUN: fuse-opt %s --fold-constants --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @small_data_is_computed
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["s"] by "fold-constants" heir []>]
// CHECK: %[[S:.*]] = trt.constant dense<[4.000000e+00, 6.000000e+00]> : tensor<2xf32>
// CHECK: func.return %[[S]]
func.func @small_data_is_computed() -> tensor<2xf32> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = trt.constant dense<[3.0, 4.0]> : tensor<2xf32>
  // expected-remark@+1 {{[Passed] fold-constants | Category:fusion | Reason="became trt.constant"}}
  %s = trt.element_wise sum %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %s : tensor<2xf32>
}

// -----

// CHECK-LABEL: @one_after_the_other
// CHECK: trt.constant dense<[-1, -2]> : tensor<2xi32>
// CHECK-NOT: trt.unary
func.func @one_after_the_other() -> tensor<2xi32> {
  %a = trt.constant dense<[1.5, 2.5]> : tensor<2xf32>
  %c = trt.cast %a : tensor<2xf32> -> tensor<2xi32>
  %n = trt.unary neg %c : tensor<2xi32> -> tensor<2xi32>
  func.return %n : tensor<2xi32>
}

// -----

// A layer that has no recipe is computed all the same where its data are here.
// CHECK-LABEL: @sigmoid_of_data
// CHECK: trt.constant dense<5.000000e-01>
// CHECK-NOT: trt.activation
func.func @sigmoid_of_data() -> tensor<2xf32> {
  %a = trt.constant dense<0.0> : tensor<2xf32>
  %n = trt.activation sigmoid %a : tensor<2xf32> -> tensor<2xf32>
  func.return %n : tensor<2xf32>
}

// -----

// CHECK-LABEL: @result_is_infinite
// CHECK: trt.constant dense<"0x0000807F"> : tensor<1xf32>
func.func @result_is_infinite() -> tensor<1xf32> {
  %a = trt.constant dense<0.0> : tensor<1xf32>
  %n = trt.unary recip %a : tensor<1xf32> -> tensor<1xf32>
  func.return %n : tensor<1xf32>
}

// -----

// CHECK-LABEL: @truth_values
// CHECK: trt.constant dense<[true, false]> : tensor<2xi1>
func.func @truth_values() -> tensor<2xi1> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = trt.constant dense<1.0> : tensor<2xf32>
  %e = trt.element_wise equal %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  func.return %e : tensor<2xi1>
}

// -----

// CHECK-LABEL: @named_weights_become_recipes
// CHECK: trt.constant #trt.weight<sum("a" : tensor<2x3xf32>, "b" : tensor<1x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<transpose("a" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>>
// CHECK: trt.constant #trt.weight<cast("a" : tensor<2x3xf32>) : tensor<2x3xf16>>
// CHECK: trt.constant #trt.weight<exp("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<slice("a" : tensor<2x3xf32>, [1, 0], [1, 2], [1, 2]) : tensor<1x2xf32>>
// CHECK: trt.constant #trt.weight<concatenation("a" : tensor<2x3xf32>, "b" : tensor<1x3xf32>, 0) : tensor<3x3xf32>>
// CHECK: trt.constant #trt.weight<reshape("a" : tensor<2x3xf32>) : tensor<6xf32>>
func.func @named_weights_become_recipes() -> (tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x3xf16>, tensor<2x3xf32>, tensor<1x2xf32>, tensor<3x3xf32>, tensor<6xf32>) {
  %a = trt.constant #trt.weight<"a" : tensor<2x3xf32>>
  %b = trt.constant #trt.weight<"b" : tensor<1x3xf32>>
  %s = trt.element_wise sum %a, %b : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  %t = trt.shuffle %a first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %c = trt.cast %a : tensor<2x3xf32> -> tensor<2x3xf16>
  %e = trt.unary exp %a : tensor<2x3xf32> -> tensor<2x3xf32>
  %l = trt.slice %a start = [1, 0] size = [1, 2] stride = [1, 2] : tensor<2x3xf32> -> tensor<1x2xf32>
  %n = trt.concatenation %a, %b axis = 0 : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
  %v = trt.shuffle %a reshape = [6] : tensor<2x3xf32> -> tensor<6xf32>
  func.return %s, %t, %c, %e, %l, %n, %v : tensor<2x3xf32>, tensor<3x2xf32>, tensor<2x3xf16>, tensor<2x3xf32>, tensor<1x2xf32>, tensor<3x3xf32>, tensor<6xf32>
}

// -----

// 65 elements are more than the IR should hold.
// CHECK-LABEL: @large_results_become_recipes
// CHECK: trt.constant #trt.weight<sum(dense<1.000000e+00> : tensor<65x1xf32>, dense<2.000000e+00> : tensor<1x1xf32>) : tensor<65x1xf32>>
func.func @large_results_become_recipes() -> tensor<65x1xf32> {
  %a = trt.constant dense<1.0> : tensor<65x1xf32>
  %b = trt.constant dense<2.0> : tensor<1x1xf32>
  %s = trt.element_wise sum %a, %b : (tensor<65x1xf32>, tensor<1x1xf32>) -> tensor<65x1xf32>
  func.return %s : tensor<65x1xf32>
}

// -----

// CHECK-LABEL: @view_of_one_number_stays_small
// CHECK: trt.constant #trt.weight<fill(dense<1.000000e+00> : tensor<1xf32>) : tensor<5x13xf32>>
func.func @view_of_one_number_stays_small() -> tensor<5x13xf32> {
  %a = trt.constant #trt.weight<fill(dense<1.0> : tensor<1xf32>) : tensor<65xf32>>
  %v = trt.shuffle %a reshape = [5, 13] : tensor<65xf32> -> tensor<5x13xf32>
  func.return %v : tensor<5x13xf32>
}

// -----

// CHECK-LABEL: @no_recipe_for_it
// CHECK: trt.activation sigmoid
// CHECK: trt.unary sin
// CHECK: trt.element_wise greater
func.func @no_recipe_for_it() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %a = trt.constant #trt.weight<"a" : tensor<4xf32>>
  %s = trt.activation sigmoid %a : tensor<4xf32> -> tensor<4xf32>
  %t = trt.unary sin %a : tensor<4xf32> -> tensor<4xf32>
  %g = trt.element_wise greater %a, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  func.return %s, %t, %g : tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}

// -----

// CHECK-LABEL: @one_operand_is_computed
// CHECK: trt.element_wise sum
func.func @one_operand_is_computed(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = trt.element_wise sum %a, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %s : tensor<2xf32>
}

// -----

// CHECK-LABEL: @result_is_declared_unknown
// CHECK: trt.unary neg
func.func @result_is_declared_unknown() -> tensor<?xf32> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = trt.unary neg %a : tensor<2xf32> -> tensor<?xf32>
  func.return %s : tensor<?xf32>
}

// -----

// CHECK-LABEL: @layers_with_two_results_stay
// CHECK: trt.top_k max
func.func @layers_with_two_results_stay() -> tensor<1xf32> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %v, %i = trt.top_k max %a k = 1 axis = 0 : tensor<2xf32> -> tensor<1xf32>, tensor<1xi32>
  func.return %v : tensor<1xf32>
}

// -----

// CHECK-LABEL: @may_not_be_folded
// CHECK: trt.unary neg
func.func @may_not_be_folded() -> tensor<2xf32> {
  %a = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'s'"}}
  %s = trt.unary neg %a {trt.no_fuse} : tensor<2xf32> -> tensor<2xf32>
  func.return %s : tensor<2xf32>
}

// -----

// CHECK-LABEL: @dequantized_weights_stay
// CHECK: trt.constant dense<[-2, 3]> : tensor<2xi8>
// CHECK: trt.dequantize
func.func @dequantized_weights_stay() -> tensor<2xf32> {
  %q = trt.constant dense<[-2, 3]> : tensor<2xi8>
  %s = trt.constant dense<0.5> : tensor<f32>
  %d = trt.dequantize %q, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  func.return %d : tensor<2xf32>
}

// -----

// CHECK-LABEL: @weights_are_quantized
// CHECK: trt.constant dense<[0, 2, 127]> : tensor<3xi8>
// CHECK-NOT: trt.quantize
func.func @weights_are_quantized() -> tensor<3xi8> {
  %x = trt.constant dense<[0.25, 0.75, 100.0]> : tensor<3xf32>
  %s = trt.constant dense<0.5> : tensor<f32>
  %q = trt.quantize %x, %s : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  func.return %q : tensor<3xi8>
}
