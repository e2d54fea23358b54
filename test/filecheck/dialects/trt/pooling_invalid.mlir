// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @input_rank(%x: tensor<4x9x8xf32>) {
  // expected-error@+1 {{input must have rank 4 or 5, found 3}}
  %y = trt.pooling max %x window = [3, 3] : tensor<4x9x8xf32> -> tensor<4x7x6xf32>
  func.return
}

// -----

func.func @integers(%x: tensor<1x4x9x8xi32>) {
  // expected-error@+1 {{pooling does not take i32}}
  %y = trt.pooling max %x window = [3, 3] : tensor<1x4x9x8xi32> -> tensor<1x4x7x6xi32>
  func.return
}

// -----

func.func @window_entries(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{window has 3 entries for 2 spatial axes}}
  %y = trt.pooling max %x window = [3, 3, 3] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @window_empty(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{window must be at least 1, found [3, 0]}}
  %y = trt.pooling max %x window = [3, 0] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @stride_entries(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{stride has 1 entries for 2 spatial axes}}
  %y = trt.pooling max %x window = [3, 3] stride = [2] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @stride_zero(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{stride must be at least 1, found [0, 1]}}
  %y = trt.pooling max %x window = [3, 3] stride = [0, 1] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @padding_negative(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{post_padding must be at least 0, found [-1, 0]}}
  %y = trt.pooling max %x window = [3, 3] post_padding = [-1, 0] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @window_does_not_fit(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{window 3x11 does not fit into 9x8 with padding [0, 1] and [0, 1]}}
  %y = trt.pooling max %x window = [3, 11] pre_padding = [0, 1] post_padding = [0, 1] : tensor<1x4x9x8xf32> -> tensor<1x4x7x1xf32>
  func.return
}

// -----

func.func @blend_without_factor(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{max_average_blend needs blend_factor, the other types take none}}
  %y = trt.pooling max_average_blend %x window = [3, 3] : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @factor_without_blend(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{max_average_blend needs blend_factor, the other types take none}}
  %y = trt.pooling average %x window = [3, 3] blend_factor = 0.5 : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @factor_out_of_range(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{blend_factor must be between 0 and 1}}
  %y = trt.pooling max_average_blend %x window = [3, 3] blend_factor = 1.5 : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @max_counts_no_padding(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{max takes no average_count_excludes_padding}}
  %y = trt.pooling max %x window = [3, 3] average_count_excludes_padding = false : tensor<1x4x9x8xf32> -> tensor<1x4x7x6xf32>
  func.return
}

// -----

func.func @result(%x: tensor<1x4x9x8xf32>) {
  // expected-error@+1 {{result is tensor<1x4x7x7xf32>, inferred is tensor<1x4x7x6xf32>}}
  %y = trt.pooling max %x window = [3, 3] : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
  func.return
}

// -----

func.func @lrn_rank(%x: tensor<8x4xf32>) {
  // expected-error@+1 {{input must have rank 3 or 4 or 5, found 2}}
  %y = trt.lrn %x window = 5 alpha = 1.0 beta = 1.0 k = 1.0 : tensor<8x4xf32> -> tensor<8x4xf32>
  func.return
}

// -----

func.func @lrn_integers(%x: tensor<8x4x4xi8>) {
  // expected-error@+1 {{lrn does not take i8}}
  %y = trt.lrn %x window = 5 alpha = 1.0 beta = 1.0 k = 1.0 : tensor<8x4x4xi8> -> tensor<8x4x4xi8>
  func.return
}

// -----

func.func @lrn_even_window(%x: tensor<8x4x4xf32>) {
  // expected-error@+1 {{window must be odd and 1 to 15, found 4}}
  %y = trt.lrn %x window = 4 alpha = 1.0 beta = 1.0 k = 1.0 : tensor<8x4x4xf32> -> tensor<8x4x4xf32>
  func.return
}

// -----

func.func @lrn_wide_window(%x: tensor<8x4x4xf32>) {
  // expected-error@+1 {{window must be odd and 1 to 15, found 17}}
  %y = trt.lrn %x window = 17 alpha = 1.0 beta = 1.0 k = 1.0 : tensor<8x4x4xf32> -> tensor<8x4x4xf32>
  func.return
}
