// RUN: fuse-opt %s --fuse-qdq-forward --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @reshape_and_transpose
// CHECK: %[[Y:.*]] = trt.shuffle %x reshape = [6] layers ["y"] : tensor<2x3xi8> -> tensor<6xi8>
// CHECK-NEXT: %[[D:.*]] = trt.dequantize %[[Y]], %{{.*}} layers ["d"] : (tensor<6xi8>, tensor<f32>) -> tensor<6xf32>
// CHECK-NEXT: func.return %[[D]]
func.func @reshape_and_transpose(%x: tensor<2x3xi8>) -> tensor<6xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-forward | Category:fusion | Reason="fused into d"}}
  %y = trt.shuffle %d reshape = [6] : tensor<2x3xf32> -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}

// -----

// CHECK-LABEL: @several_in_a_row
// CHECK: %[[P:.*]] = trt.padding %x
// CHECK-NEXT: %[[M:.*]] = trt.pooling max %[[P]]
// CHECK-NEXT: %[[S:.*]] = trt.slice %[[M]]
// CHECK-NEXT: %[[I:.*]] = trt.identity %[[S]]
// CHECK-NEXT: %[[T:.*]] = trt.shuffle %[[I]]
// CHECK-NEXT: trt.dequantize %[[T]], %{{.*}} layers ["d"]
func.func @several_in_a_row(%x: tensor<1x2x5x5xi8>) -> tensor<1x2x9xf16> {
  %s = trt.constant dense<0.1> : tensor<f16>
  %d = trt.dequantize %x, %s : (tensor<1x2x5x5xi8>, tensor<f16>) -> tensor<1x2x5x5xf16>
  %p = trt.padding %d pre_padding = [1, 0] post_padding = [0, 1] : tensor<1x2x5x5xf16> -> tensor<1x2x6x6xf16>
  %m = trt.pooling max %p window = [3, 3] pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x6x6xf16> -> tensor<1x2x6x6xf16>
  %c = trt.slice %m start = [0, 0, 5, 0] size = [1, 2, 3, 3] stride = [1, 1, -2, 2] : tensor<1x2x6x6xf16> -> tensor<1x2x3x3xf16>
  %i = trt.identity %c : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf16>
  %t = trt.shuffle %i reshape = [1, 2, 9] : tensor<1x2x3x3xf16> -> tensor<1x2x9xf16>
  func.return %t : tensor<1x2x9xf16>
}

// -----

// CHECK-LABEL: @concatenation
// CHECK: %[[C:.*]] = trt.concatenation %x, %y, %x axis = 0 layers ["c"]
// CHECK-NEXT: trt.dequantize %[[C]], %{{.*}} layers ["a", "b"]
func.func @concatenation(%x: tensor<2x3xi8>, %y: tensor<1x3xi8>) -> tensor<5x3xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %t = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<0> : tensor<i8>
  %a = trt.dequantize %x, %s : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xf32>
  %b = trt.dequantize %y, %t, %z : (tensor<1x3xi8>, tensor<f32>, tensor<i8>) -> tensor<1x3xf32>
  %c = trt.concatenation %a, %b, %a axis = 0 : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  func.return %c : tensor<5x3xf32>
}

// -----

// CHECK-LABEL: @scales_follow_their_axis
// CHECK: %[[P:.*]] = trt.pooling max %x
// CHECK-NEXT: %[[Q:.*]] = trt.padding %[[P]]
// CHECK-NEXT: %[[S:.*]] = trt.slice %[[Q]]
// CHECK-NEXT: %[[C:.*]] = trt.concatenation %[[S]]
// CHECK-NEXT: %[[I:.*]] = trt.identity %[[C]]
// CHECK-NEXT: %[[T:.*]] = trt.shuffle %[[I]]
// CHECK-NEXT: trt.dequantize %[[T]], %{{.*}} axis = 3 layers ["d"]
func.func @scales_follow_their_axis(%x: tensor<1x2x5x5xi8>) -> tensor<1x6x3x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 1 : (tensor<1x2x5x5xi8>, tensor<2xf32>) -> tensor<1x2x5x5xf32>
  %p = trt.pooling max %d window = [2, 2] : tensor<1x2x5x5xf32> -> tensor<1x2x4x4xf32>
  %q = trt.padding %p pre_padding = [1, 1] post_padding = [0, 0] : tensor<1x2x4x4xf32> -> tensor<1x2x5x5xf32>
  %c = trt.slice %q start = [0, 0, 1, 2] size = [1, 2, 3, 3] : tensor<1x2x5x5xf32> -> tensor<1x2x3x3xf32>
  %k = trt.concatenation %c, %c axis = 3 : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x6xf32>
  %i = trt.identity %k : tensor<1x2x3x6xf32> -> tensor<1x2x3x6xf32>
  %t = trt.shuffle %i first_transpose = [0, 2, 3, 1] second_transpose = [0, 2, 1, 3] : tensor<1x2x3x6xf32> -> tensor<1x6x3x2xf32>
  func.return %t : tensor<1x6x3x2xf32>
}

// -----

// A zero point moves along; only where zeros come in it matters.
// CHECK-LABEL: @zero_point_moves_along
// CHECK: %[[M:.*]] = trt.pooling max %x
// CHECK-NEXT: trt.dequantize %[[M]], %{{.*}}, %{{.*}} layers ["d"] : (tensor<1x1x2x2xi8>, tensor<f32>, tensor<i8>)
func.func @zero_point_moves_along(%x: tensor<1x1x4x4xi8>) -> tensor<1x1x2x2xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<5> : tensor<i8>
  %d = trt.dequantize %x, %s, %z : (tensor<1x1x4x4xi8>, tensor<f32>, tensor<i8>) -> tensor<1x1x4x4xf32>
  %m = trt.pooling max %d window = [2, 2] stride = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x2x2xf32>
  func.return %m : tensor<1x1x2x2xf32>
}

// -----

// CHECK-LABEL: @computed_scale_where_nothing_is_compared
// CHECK: %[[Y:.*]] = trt.shuffle %x
// CHECK-NEXT: trt.dequantize %[[Y]], %s
func.func @computed_scale_where_nothing_is_compared(%x: tensor<2x?xi8>, %s: tensor<f32>) -> tensor<?x2xf32> {
  %d = trt.dequantize %x, %s : (tensor<2x?xi8>, tensor<f32>) -> tensor<2x?xf32>
  %y = trt.shuffle %d first_transpose = [1, 0] : tensor<2x?xf32> -> tensor<?x2xf32>
  func.return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: @fill_of_zero
// CHECK: %[[Y:.*]] = trt.slice %x start = [-1] size = [4] mode = fill layers ["y"] : tensor<2xi8>
// CHECK-NEXT: trt.dequantize %[[Y]]
func.func @fill_of_zero(%x: tensor<2xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %o = trt.constant dense<0.0> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  %y = trt.slice %d fill(%o : tensor<f32>) start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// The floats stay for their other user; the copy has an id of its own.
// CHECK-LABEL: @floats_are_used_elsewhere
// CHECK: %[[D:.*]] = trt.dequantize %x, %{{.*}} layers ["d"]
// CHECK: %[[Y:.*]] = trt.shuffle %x reshape = [4] layers ["y"]
// CHECK: %[[E:.*]] = trt.dequantize %[[Y]], %{{.*}} layers ["d#2"]
// CHECK: func.return %[[D]], %[[E]]
func.func @floats_are_used_elsewhere(%x: tensor<2x2xi8>) -> (tensor<2x2xf32>, tensor<4xf32>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %y = trt.shuffle %d reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  func.return %d, %y : tensor<2x2xf32>, tensor<4xf32>
}

// -----

// A path from one input of the concatenation to another is none through what is moved.
// CHECK-LABEL: @dense_block
// CHECK: %[[Q:.*]] = trt.quantize
// CHECK: %[[C:.*]] = trt.concatenation %x, %[[Q]]
// CHECK: trt.dequantize %[[C]], %{{.*}} layers ["e"]
func.func @dense_block(%x: tensor<4xi8>) -> tensor<8xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %n = trt.unary neg %d : tensor<4xf32> -> tensor<4xf32>
  %q = trt.quantize %n, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %e = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %c = trt.concatenation %d, %e axis = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  func.return %c : tensor<8xf32>
}

// -----

// CHECK-LABEL: @one_input_is_a_float
// CHECK: trt.dequantize %x
// CHECK: trt.concatenation
func.func @one_input_is_a_float(%x: tensor<4xi8>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %n = trt.unary neg %y : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{needs inputs that are all dequantised, found an input that is a float", Constraint="all-dequantized", Blocker="'n'"}}
  %c = trt.concatenation %d, %n axis = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  func.return %c : tensor<8xf32>
}

// -----

// CHECK-LABEL: @other_scale
// CHECK-COUNT-2: trt.dequantize
// CHECK: trt.concatenation
func.func @other_scale(%x: tensor<2x2xi8>, %y: tensor<2x2xi8>) -> tensor<4x2xf32> {
  %s = trt.constant dense<0x3DCCCCCD> : tensor<f32>
  %t = trt.constant dense<0x3DCCCCCE> : tensor<f32>
  %a = trt.dequantize %x, %s : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %b = trt.dequantize %y, %t : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{needs the same scale, found 0.10000000149011612 and 0.10000000894069672", Constraint="same-scale", Blocker="'b'"}}
  %c = trt.concatenation %a, %b axis = 0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  func.return %c : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @other_axis
// CHECK-COUNT-2: trt.dequantize
// CHECK: trt.concatenation
func.func @other_axis(%x: tensor<2x2xi8>, %y: tensor<2x2xi8>) -> tensor<4x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %a = trt.dequantize %x, %s axis = 1 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %b = trt.dequantize %y, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{found 1 and 0", Constraint="same-axis"}}
  %c = trt.concatenation %a, %b axis = 0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  func.return %c : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @other_zero_point
// CHECK-COUNT-2: trt.dequantize
// CHECK: trt.concatenation
func.func @other_zero_point(%x: tensor<2x2xi8>, %y: tensor<2x2xi8>) -> tensor<4x2xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<2> : tensor<i8>
  %a = trt.dequantize %x, %s : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %b = trt.dequantize %y, %s, %z : (tensor<2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<2x2xf32>
  // expected-remark@+1 {{Constraint="same-zero-point"}}
  %c = trt.concatenation %a, %b axis = 0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  func.return %c : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @scales_along_the_joined_axis
// CHECK-COUNT-2: trt.dequantize
// CHECK: trt.concatenation
func.func @scales_along_the_joined_axis(%x: tensor<2x2xi8>, %y: tensor<2x2xi8>) -> tensor<4x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %a = trt.dequantize %x, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %b = trt.dequantize %y, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %c = trt.concatenation %a, %b axis = 0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  func.return %c : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @scales_along_a_reshaped_axis
// CHECK: trt.dequantize %x
// CHECK: trt.shuffle
func.func @scales_along_a_reshaped_axis(%x: tensor<2x2xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %y = trt.shuffle %d reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @scales_along_a_pooled_axis
// CHECK: trt.dequantize %x
// CHECK: trt.pooling
func.func @scales_along_a_pooled_axis(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x2x1xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 2 : (tensor<1x1x2x2xi8>, tensor<2xf32>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{found scales along axis 2", Constraint="scale-axis"}}
  %y = trt.pooling max %d window = [1, 2] : tensor<1x1x2x2xf32> -> tensor<1x1x2x1xf32>
  func.return %y : tensor<1x1x2x1xf32>
}

// -----

// CHECK-LABEL: @scales_along_a_padded_axis
// CHECK: trt.dequantize %x
// CHECK: trt.padding
func.func @scales_along_a_padded_axis(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x3x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 2 : (tensor<1x1x2x2xi8>, tensor<2xf32>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{found scales along axis 2", Constraint="scale-axis"}}
  %y = trt.padding %d pre_padding = [1, 0] post_padding = [0, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  func.return %y : tensor<1x1x3x2xf32>
}

// -----

// CHECK-LABEL: @scales_along_a_reversed_axis
// CHECK: trt.dequantize %x
// CHECK: trt.slice
func.func @scales_along_a_reversed_axis(%x: tensor<2x2xi8>) -> tensor<2x2xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 0 : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %y = trt.slice %d start = [1, 0] size = [2, 2] stride = [-1, 1] : tensor<2x2xf32> -> tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: @maximum_of_a_negative_scale
// CHECK: trt.dequantize %x
// CHECK: trt.pooling
func.func @maximum_of_a_negative_scale(%x: tensor<1x1x4x4xi8>) -> tensor<1x1x3x3xf32> {
  %s = trt.constant dense<-0.5> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<1x1x4x4xi8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  // expected-remark@+1 {{needs a constant scale, positive and finite, where elements are compared or zeros brought in, found a scale of -0.5", Constraint="positive-scale"}}
  %y = trt.pooling max %d window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  func.return %y : tensor<1x1x3x3xf32>
}

// -----

// CHECK-LABEL: @maximum_of_one_negative_channel
// CHECK: trt.dequantize %x
// CHECK: trt.pooling
func.func @maximum_of_one_negative_channel(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 1 : (tensor<1x2x4x4xi8>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a constant scale, positive and finite, where elements are compared or zeros brought in, found a scale of -0.5", Constraint="positive-scale"}}
  %y = trt.pooling max %d window = [2, 2] : tensor<1x2x4x4xf32> -> tensor<1x2x3x3xf32>
  func.return %y : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @zeros_of_an_infinite_scale
// CHECK: trt.dequantize %x
// CHECK: trt.padding
func.func @zeros_of_an_infinite_scale(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x3x2xf32> {
  %s = trt.constant dense<0x7F800000> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<1x1x2x2xi8>, tensor<f32>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{needs a constant scale, positive and finite, where elements are compared or zeros brought in, found a scale of inf", Constraint="positive-scale"}}
  %y = trt.padding %d pre_padding = [1, 0] post_padding = [0, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  func.return %y : tensor<1x1x3x2xf32>
}

// -----

// CHECK-LABEL: @fill_of_another_number
// CHECK: trt.dequantize %x
// CHECK: trt.slice
func.func @fill_of_another_number(%x: tensor<2xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %o = trt.constant dense<1.0> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  // expected-remark@+1 {{needs a fill of zero, found a fill of 1.0", Constraint="zero-fill"}}
  %y = trt.slice %d fill(%o : tensor<f32>) start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @zeros_are_padded_but_not_level_zero
// CHECK: trt.dequantize %x
// CHECK: trt.padding
func.func @zeros_are_padded_but_not_level_zero(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x3x2xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<7> : tensor<i8>
  %d = trt.dequantize %x, %s, %z : (tensor<1x1x2x2xi8>, tensor<f32>, tensor<i8>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{needs a zero point of zero where zeros are brought in, found a zero point of 7", Constraint="zero-point"}}
  %y = trt.padding %d pre_padding = [1, 0] post_padding = [0, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  func.return %y : tensor<1x1x3x2xf32>
}

// -----

// CHECK-LABEL: @zeros_are_filled_in_but_not_level_zero
// CHECK: trt.dequantize %x
// CHECK: trt.slice
func.func @zeros_are_filled_in_but_not_level_zero(%x: tensor<2xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<7> : tensor<i8>
  %d = trt.dequantize %x, %s, %z : (tensor<2xi8>, tensor<f32>, tensor<i8>) -> tensor<2xf32>
  // expected-remark@+1 {{Constraint="zero-point"}}
  %y = trt.slice %d start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @first_window_sees_padding_only
// CHECK: trt.dequantize %x
// CHECK: trt.pooling
func.func @first_window_sees_padding_only(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x3x2xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<1x1x2x2xi8>, tensor<f32>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{needs padding narrower than the window, found padding as wide as the window", Constraint="window-sees-input"}}
  %y = trt.pooling max %d window = [1, 1] pre_padding = [1, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  func.return %y : tensor<1x1x3x2xf32>
}

// -----

// CHECK-LABEL: @last_window_sees_padding_only
// CHECK: trt.dequantize %x
// CHECK: trt.pooling
func.func @last_window_sees_padding_only(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x2x1xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<1x1x2x2xi8>, tensor<f32>) -> tensor<1x1x2x2xf32>
  // expected-remark@+1 {{needs padding narrower than the window, found padding as wide as the window", Constraint="window-sees-input"}}
  %y = trt.pooling max %d window = [2, 2] stride = [3, 1] post_padding = [1, 0] padding_mode = explicit_round_up : tensor<1x1x2x2xf32> -> tensor<1x1x2x1xf32>
  func.return %y : tensor<1x1x2x1xf32>
}

// -----

// CHECK-LABEL: @computed_scale_of_a_maximum
// CHECK: trt.dequantize %x
func.func @computed_scale_of_a_maximum(%x: tensor<1x1x4x4xi8>, %s: tensor<f32>) -> tensor<1x1x3x3xf32> {
  %d = trt.dequantize %x, %s : (tensor<1x1x4x4xi8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  // expected-remark@+1 {{found a scale that is computed", Constraint="positive-scale"}}
  %y = trt.pooling max %d window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  func.return %y : tensor<1x1x3x3xf32>
}

// -----

// CHECK-LABEL: @computed_fill
// CHECK: trt.dequantize %x
func.func @computed_fill(%x: tensor<2xi8>, %o: tensor<f32>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  // expected-remark@+1 {{found a fill that is computed", Constraint="zero-fill"}}
  %y = trt.slice %d fill(%o : tensor<f32>) start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: @unknown_dimension_of_scales
// CHECK: trt.dequantize %x
func.func @unknown_dimension_of_scales(%x: tensor<?x2xi8>) -> tensor<2x1xf32> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %d = trt.dequantize %x, %s axis = 0 : (tensor<?x2xi8>, tensor<2xf32>) -> tensor<?x2xf32>
  // expected-remark@+1 {{Constraint="scale-axis"}}
  %y = trt.slice %d start = [0, 0] size = [2, 1] : tensor<?x2xf32> -> tensor<2x1xf32>
  func.return %y : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: @may_not_be_fused
// CHECK: trt.dequantize %x
func.func @may_not_be_fused(%x: tensor<2x2xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'y'"}}
  %y = trt.shuffle %d reshape = [4] {trt.no_fuse} : tensor<2x2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2xi8>, %o: tensor<f32>, %s: tensor<f32>) -> tensor<4xf32> {
  %d = trt.dequantize %x, %s : (tensor<2xi8>, tensor<f32>) -> tensor<2xf32>
  // expected-remark@+1 {{[Missed]}}
  %y = trt.slice %d fill(%o : tensor<f32>) start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @average_is_computed
// CHECK: trt.dequantize %x
func.func @average_is_computed(%x: tensor<1x1x4x4xi8>) -> tensor<1x1x3x3xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<1x1x4x4xi8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %y = trt.pooling average %d window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  func.return %y : tensor<1x1x3x3xf32>
}

// CHECK-LABEL: @relu_is_left_to_epilogues
// CHECK: trt.dequantize %x
func.func @relu_is_left_to_epilogues(%x: tensor<4xi8>) -> tensor<4xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %d = trt.dequantize %x, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %y = trt.activation relu %d : tensor<4xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// CHECK-LABEL: @fill_is_dequantized_only
// CHECK: trt.dequantize %q
func.func @fill_is_dequantized_only(%x: tensor<4xf32>, %q: tensor<i8>) -> tensor<6xf32> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %o = trt.dequantize %q, %s : (tensor<i8>, tensor<f32>) -> tensor<f32>
  %y = trt.slice %x fill(%o : tensor<f32>) start = [-1] size = [6] mode = fill : tensor<4xf32> -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}
