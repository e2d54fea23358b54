// RUN: fuse-opt %s --fuse-qdq-backward --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @reshape
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}} layers ["q"] : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi8>
// CHECK-NEXT: %[[Y:.*]] = trt.shuffle %[[Q]] reshape = [6] layers ["y"] : tensor<2x3xi8> -> tensor<6xi8>
// CHECK-NEXT: func.return %[[Y]]
func.func @reshape(%x: tensor<2x3xf32>) -> tensor<6xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [6] : tensor<2x3xf32> -> tensor<6xf32>
  // expected-remark@+1 {{[Passed] fuse-qdq-backward | Category:fusion | Reason="fused into y"}}
  %q = trt.quantize %y, %s : (tensor<6xf32>, tensor<f32>) -> tensor<6xi8>
  func.return %q : tensor<6xi8>
}

// -----

// CHECK-LABEL: @several_in_a_row
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}} layers ["q"]
// CHECK-NEXT: %[[P:.*]] = trt.padding %[[Q]]
// CHECK-NEXT: %[[S:.*]] = trt.slice %[[P]]
// CHECK-NEXT: %[[I:.*]] = trt.identity %[[S]]
// CHECK-NEXT: %[[T:.*]] = trt.shuffle %[[I]]
// CHECK-NEXT: func.return %[[T]]
func.func @several_in_a_row(%x: tensor<1x2x5x5xf16>) -> tensor<1x2x9xi8> {
  %s = trt.constant dense<0.1> : tensor<f16>
  %p = trt.padding %x pre_padding = [1, 0] post_padding = [0, 1] : tensor<1x2x5x5xf16> -> tensor<1x2x6x6xf16>
  %c = trt.slice %p start = [0, 0, 5, 0] size = [1, 2, 3, 3] stride = [1, 1, -2, 2] : tensor<1x2x6x6xf16> -> tensor<1x2x3x3xf16>
  %i = trt.identity %c : tensor<1x2x3x3xf16> -> tensor<1x2x3x3xf16>
  %t = trt.shuffle %i reshape = [1, 2, 9] : tensor<1x2x3x3xf16> -> tensor<1x2x9xf16>
  %q = trt.quantize %t, %s : (tensor<1x2x9xf16>, tensor<f16>) -> tensor<1x2x9xi8>
  func.return %q : tensor<1x2x9xi8>
}

// -----

// CHECK-LABEL: @concatenation_is_split
// CHECK: %[[A:.*]] = trt.quantize %x, %{{.*}} layers ["q"]
// CHECK-NEXT: %[[B:.*]] = trt.quantize %y, %{{.*}} layers ["q#2"]
// CHECK-NEXT: %[[C:.*]] = trt.concatenation %[[A]], %[[B]], %[[A]] axis = 0 layers ["c"]
// CHECK-NEXT: func.return %[[C]]
func.func @concatenation_is_split(%x: tensor<2x3xf32>, %y: tensor<1x3xf32>) -> tensor<5x3xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %c = trt.concatenation %x, %y, %x axis = 0 : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
  %q = trt.quantize %c, %s : (tensor<5x3xf32>, tensor<f32>) -> tensor<5x3xi8>
  func.return %q : tensor<5x3xi8>
}

// -----

// Each input goes its own way on.
// CHECK-LABEL: @concatenation_of_movements
// CHECK: %[[A:.*]] = trt.quantize %x
// CHECK: %[[B:.*]] = trt.quantize %y
// CHECK: trt.shuffle %[[B]]
func.func @concatenation_of_movements(%x: tensor<2x2xf32>, %y: tensor<4xf32>) -> tensor<4x2xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %r = trt.shuffle %y reshape = [2, 2] : tensor<4xf32> -> tensor<2x2xf32>
  %c = trt.concatenation %x, %r axis = 0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %q = trt.quantize %c, %s : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xi8>
  func.return %q : tensor<4x2xi8>
}

// -----

// CHECK-LABEL: @scales_follow_their_axis
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}} axis = 1 layers ["q"]
// CHECK-NEXT: %[[C:.*]] = trt.slice %[[Q]]
// CHECK-NEXT: trt.shuffle %[[C]]
func.func @scales_follow_their_axis(%x: tensor<1x2x5x5xf32>) -> tensor<1x3x3x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %c = trt.slice %x start = [0, 0, 1, 2] size = [1, 2, 3, 3] : tensor<1x2x5x5xf32> -> tensor<1x2x3x3xf32>
  %t = trt.shuffle %c first_transpose = [0, 2, 3, 1] : tensor<1x2x3x3xf32> -> tensor<1x3x3x2xf32>
  %q = trt.quantize %t, %s axis = 3 : (tensor<1x3x3x2xf32>, tensor<2xf32>) -> tensor<1x3x3x2xi8>
  func.return %q : tensor<1x3x3x2xi8>
}

// -----

// CHECK-LABEL: @zero_point_and_computed_scale_of_a_movement
// CHECK: %[[Q:.*]] = trt.quantize %x, %s, %z
// CHECK-NEXT: trt.shuffle %[[Q]]
func.func @zero_point_and_computed_scale_of_a_movement(%x: tensor<2x?xf32>, %s: tensor<f32>, %z: tensor<i8>) -> tensor<?x2xi8> {
  %t = trt.shuffle %x first_transpose = [1, 0] : tensor<2x?xf32> -> tensor<?x2xf32>
  %q = trt.quantize %t, %s, %z : (tensor<?x2xf32>, tensor<f32>, tensor<i8>) -> tensor<?x2xi8>
  func.return %q : tensor<?x2xi8>
}

// -----

// CHECK-LABEL: @input_is_used_elsewhere
// CHECK: trt.unary neg %x
// CHECK: %[[Q:.*]] = trt.quantize %x
// CHECK: trt.shuffle %[[Q]]
func.func @input_is_used_elsewhere(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %n = trt.unary neg %x : tensor<2x2xf32> -> tensor<2x2xf32>
  %y = trt.shuffle %x reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %n, %q : tensor<2x2xf32>, tensor<4xi8>
}

// -----

// Side by side, equal quantisations become one, which goes on.
// CHECK-LABEL: @meeting_on_the_way
// CHECK: %[[Q:.*]] = trt.quantize %x, %{{.*}} layers ["q"]
// CHECK-NEXT: %[[F:.*]] = trt.shuffle %[[Q]]
// CHECK-NOT: trt.quantize
// CHECK: trt.shuffle %[[F]] first_transpose = [1, 0] layers ["a"]
// CHECK-NEXT: trt.shuffle %[[F]] reshape = [4] layers ["b"]
func.func @meeting_on_the_way(%x: tensor<4xf32>) -> (tensor<2x2xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %f = trt.shuffle %x reshape = [2, 2] : tensor<4xf32> -> tensor<2x2xf32>
  %a = trt.shuffle %f first_transpose = [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
  %b = trt.shuffle %f reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  %q = trt.quantize %a, %s : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xi8>
  %r = trt.quantize %b, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q, %r : tensor<2x2xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @floats_are_used_elsewhere
// CHECK: trt.shuffle %x
// CHECK: trt.quantize
func.func @floats_are_used_elsewhere(%x: tensor<2x2xf32>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  %n = trt.unary neg %y : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{found 'y' is used by 2 layers, also by 'n'", Constraint="single-use", Blocker="'n'"}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %n, %q : tensor<4xf32>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @floats_are_an_output
// CHECK: trt.shuffle %x
// CHECK: trt.quantize
func.func @floats_are_an_output(%x: tensor<2x2xf32>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="network-output"}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %y, %q : tensor<4xf32>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @quantized_by_two_scales
// CHECK: trt.shuffle %x
// CHECK-COUNT-2: trt.quantize
func.func @quantized_by_two_scales(%x: tensor<2x2xf32>) -> (tensor<4xi8>, tensor<4xi8>) {
  %s = trt.constant dense<0x3DCCCCCD> : tensor<f32>
  %t = trt.constant dense<0x3DCCCCCE> : tensor<f32>
  %y = trt.shuffle %x reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="single-use", Blocker="'r'"}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  // expected-remark@+1 {{Constraint="single-use", Blocker="'q'"}}
  %r = trt.quantize %y, %t : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q, %r : tensor<4xi8>, tensor<4xi8>
}

// -----

// CHECK-LABEL: @scales_along_a_reshaped_axis
// CHECK: trt.shuffle %x
// CHECK: trt.quantize
func.func @scales_along_a_reshaped_axis(%x: tensor<4xf32>) -> tensor<2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %y = trt.shuffle %x reshape = [2, 2] : tensor<4xf32> -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %q = trt.quantize %y, %s axis = 0 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @scales_along_a_cut_axis
// CHECK: trt.slice %x
// CHECK: trt.quantize
func.func @scales_along_a_cut_axis(%x: tensor<4x2xf32>) -> tensor<2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %y = trt.slice %x start = [1, 0] size = [2, 2] : tensor<4x2xf32> -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %q = trt.quantize %y, %s axis = 0 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @fill_of_another_number
// CHECK: trt.slice %x
// CHECK: trt.quantize
func.func @fill_of_another_number(%x: tensor<2xf32>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %o = trt.constant dense<1.0> : tensor<f32>
  %y = trt.slice %x fill(%o : tensor<f32>) start = [-1] size = [4] mode = fill : tensor<2xf32> -> tensor<4xf32>
  // expected-remark@+1 {{needs a fill of zero, found a fill of 1.0", Constraint="zero-fill"}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @zeros_are_padded_but_not_level_zero
// CHECK: trt.padding %x
// CHECK: trt.quantize
func.func @zeros_are_padded_but_not_level_zero(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x3x2xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %z = trt.constant dense<7> : tensor<i8>
  %y = trt.padding %x pre_padding = [1, 0] post_padding = [0, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  // expected-remark@+1 {{found a zero point of 7", Constraint="zero-point"}}
  %q = trt.quantize %y, %s, %z : (tensor<1x1x3x2xf32>, tensor<f32>, tensor<i8>) -> tensor<1x1x3x2xi8>
  func.return %q : tensor<1x1x3x2xi8>
}

// -----

// CHECK-LABEL: @scales_along_the_joined_axis
// CHECK: trt.concatenation
// CHECK: trt.quantize
func.func @scales_along_the_joined_axis(%x: tensor<1x2xf32>) -> tensor<2x2xi8> {
  %s = trt.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %y = trt.concatenation %x, %x axis = 0 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  // expected-remark@+1 {{found scales along axis 0", Constraint="scale-axis"}}
  %q = trt.quantize %y, %s axis = 0 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xi8>
  func.return %q : tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @zeros_of_a_computed_scale
// CHECK: trt.padding %x
// CHECK: trt.quantize
func.func @zeros_of_a_computed_scale(%x: tensor<1x1x2x2xf32>, %s: tensor<f32>) -> tensor<1x1x3x2xi8> {
  %y = trt.padding %x pre_padding = [1, 0] post_padding = [0, 0] : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  // expected-remark@+1 {{found a scale that is computed", Constraint="positive-scale"}}
  %q = trt.quantize %y, %s : (tensor<1x1x3x2xf32>, tensor<f32>) -> tensor<1x1x3x2xi8>
  func.return %q : tensor<1x1x3x2xi8>
}

// -----

// CHECK-LABEL: @may_not_be_fused
// CHECK: trt.shuffle %x
func.func @may_not_be_fused(%x: tensor<2x2xf32>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [4] {trt.no_fuse} : tensor<2x2xf32> -> tensor<4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'y'"}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// CHECK-LABEL: @types_differ
// CHECK: trt.shuffle %x
func.func @types_differ(%x: tensor<?x2xf32>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [-1] : tensor<?x2xf32> -> tensor<?xf32>
  // expected-remark@+1 {{Constraint="types"}}
  %q = trt.quantize %y, %s : (tensor<?xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %q : tensor<4xi8>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x2xf32>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.shuffle %x reshape = [4] : tensor<2x2xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Missed]}}
  %q = trt.quantize %y, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  func.return %y, %q : tensor<4xf32>, tensor<4xi8>
}

// CHECK-LABEL: @average_is_computed
// CHECK: trt.pooling average %x
func.func @average_is_computed(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x3x3xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %y = trt.pooling average %x window = [2, 2] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  %q = trt.quantize %y, %s : (tensor<1x1x3x3xf32>, tensor<f32>) -> tensor<1x1x3x3xi8>
  func.return %q : tensor<1x1x3x3xi8>
}

// CHECK-LABEL: @integers_are_moved_already
// CHECK: %[[Q:.*]] = trt.quantize %x
// CHECK: trt.shuffle %[[Q]]
func.func @integers_are_moved_already(%x: tensor<2x2xf32>) -> tensor<4xi8> {
  %s = trt.constant dense<0.1> : tensor<f32>
  %q = trt.quantize %x, %s : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xi8>
  %y = trt.shuffle %q reshape = [4] : tensor<2x2xi8> -> tensor<4xi8>
  func.return %y : tensor<4xi8>
}
