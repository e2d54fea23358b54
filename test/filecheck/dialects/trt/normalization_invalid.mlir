// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @integers(%x: tensor<2x3xi32>, %s: tensor<1x3xi32>, %b: tensor<1x3xi32>) {
  // expected-error@+1 {{normalization does not take i32}}
  %y = trt.normalization %x, %s, %b axes = [1] epsilon = 1.0e-5 : (tensor<2x3xi32>, tensor<1x3xi32>, tensor<1x3xi32>) -> tensor<2x3xi32>
  func.return
}

// -----

func.func @scale_of_another_type(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf16>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{input and scale must have the same element type: f32 and f16}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf16>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @bias_of_another_type(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf16>) {
  // expected-error@+1 {{input and bias must have the same element type: f32 and f16}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf16>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @scale_of_another_rank(%x: tensor<2x4x3xf32>, %s: tensor<3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{scale 3 is not broadcast to input 2x4x3}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @bias_of_another_shape(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x4xf32>) {
  // expected-error@+1 {{bias 1x1x4 is not broadcast to input 2x4x3}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x4xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @scale_larger_than_the_input(%x: tensor<1x3xf32>, %s: tensor<2x3xf32>, %b: tensor<1x3xf32>) {
  // expected-error@+1 {{scale 2x3 is not broadcast to input 1x3}}
  %y = trt.normalization %x, %s, %b axes = [1] epsilon = 1.0e-5 : (tensor<1x3xf32>, tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
  func.return
}

// -----

func.func @no_axes(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{axes must not be empty}}
  %y = trt.normalization %x, %s, %b axes = [] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @axis_out_of_range(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{axis 3 is out of range for rank 3}}
  %y = trt.normalization %x, %s, %b axes = [3] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @axes_in_disorder(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{axes must rise without repeats: [2, 1]}}
  %y = trt.normalization %x, %s, %b axes = [2, 1] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @negative_epsilon(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{epsilon must not be negative, found -1.0}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = -1.0 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @no_groups(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{num_groups must be at least 1, found 0}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 num_groups = 0 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @groups_along_other_axes(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{groups of channels are normalised along [2], all axes behind the channels, found [1, 2]}}
  %y = trt.normalization %x, %s, %b axes = [1, 2] epsilon = 1.0e-5 num_groups = 2 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @unequal_groups(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{4 channels are not 3 equal groups}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 num_groups = 3 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x3xf32>
  func.return
}

// -----

func.func @result_of_another_shape(%x: tensor<2x4x3xf32>, %s: tensor<1x1x3xf32>, %b: tensor<1x1x3xf32>) {
  // expected-error@+1 {{result is tensor<2x4x1xf32>, inferred is tensor<2x4x3xf32>}}
  %y = trt.normalization %x, %s, %b axes = [2] epsilon = 1.0e-5 : (tensor<2x4x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<2x4x1xf32>
  func.return
}
