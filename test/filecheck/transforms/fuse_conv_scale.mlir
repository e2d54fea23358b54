// RUN: fuse-opt %s --fuse-conv-scale --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @scale_of_a_conv_without_bias
// CHECK: %[[W:.*]] = trt.constant #trt.weight<scale_outputs("w" : tensor<2x3x1x1xf32>, "s" : tensor<2xf32>) : tensor<2x3x1x1xf32>>
// CHECK: %[[B:.*]] = trt.constant #trt.weight<"t" : tensor<2xf32>>
// CHECK: %[[Y:.*]] = trt.convolution %x, %[[W]], %[[B]] layers ["c", "bn"]
// CHECK-NOT: trt.scale
// CHECK: func.return %[[Y]]
func.func @scale_of_a_conv_without_bias(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %t = trt.constant #trt.weight<"t" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-conv-scale | Category:fusion | Reason="fused into c + bn"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_of_a_conv_with_bias
// CHECK: trt.constant #trt.weight<scale_bias("b" : tensor<2xf16>, "s" : tensor<2xf16>, "t" : tensor<2xf16>) : tensor<2xf16>>
// CHECK-NOT: trt.scale
func.func @scale_of_a_conv_with_bias(%x: tensor<1x3x4x4xf16>) -> tensor<1x2x4x4xf16> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf16>>
  %b = trt.constant #trt.weight<"b" : tensor<2xf16>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf16>>
  %t = trt.constant #trt.weight<"t" : tensor<2xf16>>
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf16>, tensor<2x3x1x1xf16>, tensor<2xf16>) -> tensor<1x2x4x4xf16>
  %bn = trt.scale channel %c scale(%s : tensor<2xf16>) shift(%t : tensor<2xf16>) channel_axis = 1 : tensor<1x2x4x4xf16> -> tensor<1x2x4x4xf16>
  func.return %bn : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @one_number_for_all_channels
// CHECK: scale_outputs("w" : tensor<2x3x1x1xf32>, dense<5.000000e-01> : tensor<1xf32>)
// CHECK-NOT: trt.scale
func.func @one_number_for_all_channels(%x: tensor<1x3x?x4xf32>) -> tensor<1x2x?x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant dense<0.5> : tensor<1xf32>
  %t = trt.constant dense<-2.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x?x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x?x4xf32>
  %bn = trt.scale uniform %c scale(%s : tensor<1xf32>) shift(%t : tensor<1xf32>) : tensor<1x2x?x4xf32> -> tensor<1x2x?x4xf32>
  func.return %bn : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: @scale_alone_makes_no_bias
// CHECK: trt.convolution %{{.*}}, %{{.*}} layers ["c", "bn"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>)
func.func @scale_alone_makes_no_bias(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant dense<[-1.0, 0.0]> : tensor<2xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @shift_alone_keeps_the_kernel
// CHECK: %[[W:.*]] = trt.constant #trt.weight<"w"
// CHECK: %[[B:.*]] = trt.constant #trt.weight<scale_bias(
// CHECK: trt.convolution %x, %[[W]], %[[B]]
func.func @shift_alone_keeps_the_kernel(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %t = trt.constant dense<3.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale uniform %c shift(%t : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @power_of_one
// CHECK-NOT: trt.scale
func.func @power_of_one(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %p = trt.constant dense<1.0> : tensor<2xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) power(%p : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @grouped_with_every_property
// CHECK: trt.convolution {{.*}} stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 layers ["c", "bn"]
// CHECK-NOT: trt.scale
func.func @grouped_with_every_property(%x: tensor<1x4x9x9xf32>) -> tensor<1x6x4x10xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<6x2x3x3xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<6xf32>>
  %c = trt.convolution %x, %w stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 : (tensor<1x4x9x9xf32>, tensor<6x2x3x3xf32>) -> tensor<1x6x4x10xf32>
  %bn = trt.scale channel %c scale(%s : tensor<6xf32>) channel_axis = 1 : tensor<1x6x4x10xf32> -> tensor<1x6x4x10xf32>
  func.return %bn : tensor<1x6x4x10xf32>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: trt.convolution {{.*}} num_groups = 3 layers ["c", "bn"]
// CHECK-NOT: trt.scale
func.func @depthwise(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x2x2xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<3x1x3x3xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<3xf32>>
  %c = trt.convolution %x, %w num_groups = 3 : (tensor<1x3x4x4xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x2x2xf32>
  %bn = trt.scale channel %c scale(%s : tensor<3xf32>) channel_axis = 1 : tensor<1x3x2x2xf32> -> tensor<1x3x2x2xf32>
  func.return %bn : tensor<1x3x2x2xf32>
}

// -----

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.convolution {{.*}} layers ["c", "bn"]
// CHECK-NOT: trt.scale
func.func @three_spatial_axes(%x: tensor<1x2x3x4x5xf32>) -> tensor<1x3x2x3x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<3x2x2x2x2xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<3xf32>>
  %c = trt.convolution %x, %w : (tensor<1x2x3x4x5xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x2x3x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<3xf32>) channel_axis = 1 : tensor<1x3x2x3x4xf32> -> tensor<1x3x2x3x4xf32>
  func.return %bn : tensor<1x3x2x3x4xf32>
}

// -----

// CHECK-LABEL: @grouped_deconvolution
// CHECK: scale_deconvolution_outputs("w" : tensor<4x3x2x2xf32>, "s" : tensor<6xf32>, 2)
// CHECK: trt.deconvolution {{.*}} num_groups = 2 layers ["c", "bn"]
// CHECK-NOT: trt.scale
func.func @grouped_deconvolution(%x: tensor<1x4x3x3xf32>) -> tensor<1x6x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<4x3x2x2xf32>>
  %b = trt.constant #trt.weight<"b" : tensor<6xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<6xf32>>
  %t = trt.constant #trt.weight<"t" : tensor<6xf32>>
  %c = trt.deconvolution %x, %w, %b num_groups = 2 : (tensor<1x4x3x3xf32>, tensor<4x3x2x2xf32>, tensor<6xf32>) -> tensor<1x6x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<6xf32>) shift(%t : tensor<6xf32>) channel_axis = 1 : tensor<1x6x4x4xf32> -> tensor<1x6x4x4xf32>
  func.return %bn : tensor<1x6x4x4xf32>
}

// -----

// Output maps that the type does not tell are those of the kernel.
// CHECK-LABEL: @channels_are_declared_unknown
// CHECK: trt.convolution {{.*}} layers ["c", "bn"] : {{.*}} -> tensor<1x2x4x4xf32>
func.func @channels_are_declared_unknown(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x?x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) shift(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x?x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// The other convolution keeps the kernel that both had.
// CHECK-LABEL: @shared_kernel
// CHECK: %[[W:.*]] = trt.constant #trt.weight<"w"
// CHECK: %[[V:.*]] = trt.constant #trt.weight<scale_outputs(
// CHECK: trt.convolution %x, %[[V]] layers ["c", "bn"]
// CHECK: trt.convolution %x, %[[W]] layers ["d"]
func.func @shared_kernel(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %d = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %bn, %d : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @two_scales
// CHECK: trt.convolution {{.*}} layers ["c", "bn", "bn2"]
// CHECK-NOT: trt.scale
func.func @two_scales(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %bn2 = trt.scale channel %bn shift(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn2 : tensor<1x2x4x4xf32>
}

// -----

// The new convolution still may not be taken by the rules that the old layers name.
// CHECK-LABEL: @forbidden_rules_stay_forbidden
// CHECK: trt.convolution {{.*}} layers ["c", "bn"] {trt.no_fuse = ["fuse-conv-relu", "fuse-conv-clip"]}
func.func @forbidden_rules_stay_forbidden(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w {trt.no_fuse = ["fuse-conv-relu"]} : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 {trt.no_fuse = ["fuse-conv-clip"]} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @weights_for_each_element
// CHECK: trt.scale elementwise
func.func @weights_for_each_element(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<32xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs a scale of mode uniform or channel, found elementwise", Constraint="mode"}}
  %bn = trt.scale elementwise %c scale(%s : tensor<32xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// As many elements as output maps, but one for each position.
// CHECK-LABEL: @elements_as_many_as_maps
// CHECK: trt.scale elementwise
func.func @elements_as_many_as_maps(%x: tensor<1x3x4x2xf32>) -> tensor<1x2x4x2xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x2xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x2xf32>
  // expected-remark@+1 {{found elementwise", Constraint="mode"}}
  %bn = trt.scale elementwise %c scale(%s : tensor<2xf32>) channel_axis = 3 : tensor<1x2x4x2xf32> -> tensor<1x2x4x2xf32>
  func.return %bn : tensor<1x2x4x2xf32>
}

// -----

// As many rows as output maps.
// CHECK-LABEL: @scale_along_the_rows
// CHECK: trt.scale channel
func.func @scale_along_the_rows(%x: tensor<1x3x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x2x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x2x4xf32>
  // expected-remark@+1 {{needs a scale along axis 1, found axis 2", Constraint="channel-axis"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 2 : tensor<1x2x2x4xf32> -> tensor<1x2x2x4xf32>
  func.return %bn : tensor<1x2x2x4xf32>
}

// -----

// Of five axes the default one is the third.
// CHECK-LABEL: @default_axis_of_three_spatial_axes
// CHECK: trt.scale channel
func.func @default_axis_of_three_spatial_axes(%x: tensor<1x2x3x3x3xf32>) -> tensor<1x3x3x3x3xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<3x2x1x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<3xf32>>
  %c = trt.convolution %x, %w : (tensor<1x2x3x3x3xf32>, tensor<3x2x1x1x1xf32>) -> tensor<1x3x3x3x3xf32>
  // expected-remark@+1 {{found axis 2", Constraint="channel-axis"}}
  %bn = trt.scale channel %c scale(%s : tensor<3xf32>) : tensor<1x3x3x3x3xf32> -> tensor<1x3x3x3x3xf32>
  func.return %bn : tensor<1x3x3x3x3xf32>
}

// -----

// CHECK-LABEL: @power_of_two
// CHECK: trt.scale uniform
func.func @power_of_two(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %p = trt.constant dense<2.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs no power, or a power of 1, found a power of 2.0", Constraint="power"}}
  %bn = trt.scale uniform %c power(%p : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @power_of_zero
// CHECK: trt.scale uniform
func.func @power_of_zero(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %p = trt.constant dense<0.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a power of 0.0", Constraint="power"}}
  %bn = trt.scale uniform %c power(%p : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @power_of_one_channel
// CHECK: trt.scale channel
func.func @power_of_one_channel(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %p = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a power of several values", Constraint="power"}}
  %bn = trt.scale channel %c power(%p : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @power_is_computed
// CHECK: trt.scale uniform
func.func @power_is_computed(%x: tensor<1x3x4x4xf32>, %p: tensor<1xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found a power that is no constant", Constraint="power"}}
  %bn = trt.scale uniform %c power(%p : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @relu_in_between
// CHECK: trt.fused "conv_relu"
// CHECK: trt.scale channel
func.func @relu_in_between(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %g = trt.fused "conv_relu"(%x, %w) layers ["c", "r"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%x0: tensor<1x3x4x4xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  // expected-remark@+1 {{needs a convolution that carries nothing yet, found a group", Constraint="plain-convolution", Blocker="'c + r'", Suggestion="run fuse-conv-scale before other fusions"}}
  %bn = trt.scale channel %g scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @kernel_is_computed
// CHECK: trt.scale channel
func.func @kernel_is_computed(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{needs constant weights, found the kernel is computed", Constraint="constant-weights"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @bias_is_computed
// CHECK: trt.scale channel
func.func @bias_is_computed(%x: tensor<1x3x4x4xf32>, %b: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w, %b : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the bias is computed", Constraint="constant-weights"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_is_computed
// CHECK: trt.scale channel
func.func @scale_is_computed(%x: tensor<1x3x4x4xf32>, %s: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the scale is computed", Constraint="constant-weights"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @shift_is_computed
// CHECK: trt.scale channel
func.func @shift_is_computed(%x: tensor<1x3x4x4xf32>, %t: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{found the shift is computed", Constraint="constant-weights"}}
  %bn = trt.scale channel %c shift(%t : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @kernel_overflows
// CHECK: trt.scale uniform
func.func @kernel_overflows(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = trt.constant dense<[[[[3.0e38]], [[1.0]]]]> : tensor<1x2x1x1xf32>
  %s = trt.constant dense<2.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32>
  // expected-remark@+1 {{needs finite weights, found the new kernel would hold infinity or NaN", Constraint="finite"}}
  %bn = trt.scale uniform %c scale(%s : tensor<1xf32>) : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  func.return %bn : tensor<1x1x4x4xf32>
}

// -----

// 40000 and 2 are f16, their product is beyond 65504.
// CHECK-LABEL: @half_precision_overflows
// CHECK: trt.scale uniform
func.func @half_precision_overflows(%x: tensor<1x2x4x4xf16>) -> tensor<1x1x4x4xf16> {
  %w = trt.constant dense<[[[[4.0e4]], [[1.0]]]]> : tensor<1x2x1x1xf16>
  %s = trt.constant dense<2.0> : tensor<1xf16>
  %c = trt.convolution %x, %w : (tensor<1x2x4x4xf16>, tensor<1x2x1x1xf16>) -> tensor<1x1x4x4xf16>
  // expected-remark@+1 {{the new kernel would hold infinity or NaN", Constraint="finite"}}
  %bn = trt.scale uniform %c scale(%s : tensor<1xf16>) : tensor<1x1x4x4xf16> -> tensor<1x1x4x4xf16>
  func.return %bn : tensor<1x1x4x4xf16>
}

// -----

// The same numbers fit bf16.
// CHECK-LABEL: @wide_half_precision_does_not
// CHECK-NOT: trt.scale
func.func @wide_half_precision_does_not(%x: tensor<1x2x4x4xbf16>) -> tensor<1x1x4x4xbf16> {
  %w = trt.constant dense<[[[[4.0e4]], [[1.0]]]]> : tensor<1x2x1x1xbf16>
  %s = trt.constant dense<2.0> : tensor<1xbf16>
  %c = trt.convolution %x, %w : (tensor<1x2x4x4xbf16>, tensor<1x2x1x1xbf16>) -> tensor<1x1x4x4xbf16>
  %bn = trt.scale uniform %c scale(%s : tensor<1xbf16>) : tensor<1x1x4x4xbf16> -> tensor<1x1x4x4xbf16>
  func.return %bn : tensor<1x1x4x4xbf16>
}

// -----

// CHECK-LABEL: @bias_overflows
// CHECK: trt.scale uniform
func.func @bias_overflows(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = trt.constant dense<1.0> : tensor<1x2x1x1xf32>
  %b = trt.constant dense<3.0e38> : tensor<1xf32>
  %c = trt.convolution %x, %w, %b : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  // expected-remark@+1 {{found the new bias would hold infinity or NaN", Constraint="finite"}}
  %bn = trt.scale uniform %c shift(%b : tensor<1xf32>) : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  func.return %bn : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @shift_is_no_number
// CHECK: trt.scale uniform
func.func @shift_is_no_number(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = trt.constant dense<1.0> : tensor<1x2x1x1xf32>
  %t = trt.constant dense<0x7FC00000> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32>
  // expected-remark@+1 {{found the new bias would hold infinity or NaN", Constraint="finite"}}
  %bn = trt.scale uniform %c shift(%t : tensor<1xf32>) : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  func.return %bn : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_used_elsewhere
// CHECK: trt.scale channel
func.func @conv_is_used_elsewhere(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="single-use", Blocker="'r'"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn, %r : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_is_an_output
// CHECK: trt.scale channel
func.func @conv_is_an_output(%x: tensor<1x3x4x4xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="network-output", Blocker="'c'"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn, %c : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @scale_may_not_be_fused
// CHECK: trt.scale channel
func.func @scale_may_not_be_fused(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'bn'"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 {trt.no_fuse} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// -----

// The scale tells less of its type than the new convolution would.
// CHECK-LABEL: @types_differ
// CHECK: trt.scale channel
func.func @types_differ(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x?xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %s = trt.constant #trt.weight<"s" : tensor<2xf32>>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x?xf32>
  // expected-remark@+1 {{found tensor<1x2x4x4xf32> for tensor<1x2x4x?xf32>", Constraint="types"}}
  %bn = trt.scale channel %c scale(%s : tensor<2xf32>) channel_axis = 1 : tensor<1x2x4x?xf32> -> tensor<1x2x4x?xf32>
  func.return %bn : tensor<1x2x4x?xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Missed]}}
  %bn = trt.scale uniform %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}

// The padding is not scaled.
// CHECK-LABEL: @scale_before_the_conv
// CHECK: trt.scale uniform
func.func @scale_before_the_conv(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x6x6xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %t = trt.constant dense<2.0> : tensor<1xf32>
  %bn = trt.scale uniform %x shift(%t : tensor<1xf32>) : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %bn, %w pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x6x6xf32>
  func.return %c : tensor<1x2x6x6xf32>
}

// CHECK-LABEL: @relu_between_them
// CHECK: trt.scale uniform
func.func @relu_between_them(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x1x1xf32>>
  %t = trt.constant dense<2.0> : tensor<1xf32>
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = trt.activation relu %c : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %bn = trt.scale uniform %r shift(%t : tensor<1xf32>) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  func.return %bn : tensor<1x2x4x4xf32>
}
