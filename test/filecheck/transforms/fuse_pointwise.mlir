// RUN: fuse-opt %s --fuse-pointwise --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @chain
// CHECK: %[[Y:.*]] = trt.fused "pointwise"(%x) layers ["a", "b"]
// CHECK: %[[A:.*]] = trt.activation tanh
// CHECK: %[[B:.*]] = trt.unary exp %[[A]]
// CHECK: trt.yield %[[B]]
// CHECK: func.return %[[Y]]
func.func @chain(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = trt.activation tanh %x : tensor<2x4xf32> -> tensor<2x4xf32>
  // expected-remark@+1 {{[Passed] fuse-pointwise | Category:fusion | Reason="fused into fusedPointwiseNode(a, b)"}}
  %b = trt.unary exp %a : tensor<2x4xf32> -> tensor<2x4xf32>
  func.return %b : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @silu
// CHECK: trt.fused "pointwise"(%x) layers ["n", "s", "y"]
// CHECK-NOT: trt.fused
func.func @silu(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %n = trt.unary neg %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %s = trt.activation sigmoid %n : tensor<2x4xf32> -> tensor<2x4xf32>
  %y = trt.element_wise prod %n, %s : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @square
// CHECK: trt.fused "pointwise"(%x) layers ["a", "y"]
func.func @square(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = trt.unary sin %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %y = trt.element_wise prod %a, %a : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @two_groups_become_one
// CHECK: trt.fused "pointwise"(%x, %y) layers ["a", "b", "c", "d", "s"]
// CHECK-NOT: trt.fused
func.func @two_groups_become_one(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary sin %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %a : tensor<4xf32> -> tensor<4xf32>
  %c = trt.unary cos %y : tensor<4xf32> -> tensor<4xf32>
  %d = trt.unary abs %c : tensor<4xf32> -> tensor<4xf32>
  %s = trt.element_wise sum %b, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %s : tensor<4xf32>
}

// -----

// Constants of one element are literals whatever their rank; larger ones are read.
// CHECK-LABEL: @constants
// CHECK: %[[L:.*]] = trt.constant dense<{{.*}}> : tensor<1x4xf32>
// CHECK: trt.fused "pointwise"(%x, %[[L]]) layers ["a", "b", "c"]
// CHECK: trt.constant dense<2.000000e+00> : tensor<1x1xf32>
// CHECK: trt.constant dense<3.000000e+00> : tensor<1xf32>
func.func @constants(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %two = trt.constant dense<2.0> : tensor<1x1xf32>
  %three = trt.constant dense<3.0> : tensor<1xf32>
  %list = trt.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %a = trt.element_wise prod %x, %two : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  %b = trt.scale uniform %a scale(%three : tensor<1xf32>) : tensor<2x4xf32> -> tensor<2x4xf32>
  %c = trt.element_wise sum %b, %list : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  func.return %c : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @scalar_of_rank_zero
// CHECK: trt.fused "pointwise"(%x) layers
func.func @scalar_of_rank_zero(%x: tensor<f32>) -> tensor<f32> {
  %two = trt.constant dense<2.0> : tensor<f32>
  %a = trt.element_wise pow %x, %two : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %b = trt.activation relu %a : tensor<f32> -> tensor<f32>
  func.return %b : tensor<f32>
}

// -----

// CHECK-LABEL: @broadcast_input
// CHECK: trt.fused "pointwise"(%x, %y) layers ["a", "b"]
func.func @broadcast_input(%x: tensor<2x3x4xf32>, %y: tensor<1x3x1xf32>) -> tensor<2x3x4xf32> {
  %a = trt.element_wise sum %x, %y : (tensor<2x3x4xf32>, tensor<1x3x1xf32>) -> tensor<2x3x4xf32>
  %b = trt.activation relu %a : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return %b : tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: @truth_values_inside
// CHECK: trt.fused "pointwise"(%x, %y) layers ["g", "l", "b"]
func.func @truth_values_inside(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xi1> {
  %g = trt.element_wise greater %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %l = trt.unary isnan %x : tensor<4xf32> -> tensor<4xi1>
  %b = trt.element_wise or %g, %l : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %b : tensor<4xi1>
}

// -----

// CHECK-LABEL: @integers
// CHECK: trt.fused "pointwise"(%x, %y) layers ["a", "b"]
func.func @integers(%x: tensor<4xi32>, %y: tensor<4xi32>) -> tensor<4xi32> {
  %a = trt.element_wise sum %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %b = trt.activation relu %a : tensor<4xi32> -> tensor<4xi32>
  func.return %b : tensor<4xi32>
}

// -----

// CHECK-LABEL: @value_inside_is_an_output
// CHECK: %[[A:.*]], %[[B:.*]] = trt.fused "pointwise"(%x)
// CHECK: func.return %[[B]], %[[A]]
func.func @value_inside_is_an_output(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = trt.unary sin %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b, %a : tensor<4xf32>, tensor<4xf32>
}

// -----

// The convolutions stood before the group and use what it makes.
// CHECK-LABEL: @users_move_below_the_group
// CHECK: %[[A:.*]], %[[B:.*]] = trt.fused "pointwise"(%x)
// CHECK: %[[C:.*]] = trt.convolution %[[A]], %w
// CHECK: %[[D:.*]] = trt.convolution %[[C]], %w
// CHECK: func.return %[[B]], %[[D]]
func.func @users_move_below_the_group(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %a = trt.unary sin %x : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %c = trt.convolution %a, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %d = trt.convolution %c, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = trt.activation relu %a : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %b, %d : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// The pooling neither uses nor feeds the group, so it stays where it is.
// CHECK-LABEL: @bystanders_stay
// CHECK: %[[P:.*]] = trt.convolution %x, %w
// CHECK: trt.fused "pointwise"(%x)
// CHECK: trt.convolution
func.func @bystanders_stay(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %a = trt.unary sin %x : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %c = trt.convolution %a, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %d = trt.convolution %x, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = trt.activation relu %a : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %b, %c, %d : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.fused "pointwise"(%x) layers ["a", "b"]
func.func @unknown_dimensions(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %a = trt.unary sin %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %b = trt.activation relu %a : tensor<?x4xf32> -> tensor<?x4xf32>
  func.return %b : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @scale_of_channels
// CHECK-NOT: trt.fused
func.func @scale_of_channels(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %s = trt.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %a = trt.scale channel %x scale(%s : tensor<3xf32>) channel_axis = 1 : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  // expected-remark@+1 {{needs scales of mode uniform, found a scale of mode channel", Constraint="uniform-scale"}}
  %b = trt.activation relu %a : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  func.return %b : tensor<1x3x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_of_elements
// CHECK-NOT: trt.fused
func.func @scale_of_elements(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %s = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %a = trt.activation relu %x : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  // expected-remark@+1 {{found a scale of mode elementwise", Constraint="uniform-scale"}}
  %b = trt.scale elementwise %a scale(%s : tensor<2xf32>) channel_axis = 2 : tensor<1x2x2xf32> -> tensor<1x2x2xf32>
  func.return %b : tensor<1x2x2xf32>
}

// -----

// CHECK-LABEL: @smaller_before_larger
// CHECK-NOT: trt.fused
func.func @smaller_before_larger(%x: tensor<2x4xf32>, %y: tensor<1x4xf32>) -> tensor<2x4xf32> {
  %a = trt.unary exp %y : tensor<1x4xf32> -> tensor<1x4xf32>
  // expected-remark@+1 {{needs results of one shape, found 1x4 and 2x4", Constraint="shape"}}
  %b = trt.element_wise sum %x, %a : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  func.return %b : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @integers_as_weights_of_floats
// CHECK-NOT: trt.fused
func.func @integers_as_weights_of_floats(%x: tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xi8> {
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %a = trt.activation relu %x : tensor<1x2x2x2xi8> -> tensor<1x2x2x2xi8>
  // expected-remark@+1 {{needs one element type besides i1, found f32 and i8", Constraint="element-type"}}
  %b = trt.scale uniform %a scale(%s : tensor<1xf32>) : tensor<1x2x2x2xi8> -> tensor<1x2x2x2xi8>
  func.return %b : tensor<1x2x2x2xi8>
}

// -----

// Truth values could join integers to floats: they stay with what was made last.
// CHECK-LABEL: @integers_and_floats
// CHECK: %[[A:.*]] = trt.element_wise less {{.*}} layers ["a"]
// CHECK: trt.fused "pointwise"(%x, %[[A]]) layers ["n", "m"]
func.func @integers_and_floats(%i: tensor<4xi32>, %j: tensor<4xi32>, %x: tensor<4xf32>) -> tensor<4xi1> {
  %a = trt.element_wise less %i, %j : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi1>
  // expected-remark@+1 {{found f32 and i32", Constraint="element-type"}}
  %n = trt.unary isnan %x : tensor<4xf32> -> tensor<4xi1>
  // expected-remark@+1 {{[Passed]}}
  %m = trt.element_wise and %a, %n : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return %m : tensor<4xi1>
}

// -----

// CHECK-LABEL: @path_through_a_softmax
// CHECK-NOT: trt.fused
func.func @path_through_a_softmax(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = trt.unary exp %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %s = trt.softmax %a axis = 1 : tensor<2x4xf32> -> tensor<2x4xf32>
  // expected-remark@+1 {{needs no path that leaves the group and comes back, found 's' stands between them", Constraint="convex", Blocker="'s'"}}
  %b = trt.element_wise sum %a, %s : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %b : tensor<2x4xf32>
}

// -----

// Neither of the two groups may wait for the other.
// CHECK-LABEL: @groups_that_cross
// CHECK: trt.fused "pointwise"({{.*}}) layers ["a", "c"]
// CHECK: trt.softmax
// CHECK: trt.element_wise sum {{.*}} layers ["d"]
func.func @groups_that_cross(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %a = trt.unary exp %x : tensor<2x4xf32> -> tensor<2x4xf32>
  %s = trt.softmax %a axis = 1 : tensor<2x4xf32> -> tensor<2x4xf32>
  // expected-remark@+1 {{[Passed]}}
  %c = trt.unary abs %a : tensor<2x4xf32> -> tensor<2x4xf32>
  // expected-remark@+1 {{found 's' stands between them", Constraint="convex"}}
  %d = trt.element_wise sum %c, %s : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %c, %d : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @may_not_be_fused
// CHECK-NOT: trt.fused
func.func @may_not_be_fused(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{found trt.no_fuse", Constraint="no-fuse", Blocker="'a'"}}
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// -----

// The layer that names the rule keeps to itself, the others do not.
// CHECK-LABEL: @forbidden_by_name
// CHECK: trt.fused "pointwise"({{.*}}) layers ["b", "c"]
func.func @forbidden_by_name(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x {trt.no_fuse = ["fuse-pointwise"]} : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a {trt.no_fuse = ["fuse-conv-relu"]} : tensor<4xf32> -> tensor<4xf32>
  %c = trt.unary abs %b : tensor<4xf32> -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
  // expected-remark@+1 {{[Missed]}}
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}

// CHECK-LABEL: @alone
// CHECK-NOT: trt.fused
func.func @alone(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  func.return %a : tensor<4xf32>
}

// CHECK-LABEL: @cast_between
// CHECK-NOT: trt.fused
func.func @cast_between(%x: tensor<4xf32>) -> tensor<4xf16> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %h = trt.cast %a : tensor<4xf32> -> tensor<4xf16>
  %b = trt.activation relu %h : tensor<4xf16> -> tensor<4xf16>
  func.return %b : tensor<4xf16>
}

// CHECK-LABEL: @after_a_conv
// CHECK-NOT: trt.fused
func.func @after_a_conv(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %r : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @after_a_group_of_another_kind
// CHECK: trt.fused "conv_relu"
// CHECK-NOT: trt.fused
func.func @after_a_group_of_another_kind(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  %y = trt.unary exp %g : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @second_is_dead
// CHECK-NOT: trt.fused
func.func @second_is_dead(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.unary abs %a : tensor<4xf32> -> tensor<4xf32>
  func.return %a : tensor<4xf32>
}
