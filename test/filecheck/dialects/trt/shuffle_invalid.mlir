// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @first_transpose_length(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{first_transpose must permute 3 axes, found [1, 0]}}
  %y = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @first_transpose_repeats(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{first_transpose must permute 3 axes, found [0, 1, 1]}}
  %y = trt.shuffle %x first_transpose = [0, 1, 1] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @first_transpose_out_of_range(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{first_transpose must permute 3 axes, found [0, 1, 3]}}
  %y = trt.shuffle %x first_transpose = [0, 1, 3] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @second_transpose_follows_the_reshape(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{second_transpose must permute 2 axes, found [1, 0, 2]}}
  %y = trt.shuffle %x reshape = [6, 4] second_transpose = [1, 0, 2] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @two_wildcards(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{reshape has 2 dimensions of -1}}
  %y = trt.shuffle %x reshape = [-1, -1] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @negative_dimension(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{reshape dimensions must be at least -1, found [-2, 4]}}
  %y = trt.shuffle %x reshape = [-2, 4] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @volumes_differ(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{cannot reshape 2x3x4 to 5x5}}
  %y = trt.shuffle %x reshape = [5, 5] : tensor<2x3x4xf32> -> tensor<5x5xf32>
  func.return
}

// -----

func.func @nothing_is_left_for_the_wildcard(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{cannot reshape 2x3x4 to 5x-1}}
  %y = trt.shuffle %x reshape = [5, -1] : tensor<2x3x4xf32> -> tensor<5x5xf32>
  func.return
}

// -----

func.func @volumes_differ_beside_an_unknown_copy(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{cannot reshape ?x3 to ?x4}}
  %y = trt.shuffle %x reshape = [0, 4] : tensor<?x3xf32> -> tensor<?x4xf32>
  func.return
}

// -----

func.func @wildcard_in_an_empty_tensor(%x: tensor<2x0xf32>) {
  // expected-error@+1 {{reshape of an empty tensor cannot infer -1}}
  %y = trt.shuffle %x reshape = [0, 0, -1] : tensor<2x0xf32> -> tensor<2x0x1xf32>
  func.return
}

// -----

func.func @wildcard_beside_a_literal_zero(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{reshape of an empty tensor cannot infer -1}}
  %y = trt.shuffle %x reshape = [0, -1] zero_is_placeholder = false : tensor<2x3x4xf32> -> tensor<0x1xf32>
  func.return
}

// -----

func.func @literal_zero(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{cannot reshape 2x3x4 to 0x3x4}}
  %y = trt.shuffle %x reshape = [0, 3, 4] zero_is_placeholder = false : tensor<2x3x4xf32> -> tensor<0x3x4xf32>
  func.return
}

// -----

func.func @copy_of_a_dimension_that_is_not_there(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{reshape copies dimension 3 of rank 3}}
  %y = trt.shuffle %x reshape = [2, 3, 4, 0] : tensor<2x3x4xf32> -> tensor<2x3x4x1xf32>
  func.return
}

// -----

func.func @result(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{result is tensor<24x1xf32>, inferred is tensor<24xf32>}}
  %y = trt.shuffle %x reshape = [24] : tensor<2x3x4xf32> -> tensor<24x1xf32>
  func.return
}
