// RUN: fuse-opt %s --trt-canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: trt.ledger = [#trt.ledger_entry<["i"] by "trt-canonicalize" heir ["a"]>]
// CHECK: %[[A:.*]] = trt.unary exp %x
// CHECK-NEXT: trt.unary abs %[[A]]
func.func @identity(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %i = trt.identity %a : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %i : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// CHECK-LABEL: @cast_to_the_same_type
// CHECK-NOT: trt.cast
func.func @cast_to_the_same_type(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = trt.cast %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %c : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// CHECK-LABEL: @cast_to_another_type
// CHECK: trt.cast
func.func @cast_to_another_type(%x: tensor<4xf32>) -> tensor<4xf16> {
  %c = trt.cast %x : tensor<4xf32> -> tensor<4xf16>
  %b = trt.unary abs %c : tensor<4xf16> -> tensor<4xf16>
  func.return %b : tensor<4xf16>
}

// CHECK-LABEL: @shuffle_that_moves_nothing
// CHECK-NOT: trt.shuffle
func.func @shuffle_that_moves_nothing(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [0, 1, -1] : tensor<1x1x4xf32> -> tensor<1x1x4xf32>
  %b = trt.unary abs %s : tensor<1x1x4xf32> -> tensor<1x1x4xf32>
  func.return %b : tensor<1x1x4xf32>
}

// CHECK-LABEL: @shuffle_of_an_unknown_dimension
// CHECK-NOT: trt.shuffle
func.func @shuffle_of_an_unknown_dimension(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %s = trt.shuffle %x reshape = [-1, 4] : tensor<?x4xf32> -> tensor<?x4xf32>
  %b = trt.unary abs %s : tensor<?x4xf32> -> tensor<?x4xf32>
  func.return %b : tensor<?x4xf32>
}

// CHECK-LABEL: @square_transpose
// CHECK: trt.shuffle
func.func @square_transpose(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %b = trt.unary abs %s : tensor<4x4xf32> -> tensor<4x4xf32>
  func.return %b : tensor<4x4xf32>
}

// CHECK-LABEL: @transpose_of_a_dimension_of_one
// CHECK: trt.shuffle %x reshape = [2, 3, 4, 1] layers ["s"]
func.func @transpose_of_a_dimension_of_one(%x: tensor<2x1x3x4xf32>) -> tensor<2x3x4x1xf32> {
  %s = trt.shuffle %x first_transpose = [0, 2, 3, 1] layers ["s"] : tensor<2x1x3x4xf32> -> tensor<2x3x4x1xf32>
  func.return %s : tensor<2x3x4x1xf32>
}

// CHECK-LABEL: @transposes_around_a_reshape
// CHECK: trt.shuffle %x reshape = [6, 1] layers
func.func @transposes_around_a_reshape(%x: tensor<1x2x3xf32>) -> tensor<6x1xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [1, 6] second_transpose = [1, 0] : tensor<1x2x3xf32> -> tensor<6x1xf32>
  func.return %s : tensor<6x1xf32>
}

// CHECK-LABEL: @transpose_of_one_past_an_unknown_dimension
// CHECK: trt.shuffle %x reshape = [1, -1, 4] {{.*}} -> tensor<1x?x4xf32>
func.func @transpose_of_one_past_an_unknown_dimension(%x: tensor<?x1x4xf32>) -> tensor<1x?x4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<?x1x4xf32> -> tensor<1x?x4xf32>
  func.return %s : tensor<1x?x4xf32>
}

// CHECK-LABEL: @transpose_of_one_past_two_unknown_dimensions
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2]
func.func @transpose_of_one_past_two_unknown_dimensions(%x: tensor<?x1x?xf32>) -> tensor<1x?x?xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<?x1x?xf32> -> tensor<1x?x?xf32>
  func.return %s : tensor<1x?x?xf32>
}

// CHECK-LABEL: @transpose_of_an_empty_tensor
// CHECK: trt.shuffle %x reshape = [0, 1, 4] zero_is_placeholder = false
func.func @transpose_of_an_empty_tensor(%x: tensor<1x0x4xf32>) -> tensor<0x1x4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<1x0x4xf32> -> tensor<0x1x4xf32>
  func.return %s : tensor<0x1x4xf32>
}

// Nothing is left over of an empty tensor.
// CHECK-LABEL: @transpose_of_an_empty_tensor_of_an_unknown_dimension
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2]
func.func @transpose_of_an_empty_tensor_of_an_unknown_dimension(%x: tensor<?x1x0xf32>) -> tensor<1x?x0xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<?x1x0xf32> -> tensor<1x?x0xf32>
  func.return %s : tensor<1x?x0xf32>
}

// CHECK-LABEL: @transpose_that_moves_elements
// CHECK: trt.shuffle %x first_transpose = [2, 0, 1]
func.func @transpose_that_moves_elements(%x: tensor<2x1x3xf32>) -> tensor<3x2x1xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<2x1x3xf32> -> tensor<3x2x1xf32>
  func.return %s : tensor<3x2x1xf32>
}

// CHECK-LABEL: @view_of_another_shape
// CHECK: trt.shuffle
func.func @view_of_another_shape(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %s = trt.shuffle %x reshape = [2, 2] : tensor<4xf32> -> tensor<2x2xf32>
  %b = trt.unary abs %s : tensor<2x2xf32> -> tensor<2x2xf32>
  func.return %b : tensor<2x2xf32>
}

// It hands 2x3x1 on as 3x2x1.
// CHECK-LABEL: @unknown_dimensions_trade_places
// CHECK: trt.shuffle
func.func @unknown_dimensions_trade_places(%x: tensor<?x?x1xf32>) -> tensor<?x?x1xf32> {
  %s = trt.shuffle %x reshape = [1, 0, -1] second_transpose = [1, 2, 0] : tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  %b = trt.unary abs %s : tensor<?x?x1xf32> -> tensor<?x?x1xf32>
  func.return %b : tensor<?x?x1xf32>
}

// The declared type hides that the last dimension becomes 2.
// CHECK-LABEL: @declared_less_than_known
// CHECK: trt.shuffle
func.func @declared_less_than_known(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = trt.shuffle %x reshape = [-1, 2] : tensor<?x?xf32> -> tensor<?x?xf32>
  %b = trt.unary abs %s : tensor<?x?xf32> -> tensor<?x?xf32>
  func.return %b : tensor<?x?xf32>
}

// No rows of two and no rows of three are both empty.
// CHECK-LABEL: @nothing_tells_how_many_rows
// CHECK: trt.shuffle
func.func @nothing_tells_how_many_rows(%x: tensor<?x0xf32>) -> tensor<?x0xf32> {
  %s = trt.shuffle %x reshape = [7, 0] : tensor<?x0xf32> -> tensor<?x0xf32>
  %b = trt.unary abs %s : tensor<?x0xf32> -> tensor<?x0xf32>
  func.return %b : tensor<?x0xf32>
}

// Something must copy.
// CHECK-LABEL: @identity_from_input_to_output
// CHECK: %[[I:.*]] = trt.identity %x
// CHECK: func.return %[[I]]
func.func @identity_from_input_to_output(%x: tensor<4xf32>) -> tensor<4xf32> {
  %i = trt.identity %x : tensor<4xf32> -> tensor<4xf32>
  func.return %i : tensor<4xf32>
}

// CHECK-LABEL: @two_identities_from_input_to_output
// CHECK: trt.identity %x
// CHECK-NOT: trt.identity
// CHECK: func.return
func.func @two_identities_from_input_to_output(%x: tensor<4xf32>) -> tensor<4xf32> {
  %i = trt.identity %x : tensor<4xf32> -> tensor<4xf32>
  %j = trt.identity %i : tensor<4xf32> -> tensor<4xf32>
  func.return %j : tensor<4xf32>
}

// CHECK-LABEL: @identity_of_an_output
// CHECK: %[[A:.*]] = trt.unary exp
// CHECK-NEXT: func.return %[[A]], %[[A]]
func.func @identity_of_an_output(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %i = trt.identity %a : tensor<4xf32> -> tensor<4xf32>
  func.return %a, %i : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @identity_may_not_go
// CHECK: trt.identity
func.func @identity_may_not_go(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %i = trt.identity %a {trt.no_fuse = ["trt-canonicalize"]} : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %i : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// -----

// CHECK-LABEL: @min_of_max
// CHECK: trt.activation clip %x alpha = -1.000000e+00 beta = 6.000000e+00 layers ["m", "y"]
func.func @min_of_max(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %lo = trt.constant dense<-1.0> : tensor<1x1xf32>
  %hi = trt.constant dense<6.0> : tensor<1x1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %y = trt.element_wise min %m, %hi : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// CHECK-LABEL: @max_of_min_with_constants_first
// CHECK: trt.activation clip %x alpha = -1.000000e+00 beta = 6.000000e+00 layers ["m", "y"]
func.func @max_of_min_with_constants_first(%x: tensor<2x4xf16>) -> tensor<2x4xf16> {
  %lo = trt.constant dense<-1.0> : tensor<1x4xf16>
  %hi = trt.constant dense<6.0> : tensor<2x4xf16>
  %m = trt.element_wise min %hi, %x : (tensor<2x4xf16>, tensor<2x4xf16>) -> tensor<2x4xf16>
  %y = trt.element_wise max %lo, %m : (tensor<1x4xf16>, tensor<2x4xf16>) -> tensor<2x4xf16>
  func.return %y : tensor<2x4xf16>
}

// Here the last operation decides, as it does in clip.
// CHECK-LABEL: @max_of_min_with_crossed_bounds
// CHECK: trt.activation clip %x alpha = 6.000000e+00 beta = -1.000000e+00
func.func @max_of_min_with_crossed_bounds(%x: tensor<4xf32>) -> tensor<4xf32> {
  %lo = trt.constant dense<6.0> : tensor<1xf32>
  %hi = trt.constant dense<-1.0> : tensor<1xf32>
  %m = trt.element_wise min %x, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise max %m, %lo : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @min_of_max_with_crossed_bounds
// CHECK-NOT: clip
func.func @min_of_max_with_crossed_bounds(%x: tensor<4xf32>) -> tensor<4xf32> {
  %lo = trt.constant dense<6.0> : tensor<1xf32>
  %hi = trt.constant dense<-1.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise min %m, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @bounds_meet
// CHECK: trt.activation clip %x alpha = 2.000000e+00 beta = 2.000000e+00
func.func @bounds_meet(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = trt.constant dense<2.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %two : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise min %m, %two : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @bound_is_no_number
// CHECK-NOT: clip
func.func @bound_is_no_number(%x: tensor<4xf32>) -> tensor<4xf32> {
  %lo = trt.constant dense<0x7FC00000> : tensor<1xf32>
  %hi = trt.constant dense<6.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise min %m, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @bound_is_infinite
// CHECK-NOT: clip
func.func @bound_is_infinite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %lo = trt.constant dense<1.0> : tensor<1xf32>
  %hi = trt.constant dense<0x7F800000> : tensor<1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise min %m, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @one_bound
// CHECK: trt.element_wise min
// CHECK-NOT: clip
func.func @one_bound(%x: tensor<4xf32>) -> tensor<4xf32> {
  %hi = trt.constant dense<6.0> : tensor<1xf32>
  %y = trt.element_wise min %x, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @two_lower_bounds
// CHECK-NOT: clip
func.func @two_lower_bounds(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.constant dense<6.0> : tensor<1xf32>
  %b = trt.constant dense<7.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %a : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise max %m, %b : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @bounds_for_each_element
// CHECK-NOT: clip
func.func @bounds_for_each_element(%x: tensor<2xf32>) -> tensor<2xf32> {
  %lo = trt.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %hi = trt.constant dense<6.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %y = trt.element_wise min %m, %hi : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}

// CHECK-LABEL: @bound_is_larger_than_the_value
// CHECK-NOT: clip
func.func @bound_is_larger_than_the_value(%x: tensor<1xf32>) -> tensor<4xf32> {
  %lo = trt.constant dense<0.0> : tensor<1xf32>
  %hi = trt.constant dense<6.0> : tensor<4xf32>
  %m = trt.element_wise max %x, %lo : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %y = trt.element_wise min %m, %hi : (tensor<1xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// A dimension that is unknown may be the 1 that is broadcast.
// CHECK-LABEL: @bound_may_be_larger_than_the_value
// CHECK-NOT: clip
// CHECK-NOT: relu
func.func @bound_may_be_larger_than_the_value(%x: tensor<?xf32>) -> tensor<?xf32> {
  %lo = trt.constant dense<0.0> : tensor<4xf32>
  %y = trt.element_wise max %x, %lo : (tensor<?xf32>, tensor<4xf32>) -> tensor<?xf32>
  func.return %y : tensor<?xf32>
}

// CHECK-LABEL: @integers_have_no_clip
// CHECK-NOT: clip
func.func @integers_have_no_clip(%x: tensor<4xi32>) -> tensor<4xi32> {
  %lo = trt.constant dense<1> : tensor<1xi32>
  %hi = trt.constant dense<6> : tensor<1xi32>
  %m = trt.element_wise max %x, %lo : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  %y = trt.element_wise min %m, %hi : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  func.return %y : tensor<4xi32>
}

// CHECK-LABEL: @max_is_used_elsewhere
// CHECK-NOT: clip
func.func @max_is_used_elsewhere(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %lo = trt.constant dense<1.0> : tensor<1xf32>
  %hi = trt.constant dense<6.0> : tensor<1xf32>
  %m = trt.element_wise max %x, %lo : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %y = trt.element_wise min %m, %hi : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %z = trt.unary exp %m : tensor<4xf32> -> tensor<4xf32>
  func.return %y, %z : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @max_with_zero
// CHECK: trt.activation relu %x
func.func @max_with_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = trt.constant dense<0.0> : tensor<1xf32>
  %y = trt.element_wise max %zero, %x : (tensor<1xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @integer_max_with_zero
// CHECK: trt.activation relu %x
func.func @integer_max_with_zero(%x: tensor<4xi32>) -> tensor<4xi32> {
  %zero = trt.constant dense<0> : tensor<4xi32>
  %y = trt.element_wise max %x, %zero : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  func.return %y : tensor<4xi32>
}

// CHECK-LABEL: @max_with_one
// CHECK-NOT: relu
func.func @max_with_one(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = trt.constant dense<1.0> : tensor<1xf32>
  %y = trt.element_wise max %x, %one : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @min_with_zero
// CHECK-NOT: relu
func.func @min_with_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = trt.constant dense<0.0> : tensor<1xf32>
  %y = trt.element_wise min %x, %zero : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @sum_of_channels_after_a_conv
// CHECK: trt.scale channel %{{.*}} shift(%{{.*}} : tensor<2xf32>) channel_axis = 1 layers ["y"]
func.func @sum_of_channels_after_a_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise sum %k, %c : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @product_with_a_named_scalar
// CHECK: trt.scale uniform %{{.*}} scale(%{{.*}} : tensor<1xf32>) layers ["y"]
func.func @product_with_a_named_scalar(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<1x1x1x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise prod %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @constant_taken_away
// CHECK: %[[K:.*]] = trt.constant dense<-2.000000e+00> : tensor<1xf32>
// CHECK: trt.scale uniform %{{.*}} shift(%[[K]] : tensor<1xf32>) layers ["y"]
func.func @constant_taken_away(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<2.0> : tensor<1x1x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise sub %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @taken_away_from_a_constant
// CHECK: %[[S:.*]] = trt.constant dense<-1.000000e+00> : tensor<2xf32>
// CHECK: trt.scale channel %{{.*}} scale(%[[S]] : tensor<2xf32>) shift(%{{.*}} : tensor<2xf32>) channel_axis = 1 layers ["y"]
func.func @taken_away_from_a_constant(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise sub %k, %c : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @constant_along_the_last_axis
// CHECK: trt.scale channel {{.*}} channel_axis = 3
func.func @constant_along_the_last_axis(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<1x1x1x4xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise prod %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @constant_along_two_axes
// CHECK-NOT: trt.scale
func.func @constant_along_two_axes(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<1x2x4x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise prod %c, %k : (tensor<1x2x4x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @constant_is_larger_than_the_value
// CHECK-NOT: trt.scale
func.func @constant_is_larger_than_the_value(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<5x2x4x4xf32> {
  %k = trt.constant #trt.weight<"k" : tensor<5x1x1x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise prod %c, %k : (tensor<1x2x4x4xf32>, tensor<5x1x1x1xf32>) -> tensor<5x2x4x4xf32>
  func.return %y : tensor<5x2x4x4xf32>
}

// CHECK-LABEL: @constant_divided
// CHECK-NOT: trt.scale
func.func @constant_divided(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %k = trt.constant dense<3.0> : tensor<1x1x1x1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise div %c, %k : (tensor<1x2x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// It can join a pointwise group where it is.
// CHECK-LABEL: @no_conv_before
// CHECK-NOT: trt.scale
func.func @no_conv_before(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %k = trt.constant dense<3.0> : tensor<1x1x1x1xf32>
  %a = trt.unary exp %x : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %y = trt.element_wise sum %a, %k : (tensor<1x3x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x3x4x4xf32>
  func.return %y : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @other_operand_is_computed
// CHECK-NOT: trt.scale
func.func @other_operand_is_computed(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %k: tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = trt.element_wise sum %c, %k : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scales_in_a_row
// CHECK: %[[S:.*]] = trt.constant #trt.weight<prod("s" : tensor<3xf32>, "u" : tensor<3xf32>) : tensor<3xf32>>
// CHECK: %[[T:.*]] = trt.constant #trt.weight<scale_bias("t" : tensor<3xf32>, "u" : tensor<3xf32>, "v" : tensor<3xf32>) : tensor<3xf32>>
// CHECK: trt.scale channel %x scale(%[[S]] : tensor<3xf32>) shift(%[[T]] : tensor<3xf32>) channel_axis = 1 layers ["a", "b"]
// CHECK-NOT: trt.scale channel
func.func @scales_in_a_row(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant #trt.weight<"s" : tensor<3xf32>>
  %t = trt.constant #trt.weight<"t" : tensor<3xf32>>
  %u = trt.constant #trt.weight<"u" : tensor<3xf32>>
  %v = trt.constant #trt.weight<"v" : tensor<3xf32>>
  %a = trt.scale channel %x scale(%s : tensor<3xf32>) shift(%t : tensor<3xf32>) channel_axis = 1 : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale channel %a scale(%u : tensor<3xf32>) shift(%v : tensor<3xf32>) channel_axis = 1 : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// The axis is that of the weights, whatever the unknown dimension is.
// CHECK-LABEL: @uniform_and_channel
// CHECK: trt.scale channel %x scale(%{{.*}} : tensor<3xf32>) shift(%{{.*}} : tensor<3xf32>) channel_axis = 1 layers ["a", "b", "c"]
func.func @uniform_and_channel(%x: tensor<?x?x4x4xf32>) -> tensor<?x?x4x4xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %t = trt.constant #trt.weight<"t" : tensor<3xf32>>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<?x?x4x4xf32> -> tensor<?x?x4x4xf32>
  %b = trt.scale channel %a shift(%t : tensor<3xf32>) channel_axis = 1 : tensor<?x?x4x4xf32> -> tensor<?x?x4x4xf32>
  %c = trt.scale uniform %b shift(%s : tensor<1xf32>) : tensor<?x?x4x4xf32> -> tensor<?x?x4x4xf32>
  func.return %c : tensor<?x?x4x4xf32>
}

// CHECK-LABEL: @different_axes
// CHECK-COUNT-2: trt.scale channel
func.func @different_axes(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  %s = trt.constant #trt.weight<"s" : tensor<4xf32>>
  %a = trt.scale channel %x scale(%s : tensor<4xf32>) channel_axis = 1 : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
  %b = trt.scale channel %a scale(%s : tensor<4xf32>) channel_axis = 2 : tensor<1x4x4x4xf32> -> tensor<1x4x4x4xf32>
  func.return %b : tensor<1x4x4x4xf32>
}

// CHECK-LABEL: @first_has_a_power
// CHECK-COUNT-2: trt.scale uniform
func.func @first_has_a_power(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale uniform %x power(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale uniform %a scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @second_has_a_power
// CHECK-COUNT-2: trt.scale uniform
func.func @second_has_a_power(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale uniform %a power(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @weights_are_computed
// CHECK-COUNT-2: trt.scale uniform
func.func @weights_are_computed(%x: tensor<1x3x4x4xf32>, %s: tensor<1xf32>) -> tensor<1x3x4x4xf32> {
  %t = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale uniform %a scale(%t : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @weights_for_each_element
// CHECK: trt.scale elementwise
// CHECK: trt.scale uniform
func.func @weights_for_each_element(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %t = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale elementwise %x scale(%s : tensor<2xf32>) channel_axis = 2 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  %b = trt.scale uniform %a scale(%t : tensor<1xf32>) : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  func.return %b : tensor<1x2x2xf32>
}

// CHECK-LABEL: @product_overflows
// CHECK-COUNT-2: trt.scale uniform
func.func @product_overflows(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant dense<3.0e38> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale uniform %a scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// An integer scale saturates in between.
// CHECK-LABEL: @scales_of_integers
// CHECK-COUNT-2: trt.scale uniform
func.func @scales_of_integers(%x: tensor<1x3x4x4xi8>) -> tensor<1x3x4x4xi8> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %t = trt.constant dense<0.5> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xi8> -> tensor<1x3x4x4xi8>
  %b = trt.scale uniform %a scale(%t : tensor<1xf32>) : tensor<1x3x4x4xi8> -> tensor<1x3x4x4xi8>
  func.return %b : tensor<1x3x4x4xi8>
}

// CHECK-LABEL: @first_is_used_elsewhere
// CHECK-COUNT-2: trt.scale uniform
func.func @first_is_used_elsewhere(%x: tensor<1x3x4x4xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.scale uniform %a scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %a, %b : tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>
}

// One form makes room for the next: a sum after a scale becomes a scale, then one.
// CHECK-LABEL: @one_after_the_other
// CHECK: trt.scale uniform %x scale({{.*}}) shift({{.*}}) layers ["a", "b"]
// CHECK-NOT: trt.element_wise
func.func @one_after_the_other(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %k = trt.constant dense<3.0> : tensor<1x1x1x1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %i = trt.identity %a : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %b = trt.element_wise sum %i, %k : (tensor<1x3x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// -----

// A convolution in a group takes no scale any more.

// CHECK-LABEL: @constant_after_a_group
// CHECK: trt.fused "conv_relu"
// CHECK: trt.element_wise sum
func.func @constant_after_a_group(%x: tensor<1x2x3x3xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32> {
  %g = trt.fused "conv_relu" (%x, %w) layers ["c", "r"] : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32> {
  ^bb0(%a: tensor<1x2x3x3xf32>, %k: tensor<2x2x1x1xf32>):
    %c = trt.convolution %a, %k layers ["c"] : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
    trt.yield %r : tensor<1x2x3x3xf32>
  }
  %s = trt.constant dense<0.5> : tensor<1x1x1x1xf32>
  %y = trt.element_wise sum %g, %s : (tensor<1x2x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  func.return %y : tensor<1x2x3x3xf32>
}
