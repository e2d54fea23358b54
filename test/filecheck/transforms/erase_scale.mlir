// RUN: fuse-opt %s --erase-scale --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @all_weights_are_neutral
// CHECK-SAME: #trt.ledger_entry<["a"] by "erase-scale" heir ["r"]>
// CHECK: %[[R:.*]] = trt.activation relu %x
// CHECK-NOT: trt.scale
// CHECK: func.return %[[R]]
func.func @all_weights_are_neutral(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<2xf32>
  %t = trt.constant dense<0.0> : tensor<2xf32>
  %p = trt.constant dense<1.0> : tensor<2xf32>
  %r = trt.activation relu %x : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  // expected-remark@+1 {{[Passed] erase-scale | Category:fusion | Reason="erased"}}
  %a = trt.scale channel %r scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) power(%p : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @no_weights
// CHECK-NOT: trt.scale
func.func @no_weights(%x: tensor<1x2x?x?xf16>) -> tensor<1x2x?x?xf16> {
  %a = trt.scale uniform %x : tensor<1x2x?x?xf16> -> tensor<1x2x?x?xf16>
  %r = trt.activation relu %a : tensor<1x2x?x?xf16> -> tensor<1x2x?x?xf16>
  func.return %r : tensor<1x2x?x?xf16>
}

// -----

// Also what is read again elsewhere, and of elements as of channels.
// CHECK-LABEL: @each_weight_alone
// CHECK: %[[R:.*]] = trt.activation relu %x
// CHECK-NEXT: trt.concatenation %[[R]], %[[R]], %[[R]], %[[R]]
func.func @each_weight_alone(%x: tensor<1x2x3x3xf32>) -> tensor<1x8x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<18xf32>
  %t = trt.constant dense<-0.0> : tensor<1xf32>
  %r = trt.activation relu %x : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %a = trt.scale elementwise %r scale(%s : tensor<18xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %b = trt.scale uniform %a shift(%t : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %c = trt.scale elementwise %r power(%s : tensor<18xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %d = trt.concatenation %r, %a, %b, %c axis = 1 : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x8x3x3xf32>
  func.return %d : tensor<1x8x3x3xf32>
}

// -----

// CHECK-LABEL: @recipes
// CHECK: trt.activation relu %x
// CHECK-NOT: trt.scale
func.func @recipes(%x: tensor<1x70000x1x1xf32>) -> tensor<1x70000x1x1xf32> {
  %s = trt.constant #trt.weight<fill(dense<1.0> : tensor<1xf32>) : tensor<70000xf32>>
  %t = trt.constant #trt.weight<sub(dense<0.5> : tensor<1xf32>, dense<0.5> : tensor<1xf32>) : tensor<1xf32>>
  %a = trt.scale channel %x scale(%s : tensor<70000xf32>) channel_axis = 1 : tensor<1x70000x1x1xf32> -> tensor<1x70000x1x1xf32>
  %b = trt.scale uniform %a shift(%t : tensor<1xf32>) : tensor<1x70000x1x1xf32> -> tensor<1x70000x1x1xf32>
  %r = trt.activation relu %b : tensor<1x70000x1x1xf32> -> tensor<1x70000x1x1xf32>
  func.return %r : tensor<1x70000x1x1xf32>
}

// -----

// A scale of integers rounds, but whole numbers already are.
// CHECK-LABEL: @integers
// CHECK-NOT: trt.scale
func.func @integers(%x: tensor<1x2x3x3xi8>) -> tensor<1x2x3x3xi8> {
  %s = trt.constant dense<1.0> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x2x3x3xi8> -> tensor<1x2x3x3xi8>
  %r = trt.activation relu %a : tensor<1x2x3x3xi8> -> tensor<1x2x3x3xi8>
  func.return %r : tensor<1x2x3x3xi8>
}

// -----

// CHECK-LABEL: @from_input_to_output
// CHECK: %[[Y:.*]] = trt.identity %x layers ["a"]
// CHECK: func.return %[[Y]]
func.func @from_input_to_output(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<1xf32>
  // expected-remark@+1 {{[Passed] erase-scale | Category:fusion | Reason="became trt.identity"}}
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @output_that_is_no_input
// CHECK-NOT: trt.scale
// CHECK-NOT: trt.identity
func.func @output_that_is_no_input(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %r = trt.activation relu %x : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  %a = trt.scale uniform %r : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// What a weight does not change needs no weight.
// CHECK-LABEL: @multiplies_and_adds_nothing
// CHECK: %[[S:.*]] = trt.constant dense<2.000000e+00>
// CHECK: trt.scale uniform %x scale(%[[S]] : tensor<1xf32>) layers ["a"]
func.func @multiplies_and_adds_nothing(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %t = trt.constant dense<0.0> : tensor<1xf32>
  %p = trt.constant dense<1.0> : tensor<1xf32>
  // expected-remark@+2 {{needs a scale of 1, found a scale of 2.0", Constraint="scale"}}
  // expected-remark@+1 {{[Passed] erase-scale | Category:fusion | Reason="became trt.scale"}}
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) shift(%t : tensor<1xf32>) power(%p : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @adds_to_what_is_multiplied_by_one
// CHECK: trt.scale channel %x shift(%{{.*}} : tensor<3xf32>) channel_axis = 2 layers ["a"]
func.func @adds_to_what_is_multiplied_by_one(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<3xf32>
  %t = trt.constant dense<[0.0, 0.0, 1.0e-30]> : tensor<3xf32>
  // expected-remark@+2 {{needs a shift of 0, found a shift of other values too", Constraint="shift"}}
  // expected-remark@+1 {{[Passed]}}
  %a = trt.scale channel %x scale(%s : tensor<3xf32>) shift(%t : tensor<3xf32>) channel_axis = 2 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @squares_what_is_not_changed
// CHECK: trt.scale uniform %x power(%{{.*}} : tensor<1xf32>) layers ["a"]
func.func @squares_what_is_not_changed(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<1xf32>
  %t = trt.constant dense<0.0> : tensor<1xf32>
  %p = trt.constant dense<2.0> : tensor<1xf32>
  // expected-remark@+2 {{needs a power of 1, found a power of 2.0", Constraint="power"}}
  // expected-remark@+1 {{[Passed]}}
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) shift(%t : tensor<1xf32>) power(%p : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @one_channel_is_scaled
// CHECK: trt.scale channel
func.func @one_channel_is_scaled(%x: tensor<1x3x3x3xf32>) -> tensor<1x3x3x3xf32> {
  %s = trt.constant dense<[1.0, 1.0, 1.0000001]> : tensor<3xf32>
  // expected-remark@+1 {{found a scale of other values too", Constraint="scale"}}
  %a = trt.scale channel %x scale(%s : tensor<3xf32>) channel_axis = 1 : tensor<1x3x3x3xf32> -> tensor<1x3x3x3xf32>
  func.return %a : tensor<1x3x3x3xf32>
}

// -----

// CHECK-LABEL: @nan_is_not_neutral
// CHECK: trt.scale channel
func.func @nan_is_not_neutral(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %t = trt.constant dense<[0.0, 0x7FC00000]> : tensor<2xf32>
  // expected-remark@+1 {{found a shift of other values too", Constraint="shift"}}
  %a = trt.scale channel %x shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @scale_is_computed
// CHECK: trt.scale uniform %x scale(%s : tensor<1xf32>) layers
func.func @scale_is_computed(%x: tensor<1x2x3x3xf32>, %s: tensor<1xf32>) -> tensor<1x2x3x3xf32> {
  %t = trt.constant dense<0.0> : tensor<1xf32>
  // expected-remark@+2 {{found a scale that is computed", Constraint="scale"}}
  // expected-remark@+1 {{[Passed]}}
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) shift(%t : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// Ones, but of their own making: not read for what is hardly ever so.
// CHECK-LABEL: @large_weight_is_not_read
// CHECK: trt.scale elementwise
func.func @large_weight_is_not_read(%x: tensor<1x70000x1x1xf32>) -> tensor<1x70000x1x1xf32> {
  %s = trt.constant #trt.weight<abs(fill(dense<-1.0> : tensor<1xf32>) : tensor<70000xf32>) : tensor<70000xf32>>
  %t = trt.constant #trt.weight<fill(dense<0.0> : tensor<1xf32>) : tensor<70000xf32>>
  // expected-remark@+2 {{found a scale of other values too", Constraint="scale"}}
  // expected-remark@+1 {{[Passed]}}
  %a = trt.scale elementwise %x scale(%s : tensor<70000xf32>) shift(%t : tensor<70000xf32>) channel_axis = 1 : tensor<1x70000x1x1xf32> -> tensor<1x70000x1x1xf32>
  func.return %a : tensor<1x70000x1x1xf32>
}

// -----

// CHECK-LABEL: @scale_may_not_be_erased
// CHECK: trt.scale
func.func @scale_may_not_be_erased(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'a'"}}
  %a = trt.scale uniform %x {trt.no_fuse} : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// What the network says of the shape would be lost.
// CHECK-LABEL: @shape_is_declared
// CHECK: trt.scale
func.func @shape_is_declared(%x: tensor<?x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %r = trt.activation relu %x : tensor<?x2x3x3xf32> -> tensor<?x2x3x3xf32>
  // expected-remark@+1 {{found tensor<?x2x3x3xf32> for tensor<1x2x3x3xf32>", Constraint="types"}}
  %a = trt.scale uniform %r : tensor<?x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // expected-remark@+1 {{[Missed]}}
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// As near to one as f32 is.
// CHECK-LABEL: @nearly_one
// CHECK: trt.scale
func.func @nearly_one(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0000001> : tensor<1xf32>
  %a = trt.scale uniform %x scale(%s : tensor<1xf32>) : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: @batch_norm
// CHECK: trt.scale
func.func @batch_norm(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %t = trt.constant #trt.weight<"t" : tensor<2xf32>>
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// The epsilon of a batch norm that was never trained.
// CHECK-LABEL: @variance_of_one
// CHECK: trt.scale
func.func @variance_of_one(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant #trt.weight<batch_norm_scale(dense<1.0> : tensor<2xf32>, dense<1.0> : tensor<2xf32>, 0.00001) : tensor<2xf32>>
  %a = trt.scale channel %x scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}

// CHECK-LABEL: @product_with_one
// CHECK: trt.element_wise
func.func @product_with_one(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = trt.constant dense<1.0> : tensor<1x1x1x1xf32>
  %a = trt.element_wise prod %x, %s : (tensor<1x2x3x3xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  func.return %a : tensor<1x2x3x3xf32>
}
