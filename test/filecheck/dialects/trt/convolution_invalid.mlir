// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @input_rank(%x: tensor<3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{input must have rank 4 or 5, found 3}}
  %y = trt.convolution %x, %w : (tensor<3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<4x6x6xf32>
  func.return
}

// -----

func.func @kernel_rank(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error@+1 {{kernel must have rank 4 or 5, found 3}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @kernel_rank_of_deconvolution(%x: tensor<1x3x8x8xf32>, %w: tensor<3xf32>) {
  // expected-error@+1 {{kernel must have rank 4 or 5, found 1}}
  %y = trt.deconvolution %x, %w : (tensor<1x3x8x8xf32>, tensor<3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @kernel_rank_differs_from_input(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3x3xf32>) {
  // expected-error@+1 {{kernel must have rank 4, found 5}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @input_is_integer(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  // expected-error@+1 {{input must be f32, f16 or bf16, found i8}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi8>
  func.return
}

// -----

func.func @kernel_element_type(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf16>) {
  // expected-error@+1 {{input and kernel must have the same element type: f32 and f16}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf16>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @bias_element_type(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf16>) {
  // expected-error@+1 {{input and bias must have the same element type: f32 and f16}}
  %y = trt.convolution %x, %w, %b : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<4xf16>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @bias_size(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error@+1 {{bias must have shape 4, found 3}}
  %y = trt.convolution %x, %w, %b : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @bias_rank(%x: tensor<1x3x8x8xf32>, %w: tensor<?x3x3x3xf32>, %b: tensor<1x4xf32>) {
  // expected-error@+1 {{bias must have shape ?, found 1x4}}
  %y = trt.convolution %x, %w, %b : (tensor<1x3x8x8xf32>, tensor<?x3x3x3xf32>, tensor<1x4xf32>) -> tensor<1x?x6x6xf32>
  func.return
}

// -----

func.func @input_channels(%x: tensor<1x3x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error@+1 {{input has 3 channels, the kernel wants 2}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @input_channels_in_groups(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{input has 3 channels, the kernel wants 6}}
  %y = trt.convolution %x, %w num_groups = 2 : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @input_channels_of_deconvolution(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{input has 3 channels, the kernel wants 4}}
  %y = trt.deconvolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x3x10x10xf32>
  func.return
}

// -----

func.func @no_groups(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{num_groups must be at least 1, found 0}}
  %y = trt.convolution %x, %w num_groups = 0 : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @output_channels_in_groups(%x: tensor<1x6x8x8xf32>, %w: tensor<5x3x3x3xf32>) {
  // expected-error@+1 {{5 output channels do not divide into 2 groups}}
  %y = trt.convolution %x, %w num_groups = 2 : (tensor<1x6x8x8xf32>, tensor<5x3x3x3xf32>) -> tensor<1x5x6x6xf32>
  func.return
}

// -----

func.func @input_channels_of_deconvolution_in_groups(%x: tensor<1x3x8x8xf32>, %w: tensor<3x3x3x3xf32>) {
  // expected-error@+1 {{3 input channels do not divide into 2 groups}}
  %y = trt.deconvolution %x, %w num_groups = 2 : (tensor<1x3x8x8xf32>, tensor<3x3x3x3xf32>) -> tensor<1x6x10x10xf32>
  func.return
}

// -----

func.func @stride_entries(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{stride has 1 entries for 2 spatial axes}}
  %y = trt.convolution %x, %w stride = [2] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @dilation_entries(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{dilation has 3 entries for 2 spatial axes}}
  %y = trt.convolution %x, %w dilation = [2, 2, 2] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @post_padding_entries(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{post_padding has 3 entries for 2 spatial axes}}
  %y = trt.convolution %x, %w post_padding = [1, 1, 1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @stride_zero(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{stride must be at least 1, found [1, 0]}}
  %y = trt.convolution %x, %w stride = [1, 0] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @stride_is_never_unknown(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{stride must be at least 1, found [1, -9223372036854775808]}}
  %y = trt.convolution %x, %w stride = [1, -9223372036854775808] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @dilation_zero(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{dilation must be at least 1, found [0, 1]}}
  %y = trt.convolution %x, %w dilation = [0, 1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @padding_negative(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{pre_padding must be at least 0, found [0, -1]}}
  %y = trt.convolution %x, %w pre_padding = [0, -1] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @window_empty(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x0x3xf32>) {
  // expected-error@+1 {{window must be at least 1, found [0, 3]}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x0x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// -----

func.func @window_does_not_fit(%x: tensor<1x3x?x2xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{window 3x3 does not fit into ?x2 with padding [0, 0] and [0, 0]}}
  %y = trt.convolution %x, %w : (tensor<1x3x?x2xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x?x1xf32>
  func.return
}

// -----

func.func @output_trimmed_away(%x: tensor<1x3x1x1xf32>, %w: tensor<3x4x3x3xf32>) {
  // expected-error@+1 {{padding [2, 0] and [1, 0] trims the whole output away}}
  %y = trt.deconvolution %x, %w pre_padding = [2, 0] post_padding = [1, 0] : (tensor<1x3x1x1xf32>, tensor<3x4x3x3xf32>) -> tensor<1x4x1x3xf32>
  func.return
}

// -----

func.func @result_shape(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{result is tensor<1x4x7x6xf32>, inferred is tensor<1x4x6x6xf32>}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @result_element_type(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error@+1 {{result is tensor<1x4x6x6xf16>, inferred is tensor<1x4x6x6xf32>}}
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf16>
  func.return
}
