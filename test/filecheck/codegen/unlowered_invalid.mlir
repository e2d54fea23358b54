// RUN: fuse-opt %s -t ptx --split-input-file --verify-diagnostics
// RUN: fuse-opt %s -t llvm --split-input-file --verify-diagnostics

func.func @a_layer(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'relu1' is not lowered to a kernel; run convert-trt-to-gpu and convert-to-llvm before}}
  %y = trt.activation relu %x layers ["relu1"] : tensor<4xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

func.func @constants_and_views_are_no_kernels(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %w = trt.constant dense<1.0> : tensor<4xf32>
  %y = trt.shuffle %x reshape = [2, 2] layers ["view"] : tensor<4xf32> -> tensor<2x2xf32>
  func.return %y : tensor<2x2xf32>
}
