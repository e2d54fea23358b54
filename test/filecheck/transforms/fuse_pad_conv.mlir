// RUN: fuse-opt %s --fuse-pad-conv --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @symmetric_padding
// CHECK-NOT: trt.padding
// CHECK: %[[Y:.*]] = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "c"] :
// CHECK: func.return %[[Y]]
func.func @symmetric_padding(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{[Passed] fuse-pad-conv | Category:fusion | Reason="fused into p + c"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @four_different_sizes_with_every_property
// CHECK: trt.convolution %x, %w, %b stride = [2, 1] pre_padding = [2, 2] post_padding = [3, 5] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 layers ["p", "c"] :
func.func @four_different_sizes_with_every_property(%x: tensor<1x4x9x9xf32>, %w: tensor<6x2x3x3xf32>, %b: tensor<6xf32>) -> tensor<1x6x6x14xf32> {
  %p = trt.padding %x pre_padding = [1, 0] post_padding = [3, 4] : tensor<1x4x9x9xf32> -> tensor<1x4x13x13xf32>
  %c = trt.convolution %p, %w, %b stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 : (tensor<1x4x13x13xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>) -> tensor<1x6x6x14xf32>
  func.return %c : tensor<1x6x6x14xf32>
}

// -----

// CHECK-LABEL: @padding_by_nothing
// CHECK: trt.convolution %x, %w layers ["p", "c"] :
func.func @padding_by_nothing(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [0, 0] post_padding = [0, 0] : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @two_paddings
// CHECK: trt.convolution %x, %w pre_padding = [1, 2] post_padding = [0, 2] layers ["p", "q", "c"] :
func.func @two_paddings(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x8xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [0, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x5x6xf32>
  %q = trt.padding %p pre_padding = [0, 1] post_padding = [0, 1] : tensor<1x3x5x6xf32> -> tensor<1x3x5x8xf32>
  %c = trt.convolution %q, %w : (tensor<1x3x5x8xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x5x8xf32>
  func.return %c : tensor<1x2x5x8xf32>
}

// -----

// CHECK-LABEL: @depth_is_not_padded
// CHECK: trt.convolution %x, %w pre_padding = [1, 1, 2] post_padding = [1, 0, 1] layers ["p", "c"] :
func.func @depth_is_not_padded(%x: tensor<1x2x3x4x5xf32>, %w: tensor<3x2x2x2x2xf32>) -> tensor<1x3x4x4x7xf32> {
  %p = trt.padding %x pre_padding = [1, 2] post_padding = [0, 1] : tensor<1x2x3x4x5xf32> -> tensor<1x2x3x5x8xf32>
  %c = trt.convolution %p, %w pre_padding = [1, 0, 0] post_padding = [1, 0, 0] : (tensor<1x2x3x5x8xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x4x4x7xf32>
  func.return %c : tensor<1x3x4x4x7xf32>
}

// -----

// CHECK-LABEL: @unknown_batch_and_image
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "c"] : {{.*}} -> tensor<?x2x?x4xf32>
func.func @unknown_batch_and_image(%x: tensor<?x3x?x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<?x2x?x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<?x3x?x4xf32> -> tensor<?x3x?x6xf32>
  %c = trt.convolution %p, %w : (tensor<?x3x?x6xf32>, tensor<2x3x3x3xf32>) -> tensor<?x2x?x4xf32>
  func.return %c : tensor<?x2x?x4xf32>
}

// -----

// What the network says of its shapes stays said.
// CHECK-LABEL: @declared_image
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "c"] : {{.*}} -> tensor<1x2x4x4xf32>
func.func @declared_image(%x: tensor<1x3x?x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x?x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @slice_without_a_fill
// CHECK: trt.convolution %x, %w pre_padding = [1, 0] post_padding = [1, 2] layers ["p", "c"] :
func.func @slice_without_a_fill(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x3x3xf16>) -> tensor<1x2x4x4xf16> {
  %p = trt.slice %x start = [0, 0, -1, 0] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf16> -> tensor<1x3x6x6xf16>
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf16>, tensor<2x3x3x3xf16>) -> tensor<1x2x4x4xf16>
  func.return %c : tensor<1x2x4x4xf16>
}

// -----

// CHECK-LABEL: @slice_that_fills_in_minus_zero
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "c"] :
func.func @slice_that_fills_in_minus_zero(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %z = trt.constant dense<-0.0> : tensor<1xf32>
  %p = trt.slice %x fill(%z : tensor<1xf32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @fill_by_recipe
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "c"] :
func.func @fill_by_recipe(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %z = trt.constant #trt.weight<sub(dense<2.0> : tensor<1xf32>, dense<2.0> : tensor<1xf32>) : tensor<1xf32>>
  %p = trt.slice %x fill(%z : tensor<1xf32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// An element before the input is as many before the output as the stride is long.
// CHECK-LABEL: @deconvolution_trims_less
// CHECK: trt.deconvolution %x, %{{.*}} stride = [2, 3] pre_padding = [0, 1] post_padding = [1, 0] layers ["p", "c"] :
func.func @deconvolution_trims_less(%x: tensor<1x2x3x3xf32>) -> tensor<1x3x6x9xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x3x3x4xf32>>
  %p = trt.padding %x pre_padding = [1, 0] post_padding = [0, 1] : tensor<1x2x3x3xf32> -> tensor<1x2x4x4xf32>
  %c = trt.deconvolution %p, %w stride = [2, 3] pre_padding = [2, 1] post_padding = [1, 3] : (tensor<1x2x4x4xf32>, tensor<2x3x3x4xf32>) -> tensor<1x3x6x9xf32>
  func.return %c : tensor<1x3x6x9xf32>
}

// -----

// CHECK-LABEL: @deconvolution_of_a_volume
// CHECK: trt.deconvolution %x, %{{.*}} stride = [2, 2, 1] pre_padding = [1, 0, 0] layers ["p", "c"] :
func.func @deconvolution_of_a_volume(%x: tensor<1x2x2x2x2xf32>) -> tensor<1x2x3x4x3xf32> {
  %w = trt.constant #trt.weight<"w" : tensor<2x2x2x2x2xf32>>
  %p = trt.padding %x pre_padding = [1, 0] post_padding = [0, 1] : tensor<1x2x2x2x2xf32> -> tensor<1x2x2x3x3xf32>
  %c = trt.deconvolution %p, %w stride = [2, 2, 1] pre_padding = [1, 2, 0] post_padding = [0, 0, 1] : (tensor<1x2x2x3x3xf32>, tensor<2x2x2x2x2xf32>) -> tensor<1x2x3x4x3xf32>
  func.return %c : tensor<1x2x3x4x3xf32>
}

// -----

// Each takes the padding; the last one ends it.
// CHECK-LABEL: @two_convolutions_of_one_padding
// CHECK-NOT: trt.padding
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] :
// CHECK: trt.convolution %x, %w stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["p", "d"] :
func.func @two_convolutions_of_one_padding(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>) {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{[Passed] fuse-pad-conv | Category:fusion | Reason="fused into c"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{[Passed] fuse-pad-conv | Category:fusion | Reason="fused into p + d"}}
  %d = trt.convolution %p, %w stride = [2, 2] : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x2x2xf32>
  func.return %c, %d : tensor<1x2x4x4xf32>, tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @padding_is_used_elsewhere
// CHECK: %[[P:.*]] = trt.padding %x {{.*}} layers ["p"]
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] {trt.no_fuse = ["fuse-conv-relu"]} :
// CHECK: trt.activation tanh %[[P]]
func.func @padding_is_used_elsewhere(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x3x6x6xf32>) {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] {trt.no_fuse = ["fuse-conv-clip"]} : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %p, %w {trt.no_fuse = ["fuse-conv-relu"]} : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  %t = trt.activation tanh %p : tensor<1x3x6x6xf32> -> tensor<1x3x6x6xf32>
  func.return %c, %t : tensor<1x2x4x4xf32>, tensor<1x3x6x6xf32>
}

// -----

// CHECK-LABEL: @padding_is_an_output
// CHECK: %[[P:.*]] = trt.padding %x {{.*}} layers ["p"]
// CHECK: %[[Y:.*]] = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] :
// CHECK: func.return %[[P]], %[[Y]]
func.func @padding_is_an_output(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> (tensor<1x3x6x6xf32>, tensor<1x2x4x4xf32>) {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %p, %c : tensor<1x3x6x6xf32>, tensor<1x2x4x4xf32>
}

// -----

// The convolution still reads the padded value, as its kernel.
// CHECK-LABEL: @padding_is_the_kernel_too
// CHECK: %[[P:.*]] = trt.padding %x {{.*}} layers ["p"]
// CHECK: trt.convolution %x, %[[P]] pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] :
func.func @padding_is_the_kernel_too(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x1x1xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<2x2x2x2xf32> -> tensor<2x2x4x4xf32>
  %c = trt.convolution %p, %p : (tensor<2x2x4x4xf32>, tensor<2x2x4x4xf32>) -> tensor<2x2x1x1xf32>
  func.return %c : tensor<2x2x1x1xf32>
}

// -----

// One of the two does not take it, so the padding stays, with its name.
// CHECK-LABEL: @one_of_two_convolutions_refuses
// CHECK: %[[P:.*]] = trt.padding %x {{.*}} layers ["p"]
// CHECK: trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] :
// CHECK: trt.convolution %[[P]], %w padding_mode = same_upper layers ["d"] :
func.func @one_of_two_convolutions_refuses(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x6x6xf32>) {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{[Passed]}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  // expected-remark@+1 {{Constraint="explicit-padding"}}
  %d = trt.convolution %p, %w padding_mode = same_upper : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x6x6xf32>
  func.return %c, %d : tensor<1x2x4x4xf32>, tensor<1x2x6x6xf32>
}

// -----

// CHECK-LABEL: @reflected_elements
// CHECK: trt.slice
func.func @reflected_elements(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = reflect : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs a padding of zeros, found a slice of mode reflect", Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @repeated_edges
// CHECK: trt.slice
func.func @repeated_edges(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = clamp : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{found a slice of mode clamp", Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @fill_of_one
// CHECK: trt.slice
func.func @fill_of_one(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %z = trt.constant dense<1.0> : tensor<1xf32>
  %p = trt.slice %x fill(%z : tensor<1xf32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{found a fill of 1.0", Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @fill_near_zero
// CHECK: trt.slice
func.func @fill_near_zero(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %z = trt.constant dense<1.0e-40> : tensor<f32>
  %p = trt.slice %x fill(%z : tensor<f32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @fill_of_nan
// CHECK: trt.slice
func.func @fill_of_nan(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %z = trt.constant dense<0x7FC00000> : tensor<f32>
  %p = trt.slice %x fill(%z : tensor<f32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{found a fill of nan", Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @fill_is_computed
// CHECK: trt.slice
func.func @fill_is_computed(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>, %z: tensor<1xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x fill(%z : tensor<1xf32>) start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{found a fill that is computed", Constraint="zero-fill"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// As many elements as padding by one would give.
// CHECK-LABEL: @every_second_element
// CHECK: trt.slice
func.func @every_second_element(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x start = [0, 0, -1, -1] size = [1, 3, 6, 6] stride = [1, 1, 1, 2] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs a slice of stride 1, found a slice of stride [1, 1, 1, 2]", Constraint="no-stride"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @slice_of_an_unknown_image
// CHECK: trt.slice
func.func @slice_of_an_unknown_image(%x: tensor<1x3x?x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x start = [0, 0, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x3x?x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs a slice of an input of known shape, found a slice of 1x3x?x4", Constraint="known-sizes"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @slice_adds_channels
// CHECK: trt.slice
func.func @slice_adds_channels(%x: tensor<1x2x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.slice %x start = [0, -1, -1, -1] size = [1, 3, 6, 6] mode = fill : tensor<1x2x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs padding of the last two axes only, found axis 1", Constraint="last-axes"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// One image falls away, one of zeros comes in.
// CHECK-LABEL: @slice_shifts_the_batch
// CHECK: trt.slice
func.func @slice_shifts_the_batch(%x: tensor<2x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<2x2x4x4xf32> {
  %p = trt.slice %x start = [1, 0, -1, -1] size = [2, 3, 6, 6] mode = fill : tensor<2x3x4x4xf32> -> tensor<2x3x6x6xf32>
  // expected-remark@+1 {{found axis 0", Constraint="last-axes"}}
  %c = trt.convolution %p, %w : (tensor<2x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<2x2x4x4xf32>
  func.return %c : tensor<2x2x4x4xf32>
}

// -----

// CHECK-LABEL: @slice_pads_the_depth
// CHECK: trt.slice
func.func @slice_pads_the_depth(%x: tensor<1x2x3x4x5xf32>, %w: tensor<3x2x2x2x2xf32>) -> tensor<1x3x4x3x4xf32> {
  %p = trt.slice %x start = [0, 0, -1, 0, 0] size = [1, 2, 5, 4, 5] mode = fill : tensor<1x2x3x4x5xf32> -> tensor<1x2x5x4x5xf32>
  // expected-remark@+1 {{found axis 2", Constraint="last-axes"}}
  %c = trt.convolution %p, %w : (tensor<1x2x5x4x5xf32>, tensor<3x2x2x2x2xf32>) -> tensor<1x3x4x3x4xf32>
  func.return %c : tensor<1x3x4x3x4xf32>
}

// -----

// Less than nothing on one side, though the convolution pads there itself.
// CHECK-LABEL: @one_side_is_cropped
// CHECK: trt.padding
func.func @one_side_is_cropped(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, -1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x4xf32>
  // expected-remark@+1 {{needs padding sizes of at least 0, found [1, 1] before and [1, -1] after", Constraint="non-negative"}}
  %c = trt.convolution %p, %w pre_padding = [0, 1] post_padding = [0, 1] : (tensor<1x3x6x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: @slice_crops
// CHECK: trt.slice
func.func @slice_crops(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x5x4xf32> {
  %p = trt.slice %x start = [0, 0, 1, 0] size = [1, 3, 4, 4] mode = fill : tensor<1x3x4x4xf32> -> tensor<1x3x4x4xf32>
  // expected-remark@+1 {{found [-1, 0] before and [1, 0] after", Constraint="non-negative"}}
  %c = trt.convolution %p, %w pre_padding = [1, 0] : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x5x4xf32>
  func.return %c : tensor<1x2x5x4xf32>
}

// -----

// CHECK-LABEL: @same_padding
// CHECK: trt.padding
func.func @same_padding(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x6x6xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs a convolution of an explicit padding mode, found same_lower", Constraint="explicit-padding"}}
  %c = trt.convolution %p, %w padding_mode = same_lower : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x6x6xf32>
  func.return %c : tensor<1x2x6x6xf32>
}

// -----

// CHECK-LABEL: @deconvolution_trims_nothing
// CHECK: trt.padding
func.func @deconvolution_trims_nothing(%x: tensor<1x2x3x3xf32>, %w: tensor<2x3x2x2xf32>) -> tensor<1x3x10x10xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x3x3xf32> -> tensor<1x2x5x5xf32>
  // expected-remark@+1 {{needs a deconvolution that trims what the padding adds, found [-2, -2] before and [-2, -2] after", Constraint="trimming"}}
  %c = trt.deconvolution %p, %w stride = [2, 2] : (tensor<1x2x5x5xf32>, tensor<2x3x2x2xf32>) -> tensor<1x3x10x10xf32>
  func.return %c : tensor<1x3x10x10xf32>
}

// -----

// Enough for the padding, not for padding times stride, and only behind.
// CHECK-LABEL: @deconvolution_trims_too_little_behind
// CHECK: trt.padding
func.func @deconvolution_trims_too_little_behind(%x: tensor<1x2x3x3xf32>, %w: tensor<2x3x2x2xf32>) -> tensor<1x3x7x7xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x3x3xf32> -> tensor<1x2x5x5xf32>
  // expected-remark@+1 {{found [0, 0] before and [-1, -1] after", Constraint="trimming"}}
  %c = trt.deconvolution %p, %w stride = [2, 2] pre_padding = [2, 2] post_padding = [1, 1] : (tensor<1x2x5x5xf32>, tensor<2x3x2x2xf32>) -> tensor<1x3x7x7xf32>
  func.return %c : tensor<1x3x7x7xf32>
}

// -----

// CHECK-LABEL: @convolution_is_in_a_group
// CHECK: trt.padding
// CHECK: trt.fused "conv_relu"
func.func @convolution_is_in_a_group(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{needs a convolution that carries nothing yet, found a group", Constraint="plain-convolution", Blocker="'c + r'", Suggestion="run fuse-pad-conv before other fusions"}}
  %g = trt.fused "conv_relu"(%w, %p) layers ["c", "r"] : (tensor<2x3x3x3xf32>, tensor<1x3x6x6xf32>) -> tensor<1x2x4x4xf32> {
  ^bb0(%w0: tensor<2x3x3x3xf32>, %x0: tensor<1x3x6x6xf32>):
    %c = trt.convolution %x0, %w0 layers ["c"] : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
    %r = trt.activation relu %c layers ["r"] : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
    trt.yield %r : tensor<1x2x4x4xf32>
  }
  func.return %g : tensor<1x2x4x4xf32>
}

// -----

// A padding that is kept has its say too.
// CHECK-LABEL: @padding_may_not_be_fused
// CHECK: %[[P:.*]] = trt.padding
// CHECK: trt.convolution %[[P]]
func.func @padding_may_not_be_fused(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> (tensor<1x3x6x6xf32>, tensor<1x2x4x4xf32>) {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] {trt.no_fuse} : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{found trt.no_fuse", Constraint="no-fuse", Blocker="'p'"}}
  %c = trt.convolution %p, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %p, %c : tensor<1x3x6x6xf32>, tensor<1x2x4x4xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x6x6xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  // expected-remark@+1 {{[Missed]}}
  %c = trt.convolution %p, %w padding_mode = same_upper : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x6x6xf32>
  func.return %c : tensor<1x2x6x6xf32>
}

// Zeros are not less than all.
// CHECK-LABEL: @pooling_of_a_padding
// CHECK: trt.padding
// CHECK: trt.pooling max {{.*}} window = [3, 3]
func.func @pooling_of_a_padding(%x: tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf32> -> tensor<1x3x6x6xf32>
  %c = trt.pooling max %p window = [3, 3] : tensor<1x3x6x6xf32> -> tensor<1x3x4x4xf32>
  func.return %c : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: @plain_slice
// CHECK: trt.slice
func.func @plain_slice(%x: tensor<1x3x6x6xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x2x2xf32> {
  %p = trt.slice %x start = [0, 0, 1, 1] size = [1, 3, 4, 4] : tensor<1x3x6x6xf32> -> tensor<1x3x4x4xf32>
  %c = trt.convolution %p, %w : (tensor<1x3x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x2x2xf32>
  func.return %c : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @padding_of_the_kernel
// CHECK: trt.padding
func.func @padding_of_the_kernel(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32> {
  %p = trt.padding %w pre_padding = [1, 1] post_padding = [1, 1] : tensor<2x3x1x1xf32> -> tensor<2x3x3x3xf32>
  %c = trt.convolution %x, %p : (tensor<1x3x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x2x2xf32>
  func.return %c : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: @padding_of_another_type
// CHECK: trt.padding
func.func @padding_of_another_type(%x: tensor<1x3x4x4xf16>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %p = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x3x4x4xf16> -> tensor<1x3x6x6xf16>
  %v = trt.cast %p : tensor<1x3x6x6xf16> -> tensor<1x3x6x6xf32>
  %c = trt.convolution %v, %w : (tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
  func.return %c : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: @padding_after_the_convolution
// CHECK: trt.padding
func.func @padding_after_the_convolution(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %c = trt.convolution %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x2x2xf32>
  %p = trt.padding %c pre_padding = [1, 1] post_padding = [1, 1] : tensor<1x2x2x2xf32> -> tensor<1x2x4x4xf32>
  func.return %p : tensor<1x2x4x4xf32>
}
