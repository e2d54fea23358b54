// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @reduce_of_truth_values(%x: tensor<2x3xi1>) {
  // expected-error@+1 {{reduce does not take i1}}
  %y = trt.reduce max %x axes = [0] : tensor<2x3xi1> -> tensor<3xi1>
  func.return
}

// -----

func.func @reduce_of_bytes(%x: tensor<2x3xui8>) {
  // expected-error@+1 {{reduce does not take ui8}}
  %y = trt.reduce max %x axes = [0] : tensor<2x3xui8> -> tensor<3xui8>
  func.return
}

// -----

func.func @no_axes(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{axes must not be empty}}
  %y = trt.reduce sum %x axes = [] : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  func.return
}

// -----

func.func @axis_out_of_range(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{axis 3 is out of range for rank 3}}
  %y = trt.reduce sum %x axes = [1, 3] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  func.return
}

// -----

func.func @axis_negative(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{axis -1 is out of range for rank 3}}
  %y = trt.reduce sum %x axes = [-1] : tensor<2x3x4xf32> -> tensor<2x3xf32>
  func.return
}

// -----

func.func @axes_fall(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{axes must rise without repeats: [2, 1]}}
  %y = trt.reduce sum %x axes = [2, 1] : tensor<2x3x4xf32> -> tensor<2xf32>
  func.return
}

// -----

func.func @axes_repeat(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{axes must rise without repeats: [1, 1]}}
  %y = trt.reduce sum %x axes = [1, 1] : tensor<2x3x4xf32> -> tensor<2x4xf32>
  func.return
}

// -----

func.func @kept_dimension_is_one(%x: tensor<2x3x4xf32>) {
  // expected-error@+1 {{result is tensor<2x4xf32>, inferred is tensor<2x1x4xf32>}}
  %y = trt.reduce sum %x axes = [1] keep_dimensions : tensor<2x3x4xf32> -> tensor<2x4xf32>
  func.return
}

// -----

func.func @softmax_of_integers(%x: tensor<4xi32>) {
  // expected-error@+1 {{softmax does not take i32}}
  %y = trt.softmax %x axis = 0 : tensor<4xi32> -> tensor<4xi32>
  func.return
}

// -----

func.func @softmax_axis(%x: tensor<4xf32>) {
  // expected-error@+1 {{axis 1 is out of range for rank 1}}
  %y = trt.softmax %x axis = 1 : tensor<4xf32> -> tensor<4xf32>
  func.return
}

// -----

func.func @softmax_of_a_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{axis 0 is out of range for rank 0}}
  %y = trt.softmax %x axis = 0 : tensor<f32> -> tensor<f32>
  func.return
}

// -----

func.func @top_k_of_truth_values(%x: tensor<4xi1>) {
  // expected-error@+1 {{top_k does not take i1}}
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xi1> -> tensor<1xi1>, tensor<1xi32>
  func.return
}

// -----

func.func @top_k_axis(%x: tensor<4xf32>) {
  // expected-error@+1 {{axis 1 is out of range for rank 1}}
  %v, %i = trt.top_k max %x k = 1 axis = 1 : tensor<4xf32> -> tensor<1xf32>, tensor<1xi32>
  func.return
}

// -----

func.func @top_k_axis_is_not_one_of_the_last_four(%x: tensor<4x1x1x1x1xf32>) {
  // expected-error@+1 {{axis 0 is not one of the last four}}
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4x1x1x1x1xf32> -> tensor<1x1x1x1x1xf32>, tensor<1x1x1x1x1xi32>
  func.return
}

// -----

func.func @k_zero(%x: tensor<4xf32>) {
  // expected-error@+1 {{k must be 1 to 3840, found 0}}
  %v, %i = trt.top_k max %x k = 0 axis = 0 : tensor<4xf32> -> tensor<0xf32>, tensor<0xi32>
  func.return
}

// -----

func.func @k_too_large(%x: tensor<?xf32>) {
  // expected-error@+1 {{k must be 1 to 3840, found 3841}}
  %v, %i = trt.top_k max %x k = 3841 axis = 0 : tensor<?xf32> -> tensor<3841xf32>, tensor<3841xi32>
  func.return
}

// -----

func.func @k_more_than_the_dimension(%x: tensor<4xf32>) {
  // expected-error@+1 {{k is 5, dimension 0 is 4}}
  %v, %i = trt.top_k max %x k = 5 axis = 0 : tensor<4xf32> -> tensor<5xf32>, tensor<5xi32>
  func.return
}

// -----

func.func @index_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{indices must be i32 or i64, found i8}}
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<1xf32>, tensor<1xi8>
  func.return
}

// -----

func.func @values_shape(%x: tensor<4xf32>) {
  // expected-error@+1 {{result is tensor<2xf32>, inferred is tensor<1xf32>}}
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<2xf32>, tensor<1xi32>
  func.return
}

// -----

func.func @indices_shape(%x: tensor<4xf32>) {
  // expected-error@+1 {{result is tensor<2xi32>, inferred is tensor<1xi32>}}
  %v, %i = trt.top_k max %x k = 1 axis = 0 : tensor<4xf32> -> tensor<1xf32>, tensor<2xi32>
  func.return
}
