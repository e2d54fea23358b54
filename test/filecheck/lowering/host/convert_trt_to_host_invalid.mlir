// RUN: fuse-opt %s --convert-trt-to-host --split-input-file --verify-diagnostics

func.func @unknown(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{kernels need static shapes, 'y' has tensor<?x2xf32>; import the model with sizes, as in --shape x=1x2}}
  %y = trt.activation relu %x layers ["y"] : tensor<?x2xf32> -> tensor<?x2xf32>
  func.return %y : tensor<?x2xf32>
}
