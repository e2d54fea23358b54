// RUN: fuse-opt %s --convert-trt-to-host --split-input-file --verify-diagnostics

func.func @no_kernel(%x: tensor<4x5xf32>) -> tensor<4xf32> {
  // expected-error @below {{no kernel for the CPU yet for 'sum1'}}
  %y = trt.reduce sum %x axes = [1] layers ["sum1"] : tensor<4x5xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
