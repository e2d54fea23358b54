// RUN: fuse-opt %s --convert-trt-to-host --split-input-file --verify-diagnostics

func.func @more_sums_than_registers(%x: tensor<1x16x6x6xf32>) -> tensor<1x16x6x6xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<16x16x1x1xf32>>
  // expected-error@+1 {{'y' is cut into pixels of 1 to 6 and vectors of 1 to 2 that need no more than 16 registers, vectors * (pixels + 1) + 1, found #trt.schedule<pixels = 7, vectors = 2>}}
  %y = trt.convolution %x, %w layers ["y"] {trt.schedule = #trt.schedule<pixels = 7, vectors = 2>} : (tensor<1x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x6x6xf32>
  func.return %y : tensor<1x16x6x6xf32>
}

// -----

func.func @sizes_of_another_family(%x: tensor<1x16x6x6xf32>) -> tensor<1x16x4x4xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<16x1x3x3xf32>>
  // expected-error@+1 {{'y' is cut into pixels of 1 to 4 and vectors of 1, found #trt.schedule<lines = 2>}}
  %y = trt.convolution %x, %w num_groups = 16 layers ["y"] {trt.schedule = #trt.schedule<lines = 2>} : (tensor<1x16x6x6xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x4x4xf32>
  func.return %y : tensor<1x16x4x4xf32>
}

// -----

func.func @nothing_to_choose(%x: tensor<16xf32>) -> tensor<16xf32> {
  // expected-error@+1 {{the kernel of 'y' has no choice of schedules, found #trt.schedule<pixels = 1>}}
  %y = trt.activation relu %x layers ["y"] {trt.schedule = #trt.schedule<pixels = 1>} : tensor<16xf32> -> tensor<16xf32>
  func.return %y : tensor<16xf32>
}

// -----

func.func @no_schedule(%x: tensor<1x16x6x6xf32>) -> tensor<1x16x6x6xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<16x16x1x1xf32>>
  // expected-error@+1 {{trt.schedule must be a #trt.schedule, found 3 : i64}}
  %y = trt.convolution %x, %w layers ["y"] {trt.schedule = 3 : i64} : (tensor<1x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x6x6xf32>
  func.return %y : tensor<1x16x6x6xf32>
}
