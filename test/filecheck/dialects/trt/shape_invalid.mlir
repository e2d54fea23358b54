// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @padding_rank(%x: tensor<3x5x6xf32>) {
  // expected-error@+1 {{input must have rank 4 or 5 or 6 or 7 or 8, found 3}}
  %y = trt.padding %x pre_padding = [1, 1] post_padding = [1, 1] : tensor<3x5x6xf32> -> tensor<3x7x8xf32>
  func.return
}

// -----

func.func @padding_entries(%x: tensor<1x3x5x6xf32>) {
  // expected-error@+1 {{padding takes two numbers before and two after}}
  %y = trt.padding %x pre_padding = [1] post_padding = [1, 1] : tensor<1x3x5x6xf32> -> tensor<1x3x7x8xf32>
  func.return
}

// -----

func.func @padding_entries_after(%x: tensor<1x3x5x6xf32>) {
  // expected-error@+1 {{padding takes two numbers before and two after}}
  %y = trt.padding %x pre_padding = [1, 1] post_padding = [0, 1, 1] : tensor<1x3x5x6xf32> -> tensor<1x3x7x8xf32>
  func.return
}

// -----

func.func @cropped_away(%x: tensor<1x3x5x6xf32>) {
  // expected-error@+1 {{padding leaves 5x0 of 5x6}}
  %y = trt.padding %x pre_padding = [0, -3] post_padding = [0, -3] : tensor<1x3x5x6xf32> -> tensor<1x3x5x0xf32>
  func.return
}

// -----

func.func @padding_result(%x: tensor<1x3x5x6xf32>) {
  // expected-error@+1 {{result is tensor<1x3x6x6xf32>, inferred is tensor<1x3x5x6xf32>}}
  %y = trt.padding %x pre_padding = [0, 0] post_padding = [0, 0] : tensor<1x3x5x6xf32> -> tensor<1x3x6x6xf32>
  func.return
}

// -----

func.func @start_entries(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{start has 1 entries for rank 2}}
  %y = trt.slice %x start = [0] size = [2, 3] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @size_entries(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{size has 3 entries for rank 2}}
  %y = trt.slice %x start = [0, 0] size = [2, 3, 1] : tensor<4x6xf32> -> tensor<2x3x1xf32>
  func.return
}

// -----

func.func @stride_entries(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{stride has 1 entries for rank 2}}
  %y = trt.slice %x start = [0, 0] size = [2, 3] stride = [1] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @size_negative(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{size must not be negative: [2, -3]}}
  %y = trt.slice %x start = [0, 0] size = [2, -3] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @first_element_out_of_bounds(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{axis 0 reads -1 to 0 of 4 elements}}
  %y = trt.slice %x start = [-1, 0] size = [2, 3] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @last_element_out_of_bounds(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{axis 1 reads 2 to 6 of 6 elements}}
  %y = trt.slice %x start = [0, 2] size = [2, 3] stride = [1, 2] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @reversed_out_of_bounds(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{axis 0 reads 1 to -1 of 4 elements}}
  %y = trt.slice %x start = [1, 0] size = [3, 6] stride = [-1, 1] : tensor<4x6xf32> -> tensor<3x6xf32>
  func.return
}

// -----

func.func @negative_start_of_an_unknown_dimension(%x: tensor<?xf32>) {
  // expected-error@+1 {{axis 0 reads -2 to 0 of ? elements}}
  %y = trt.slice %x start = [-2] size = [3] : tensor<?xf32> -> tensor<3xf32>
  func.return
}

// -----

func.func @fill_value_without_mode(%x: tensor<4x6xf32>, %v: tensor<f32>) {
  // expected-error@+1 {{strict_bounds takes no fill value}}
  %y = trt.slice %x fill(%v : tensor<f32>) start = [0, 0] size = [2, 3] : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @fill_value_type(%x: tensor<4x6xf32>, %v: tensor<f16>) {
  // expected-error@+1 {{input and fill must have the same element type: f32 and f16}}
  %y = trt.slice %x fill(%v : tensor<f16>) start = [0, 0] size = [2, 3] mode = fill : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @fill_value_is_single(%x: tensor<4x6xf32>, %v: tensor<2xf32>) {
  // expected-error@+1 {{fill must be a single element}}
  %y = trt.slice %x fill(%v : tensor<2xf32>) start = [0, 0] size = [2, 3] mode = fill : tensor<4x6xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @slice_result(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{result is tensor<3x2xf32>, inferred is tensor<2x3xf32>}}
  %y = trt.slice %x start = [0, 0] size = [2, 3] : tensor<4x6xf32> -> tensor<3x2xf32>
  func.return
}

// -----

func.func @concatenation_of_nothing() {
  // expected-error@+1 {{concatenation needs at least one input}}
  %y = "trt.concatenation"() <{axis = 0 : i64}> : () -> tensor<4xf32>
  func.return
}

// -----

func.func @concatenation_axis(%x: tensor<4xf32>) {
  // expected-error@+1 {{axis 1 is out of range for rank 1}}
  %y = trt.concatenation %x, %x axis = 1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  func.return
}

// -----

func.func @concatenation_types(%x: tensor<4xf32>, %z: tensor<4xf16>) {
  // expected-error@+1 {{inputs must have the same element type: f32 and f16}}
  %y = trt.concatenation %x, %z axis = 0 : (tensor<4xf32>, tensor<4xf16>) -> tensor<8xf32>
  func.return
}

// -----

func.func @concatenation_ranks(%x: tensor<4xf32>, %z: tensor<4x1xf32>) {
  // expected-error@+1 {{input must have rank 1, found 2}}
  %y = trt.concatenation %x, %z axis = 0 : (tensor<4xf32>, tensor<4x1xf32>) -> tensor<8xf32>
  func.return
}

// -----

func.func @concatenation_dimensions(%x: tensor<4x2xf32>, %z: tensor<4x3xf32>) {
  // expected-error@+1 {{dimension 1 is 2 and 3, must be equal}}
  %y = trt.concatenation %x, %z axis = 0 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
  func.return
}

// -----

func.func @identity_result(%x: tensor<4xf32>) {
  // expected-error@+1 {{result is tensor<4xf16>, inferred is tensor<4xf32>}}
  %y = trt.identity %x : tensor<4xf32> -> tensor<4xf16>
  func.return
}

// -----

func.func @element_type_of_no_network(%x: tensor<4xf64>) {
  // expected-error@+1 {{no layer takes or gives f64}}
  %y = trt.identity %x : tensor<4xf64> -> tensor<4xf64>
  func.return
}
