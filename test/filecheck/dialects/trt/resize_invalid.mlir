// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @neither(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{resize takes either size or scales}}
  %y = trt.resize nearest %x : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @both(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{resize takes either size or scales}}
  %y = trt.resize nearest %x size = [4, 6] scales = [1.0, 1.0] : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @size_entries(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{size has 1 entries for rank 2}}
  %y = trt.resize nearest %x size = [4] : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @scale_entries(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{scales has 3 entries for rank 2}}
  %y = trt.resize nearest %x scales = [1.0, 1.0, 1.0] : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @negative_size(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{size must not be negative: [4, -6]}}
  %y = trt.resize nearest %x size = [4, -6] : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return
}

// -----

func.func @zero_scale(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{scales must be positive and less than 16777216: [1.0, 0.0]}}
  %y = trt.resize nearest %x scales = [1.0, 0.0] : tensor<4x6xf32> -> tensor<4x0xf32>
  func.return
}

// -----

func.func @endless_scale(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{scales must be positive and less than 16777216: [1.0, 16777216.0]}}
  %y = trt.resize nearest %x scales = [1.0, 16777216.0] : tensor<4x6xf32> -> tensor<4x0xf32>
  func.return
}

// -----

func.func @scaled_away(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{axis 1 of 6 elements becomes 0}}
  %y = trt.resize nearest %x scales = [1.0, 0.1] : tensor<4x6xf32> -> tensor<4x0xf32>
  func.return
}

// -----

func.func @of_nothing(%x: tensor<0x6xf32>) {
  // expected-error@+1 {{axis 0 of 0 elements becomes 2}}
  %y = trt.resize nearest %x size = [2, 6] : tensor<0x6xf32> -> tensor<2x6xf32>
  func.return
}

// -----

func.func @blended_integers(%x: tensor<4x6xi8>) {
  // expected-error@+1 {{linear resize does not take i8}}
  %y = trt.resize linear %x size = [4, 12] : tensor<4x6xi8> -> tensor<4x12xi8>
  func.return
}

// -----

func.func @linear_of_four_axes(%x: tensor<1x2x3x4xf32>) {
  // expected-error@+1 {{linear resize changes at most 3 axes, found [0, 1, 2, 3]}}
  %y = trt.resize linear %x size = [2, 4, 6, 8] : tensor<1x2x3x4xf32> -> tensor<2x4x6x8xf32>
  func.return
}

// -----

func.func @cubic_of_volumes(%x: tensor<1x2x3x4xf32>) {
  // expected-error@+1 {{cubic resize changes at most 2 axes, found [1, 2, 3]}}
  %y = trt.resize cubic %x scales = [1.0, 2.0, 2.0, 1.1] : tensor<1x2x3x4xf32> -> tensor<1x4x6x4xf32>
  func.return
}

// -----

func.func @result(%x: tensor<4x6xf32>) {
  // expected-error@+1 {{result is tensor<4x9xf32>, inferred is tensor<4x12xf32>}}
  %y = trt.resize nearest %x size = [4, 12] : tensor<4x6xf32> -> tensor<4x9xf32>
  func.return
}
