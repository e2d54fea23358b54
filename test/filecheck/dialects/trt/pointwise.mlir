// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @activation_types
// CHECK: trt.activation relu {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation sigmoid {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation tanh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation softsign {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation gelu_erf {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation gelu_tanh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation leaky_relu {{%.+}} alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation elu {{%.+}} alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation thresholded_relu {{%.+}} alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation selu {{%.+}} alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation softplus {{%.+}} alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation clip {{%.+}} alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation hard_sigmoid {{%.+}} alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.activation scaled_tanh {{%.+}} alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
func.func @activation_types(%x: tensor<2x3xf32>) {
  %y_relu = trt.activation relu %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_sigmoid = trt.activation sigmoid %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_tanh = trt.activation tanh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_softsign = trt.activation softsign %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_gelu_erf = trt.activation gelu_erf %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_gelu_tanh = trt.activation gelu_tanh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_leaky_relu = trt.activation leaky_relu %x alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_elu = trt.activation elu %x alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_thresholded_relu = trt.activation thresholded_relu %x alpha = 5.000000e-01 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_selu = trt.activation selu %x alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_softplus = trt.activation softplus %x alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_clip = trt.activation clip %x alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_hard_sigmoid = trt.activation hard_sigmoid %x alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_scaled_tanh = trt.activation scaled_tanh %x alpha = -1.000000e+00 beta = 6.000000e+00 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// CHECK-LABEL: @relu_takes_integers
// CHECK: trt.activation relu {{%.+}} : tensor<2x3xi32> -> tensor<2x3xi32>
func.func @relu_takes_integers(%x: tensor<2x3xi32>) {
  %y_relu = trt.activation relu %x : tensor<2x3xi32> -> tensor<2x3xi32>
  func.return
}

// CHECK-LABEL: @clip_to_the_largest_floats
// CHECK: trt.activation clip {{%.+}} alpha = -3.40282347e+38 beta = 3.40282347e+38 : tensor<2x3xf32> -> tensor<2x3xf32>
func.func @clip_to_the_largest_floats(%x: tensor<2x3xf32>) {
  %y_clip = trt.activation clip %x alpha = -3.40282347e+38 beta = 3.40282347e+38 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// CHECK-LABEL: @numbers_with_no_short_decimal
// CHECK: trt.activation clip {{%.+}} alpha = 0.123456791 beta = 16777216.0 : tensor<2x3xf32> -> tensor<2x3xf32>
func.func @numbers_with_no_short_decimal(%x: tensor<2x3xf32>) {
  %a = trt.activation clip %x alpha = 0.123456791 beta = 16777216.0 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// CHECK-LABEL: @unknown_shape
// CHECK: trt.activation relu {{%.+}} layers ["relu1"] {note = 1 : i64} : tensor<?x3xbf16> -> tensor<?x3xbf16>
// CHECK: trt.activation relu {{%.+}} : tensor<?x3xbf16> -> tensor<4x?xbf16>
func.func @unknown_shape(%x: tensor<?x3xbf16>) {
  %a = trt.activation relu %x layers ["relu1"] {note = 1 : i64} : tensor<?x3xbf16> -> tensor<?x3xbf16>
  %b = trt.activation relu %x : tensor<?x3xbf16> -> tensor<4x?xbf16>
  func.return
}

// CHECK-LABEL: @scalars_are_of_rank_zero
// CHECK: trt.activation tanh {{%.+}} : tensor<f16> -> tensor<f16>
func.func @scalars_are_of_rank_zero(%x: tensor<f16>) {
  %a = trt.activation tanh %x : tensor<f16> -> tensor<f16>
  func.return
}

// CHECK-LABEL: @element_wise_arithmetic
// CHECK: trt.element_wise sum {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise prod {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise max {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise min {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise sub {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise div {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise pow {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK: trt.element_wise floor_div {{%.+}}, {{%.+}} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @element_wise_arithmetic(%x: tensor<2x3xf32>, %z: tensor<2x3xf32>) {
  %y_sum = trt.element_wise sum %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_prod = trt.element_wise prod %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_max = trt.element_wise max %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_min = trt.element_wise min %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_sub = trt.element_wise sub %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_div = trt.element_wise div %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_pow = trt.element_wise pow %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %y_floor_div = trt.element_wise floor_div %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return
}

// CHECK-LABEL: @element_wise_logic
// CHECK: trt.element_wise and {{%.+}}, {{%.+}} : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
// CHECK: trt.element_wise or {{%.+}}, {{%.+}} : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
// CHECK: trt.element_wise xor {{%.+}}, {{%.+}} : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
func.func @element_wise_logic(%x: tensor<2x3xi1>, %z: tensor<2x3xi1>) {
  %y_and = trt.element_wise and %x, %z : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  %y_or = trt.element_wise or %x, %z : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  %y_xor = trt.element_wise xor %x, %z : (tensor<2x3xi1>, tensor<2x3xi1>) -> tensor<2x3xi1>
  func.return
}

// CHECK-LABEL: @element_wise_comparison
// CHECK: trt.element_wise equal {{%.+}}, {{%.+}} : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
// CHECK: trt.element_wise greater {{%.+}}, {{%.+}} : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
// CHECK: trt.element_wise less {{%.+}}, {{%.+}} : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
func.func @element_wise_comparison(%x: tensor<2x3xi32>, %z: tensor<2x3xi32>) {
  %y_equal = trt.element_wise equal %x, %z : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
  %y_greater = trt.element_wise greater %x, %z : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
  %y_less = trt.element_wise less %x, %z : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x3xi1>
  func.return
}

// CHECK-LABEL: @element_wise_broadcasts_dimensions_of_one
// CHECK: trt.element_wise sum {{%.+}}, {{%.+}} layers ["add1"] : (tensor<2x1x4xf16>, tensor<1x3x4xf16>) -> tensor<2x3x4xf16>
func.func @element_wise_broadcasts_dimensions_of_one(%x: tensor<2x1x4xf16>, %z: tensor<1x3x4xf16>) {
  %y = trt.element_wise sum %x, %z layers ["add1"] : (tensor<2x1x4xf16>, tensor<1x3x4xf16>) -> tensor<2x3x4xf16>
  func.return
}

// CHECK-LABEL: @element_wise_broadcasts_one_to_none
// CHECK: trt.element_wise sum {{%.+}}, {{%.+}} : (tensor<1x4xf16>, tensor<0x4xf16>) -> tensor<0x4xf16>
func.func @element_wise_broadcasts_one_to_none(%x: tensor<1x4xf16>, %z: tensor<0x4xf16>) {
  %y = trt.element_wise sum %x, %z : (tensor<1x4xf16>, tensor<0x4xf16>) -> tensor<0x4xf16>
  func.return
}

// CHECK-LABEL: @element_wise_unknown_dimensions
// CHECK: trt.element_wise sum {{%.+}}, {{%.+}} : (tensor<?x?x4xf32>, tensor<1x3x?xf32>) -> tensor<?x3x4xf32>
func.func @element_wise_unknown_dimensions(%x: tensor<?x?x4xf32>, %z: tensor<1x3x?xf32>) {
  %y = trt.element_wise sum %x, %z : (tensor<?x?x4xf32>, tensor<1x3x?xf32>) -> tensor<?x3x4xf32>
  func.return
}

// CHECK-LABEL: @unary_of_floats
// CHECK: trt.unary exp {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary log {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary sqrt {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary recip {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary abs {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary neg {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary sin {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary cos {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary tan {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary sinh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary cosh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary asin {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary acos {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary atan {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary asinh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary acosh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary atanh {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary ceil {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary floor {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary erf {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary sign {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary round {{%.+}} : tensor<2x3xf32> -> tensor<2x3xf32>
// CHECK: trt.unary isinf {{%.+}} : tensor<2x3xf32> -> tensor<2x3xi1>
// CHECK: trt.unary isnan {{%.+}} : tensor<2x3xf32> -> tensor<2x3xi1>
func.func @unary_of_floats(%x: tensor<2x3xf32>) {
  %y_exp = trt.unary exp %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_log = trt.unary log %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_sqrt = trt.unary sqrt %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_recip = trt.unary recip %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_abs = trt.unary abs %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_neg = trt.unary neg %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_sin = trt.unary sin %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_cos = trt.unary cos %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_tan = trt.unary tan %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_sinh = trt.unary sinh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_cosh = trt.unary cosh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_asin = trt.unary asin %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_acos = trt.unary acos %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_atan = trt.unary atan %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_asinh = trt.unary asinh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_acosh = trt.unary acosh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_atanh = trt.unary atanh %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_ceil = trt.unary ceil %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_floor = trt.unary floor %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_erf = trt.unary erf %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_sign = trt.unary sign %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_round = trt.unary round %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %y_isinf = trt.unary isinf %x : tensor<2x3xf32> -> tensor<2x3xi1>
  %y_isnan = trt.unary isnan %x : tensor<2x3xf32> -> tensor<2x3xi1>
  func.return
}

// CHECK-LABEL: @unary_of_integers
// CHECK: trt.unary abs {{%.+}} : tensor<?xi8> -> tensor<?xi8>
// CHECK: trt.unary neg {{%.+}} : tensor<?xi8> -> tensor<?xi8>
// CHECK: trt.unary sign {{%.+}} : tensor<?xi8> -> tensor<?xi8>
func.func @unary_of_integers(%x: tensor<?xi8>) {
  %y_abs = trt.unary abs %x : tensor<?xi8> -> tensor<?xi8>
  %y_neg = trt.unary neg %x : tensor<?xi8> -> tensor<?xi8>
  %y_sign = trt.unary sign %x : tensor<?xi8> -> tensor<?xi8>
  func.return
}

// CHECK-LABEL: @unary_not
// CHECK: trt.unary not {{%.+}} layers ["not1"] : tensor<2x3xi1> -> tensor<2x3xi1>
func.func @unary_not(%x: tensor<2x3xi1>) {
  %y = trt.unary not %x layers ["not1"] : tensor<2x3xi1> -> tensor<2x3xi1>
  func.return
}

// CHECK-LABEL: @scale_uniform
// CHECK: trt.scale uniform {{%.+}} scale({{%.+}} : tensor<1xf32>) shift({{%.+}} : tensor<1xf32>) power({{%.+}} : tensor<1xf32>) layers ["scale1"] : tensor<1x3x4x5xf32> -> tensor<1x3x4x5xf32>
func.func @scale_uniform(%x: tensor<1x3x4x5xf32>, %a: tensor<1xf32>) {
  %y = trt.scale uniform %x scale(%a : tensor<1xf32>) shift(%a : tensor<1xf32>) power(%a : tensor<1xf32>) layers ["scale1"] : tensor<1x3x4x5xf32> -> tensor<1x3x4x5xf32>
  func.return
}

// CHECK-LABEL: @scale_of_channels
// CHECK: trt.scale channel {{%.+}} shift({{%.+}} : tensor<3xf16>) channel_axis = 1 : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
// CHECK: trt.scale channel {{%.+}} power({{%.+}} : tensor<5xf16>) channel_axis = 3 : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
// CHECK: trt.scale channel {{%.+}} scale({{%.+}} : tensor<3xf16>) : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
func.func @scale_of_channels(%x: tensor<1x3x4x5xf16>, %a: tensor<3xf16>, %b: tensor<5xf16>) {
  %y = trt.scale channel %x shift(%a : tensor<3xf16>) channel_axis = 1 : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
  %z = trt.scale channel %x power(%b : tensor<5xf16>) channel_axis = 3 : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
  %d = trt.scale channel %x scale(%a : tensor<3xf16>) : tensor<1x3x4x5xf16> -> tensor<1x3x4x5xf16>
  func.return
}

// CHECK-LABEL: @scale_of_elements
// CHECK: trt.scale elementwise {{%.+}} scale({{%.+}} : tensor<60xf32>) : tensor<2x3x4x5xf32> -> tensor<2x3x4x5xf32>
// CHECK: trt.scale elementwise {{%.+}} scale({{%.+}} : tensor<20xf32>) channel_axis = 2 : tensor<2x3x4x5xf32> -> tensor<2x3x4x5xf32>
func.func @scale_of_elements(%x: tensor<2x3x4x5xf32>, %a: tensor<60xf32>, %b: tensor<20xf32>) {
  %y = trt.scale elementwise %x scale(%a : tensor<60xf32>) : tensor<2x3x4x5xf32> -> tensor<2x3x4x5xf32>
  %z = trt.scale elementwise %x scale(%b : tensor<20xf32>) channel_axis = 2 : tensor<2x3x4x5xf32> -> tensor<2x3x4x5xf32>
  func.return
}

// CHECK-LABEL: @scale_unknown_dimensions
// CHECK: trt.scale channel {{%.+}} scale({{%.+}} : tensor<7xf32>) shift({{%.+}} : tensor<?xf32>) channel_axis = 1 : tensor<?x?x4x?xf32> -> tensor<?x?x4x?xf32>
// CHECK: trt.scale elementwise {{%.+}} scale({{%.+}} : tensor<7xf32>) channel_axis = 2 : tensor<?x?x4x?xf32> -> tensor<?x?x4x?xf32>
func.func @scale_unknown_dimensions(%x: tensor<?x?x4x?xf32>, %a: tensor<?xf32>, %b: tensor<7xf32>) {
  %y = trt.scale channel %x scale(%b : tensor<7xf32>) shift(%a : tensor<?xf32>) channel_axis = 1 : tensor<?x?x4x?xf32> -> tensor<?x?x4x?xf32>
  %z = trt.scale elementwise %x scale(%b : tensor<7xf32>) channel_axis = 2 : tensor<?x?x4x?xf32> -> tensor<?x?x4x?xf32>
  func.return
}

// CHECK-LABEL: @scale_without_weights
// CHECK: trt.scale uniform {{%.+}} : tensor<4xf32> -> tensor<4xf32>
func.func @scale_without_weights(%x: tensor<4xf32>) {
  %y = trt.scale uniform %x : tensor<4xf32> -> tensor<4xf32>
  func.return
}

// CHECK-LABEL: @scale_of_i8
// CHECK: trt.scale uniform {{%.+}} scale({{%.+}} : tensor<1xf32>) : tensor<1x3x4x5xi8> -> tensor<1x3x4x5xi8>
func.func @scale_of_i8(%x: tensor<1x3x4x5xi8>, %a: tensor<1xf32>) {
  %y = trt.scale uniform %x scale(%a : tensor<1xf32>) : tensor<1x3x4x5xi8> -> tensor<1x3x4x5xi8>
  func.return
}

// CHECK-LABEL: @casts
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xf16>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xbf16>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xf32>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xi1>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xi8>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xi32>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xi64>
// CHECK: trt.cast {{%.+}} : tensor<?x3xf32> -> tensor<?x3xui8>
// CHECK: trt.cast {{%.+}} layers ["cast1"] : tensor<?x3xf32> -> tensor<2x3xf16>
func.func @casts(%x: tensor<?x3xf32>) {
  %y0 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xf16>
  %y1 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xbf16>
  %y2 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xf32>
  %y3 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xi1>
  %y4 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xi8>
  %y5 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xi32>
  %y6 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xi64>
  %y7 = trt.cast %x : tensor<?x3xf32> -> tensor<?x3xui8>
  %z = trt.cast %x layers ["cast1"] : tensor<?x3xf32> -> tensor<2x3xf16>
  func.return
}
