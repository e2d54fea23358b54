// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @activation_of_integers(%x: tensor<2x3xi32>) {
  // expected-error@+1 {{tanh does not take i32}}
  %y = trt.activation tanh %x : tensor<2x3xi32> -> tensor<2x3xi32>
  func.return
}

// -----

func.func @relu_of_truth_values(%x: tensor<2x3xi1>) {
  // expected-error@+1 {{relu does not take i1}}
  %y = trt.activation relu %x : tensor<2x3xi1> -> tensor<2x3xi1>
  func.return
}

// -----

func.func @activation_of_doubles(%x: tensor<4xf64>) {
  // expected-error@+1 {{relu does not take f64}}
  %y = trt.activation relu %x : tensor<4xf64> -> tensor<4xf64>
  func.return
}

// -----

func.func @alpha_missing(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{leaky_relu needs alpha}}
  %y = trt.activation leaky_relu %x : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @beta_missing(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{clip needs beta}}
  %y = trt.activation clip %x alpha = 0.0 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @alpha_not_taken(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{relu takes no alpha}}
  %y = trt.activation relu %x alpha = 0.0 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @beta_not_taken(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{elu takes no beta}}
  %y = trt.activation elu %x alpha = 1.0 beta = 1.0 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @alpha_infinite(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{alpha must be finite}}
  %y = "trt.activation"(%x) <{activation_type = #trt<activation_type elu>, alpha = 0x7F800000 : f32}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @beta_not_a_number(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{beta must be finite}}
  %y = "trt.activation"(%x) <{activation_type = #trt<activation_type clip>, alpha = 0.0 : f32, beta = 0x7FC00000 : f32}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @activation_result(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{result is tensor<3x2xf32>, inferred is tensor<2x3xf32>}}
  %y = trt.activation relu %x : tensor<2x3xf32> -> tensor<3x2xf32>
  func.return
}

// -----

func.func @element_wise_types(%x: tensor<2x3xf32>, %z: tensor<2x3xf16>) {
  // expected-error@+1 {{operands must have the same element type: f32 and f16}}
  %y = trt.element_wise sum %x, %z : (tensor<2x3xf32>, tensor<2x3xf16>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @element_wise_arithmetic_of_truth_values(%x: tensor<2x3xi1>) {
  // expected-error@+1 {{sum does not take i1}}
  %y = trt.element_wise sum %x, %x : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  func.return
}

// -----

func.func @element_wise_logic_of_integers(%x: tensor<2x3xi32>) {
  // expected-error@+1 {{and does not take i32}}
  %y = trt.element_wise and %x, %x : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  func.return
}

// -----

func.func @element_wise_comparison_of_truth_values(%x: tensor<2x3xi1>) {
  // expected-error@+1 {{equal does not take i1}}
  %y = trt.element_wise equal %x, %x : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  func.return
}

// -----

func.func @pow_of_integers(%x: tensor<2x3xi32>) {
  // expected-error@+1 {{pow does not take i32}}
  %y = trt.element_wise pow %x, %x : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi32>
  func.return
}

// -----

func.func @ranks_do_not_broadcast(%x: tensor<2x3xf32>, %z: tensor<3xf32>) {
  // expected-error@+1 {{operands have ranks 2 and 1, which must be equal}}
  %y = trt.element_wise sum %x, %z : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @dimensions_do_not_broadcast(%x: tensor<2x3xf32>, %z: tensor<2x4xf32>) {
  // expected-error@+1 {{dimension 1 is 3 and 4, which must be equal or one}}
  %y = trt.element_wise sum %x, %z : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @comparison_gives_truth_values(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{result is tensor<2x3xf32>, inferred is tensor<2x3xi1>}}
  %y = trt.element_wise less %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @unary_of_integers(%x: tensor<2x3xi32>) {
  // expected-error@+1 {{exp does not take i32}}
  %y = trt.unary exp %x : tensor<2x3xi32> -> tensor<2x3xi32>
  func.return
}

// -----

func.func @unary_abs_of_truth_values(%x: tensor<2x3xi1>) {
  // expected-error@+1 {{abs does not take i1}}
  %y = trt.unary abs %x : tensor<2x3xi1> -> tensor<2x3xi1>
  func.return
}

// -----

func.func @unary_not_of_floats(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{not does not take f32}}
  %y = trt.unary not %x : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @isnan_gives_truth_values(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{result is tensor<2x3xf32>, inferred is tensor<2x3xi1>}}
  %y = trt.unary isnan %x : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @scale_of_integers(%x: tensor<2x3xi32>) {
  // expected-error@+1 {{scale does not take i32}}
  %y = trt.scale uniform %x : tensor<2x3xi32> -> tensor<2x3xi32>
  func.return
}

// -----

func.func @uniform_with_channel_axis(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{uniform takes no channel_axis}}
  %y = trt.scale uniform %x channel_axis = 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @channel_axis_out_of_range(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{axis 2 is out of range for rank 2}}
  %y = trt.scale channel %x channel_axis = 2 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @scale_weight_type(%x: tensor<2x3xf32>, %a: tensor<1xf16>) {
  // expected-error@+1 {{input and shift must have the same element type: f32 and f16}}
  %y = trt.scale uniform %x shift(%a : tensor<1xf16>) : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @scale_of_i8_by_integers(%x: tensor<4xi8>, %a: tensor<1xi8>) {
  // expected-error@+1 {{scale must be f32, f16 or bf16, found i8}}
  %y = trt.scale uniform %x scale(%a : tensor<1xi8>) : tensor<4xi8> -> tensor<4xi8>
  func.return
}

// -----

func.func @scale_weight_count(%x: tensor<2x3xf32>, %a: tensor<2xf32>) {
  // expected-error@+1 {{scale must have 3 elements in one dimension, found tensor<2xf32>}}
  %y = trt.scale channel %x scale(%a : tensor<2xf32>) channel_axis = 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @scale_weight_rank(%x: tensor<2x?xf32>, %a: tensor<1x3xf32>) {
  // expected-error@+1 {{power must have ? elements in one dimension, found tensor<1x3xf32>}}
  %y = trt.scale channel %x power(%a : tensor<1x3xf32>) channel_axis = 1 : tensor<2x?xf32> -> tensor<2x?xf32>
  func.return
}

// -----

func.func @cast_from_complex(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{cast does not take complex<f32>}}
  %y = trt.cast %x : tensor<4xcomplex<f32>> -> tensor<4xf32>
  func.return
}

// -----

func.func @cast_to_double(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{cast does not take f64}}
  %y = trt.cast %x : tensor<2x3xf32> -> tensor<2x3xf64>
  func.return
}

// -----

func.func @cast_to_odd_integer(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{cast does not take i7}}
  %y = trt.cast %x : tensor<2x3xf32> -> tensor<2x3xi7>
  func.return
}

// -----

func.func @cast_keeps_the_shape(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{result is tensor<3x2xf16>, inferred is tensor<2x3xf16>}}
  %y = trt.cast %x : tensor<2x3xf32> -> tensor<3x2xf16>
  func.return
}

// -----

func.func @sum_of_complex(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{sum does not take complex<f32>}}
  %y = trt.element_wise sum %x, %x : (tensor<4xcomplex<f32>>, tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
  func.return
}

// -----

func.func @sum_of_doubles(%x: tensor<4xf64>) {
  // expected-error@+1 {{sum does not take f64}}
  %y = trt.element_wise sum %x, %x : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>
  func.return
}

// -----

func.func @equality_of_odd_integers(%x: tensor<4xi17>) {
  // expected-error@+1 {{equal does not take i17}}
  %y = trt.element_wise equal %x, %x : (tensor<4xi17>, tensor<4xi17>) -> tensor<4xi1>
  func.return
}

// -----

func.func @too_many_dimensions(%x: tensor<1x1x1x1x1x1x1x1x1xf32>) {
  // expected-error@+1 {{rank 9 is more than 8}}
  %y = trt.activation relu %x : tensor<1x1x1x1x1x1x1x1x1xf32> -> tensor<1x1x1x1x1x1x1x1x1xf32>
  func.return
}
