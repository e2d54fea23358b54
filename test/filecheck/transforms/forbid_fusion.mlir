// RUN: fuse-opt %s --forbid-fusion='at=relu1' --fuse-conv-relu | FileCheck %s --check-prefixes=CHECK,NAME
// RUN: fuse-opt %s --no-fuse-at=relu1 --fuse-conv-relu | FileCheck %s --check-prefixes=CHECK,NAME
// RUN: fuse-opt %s --no-fuse-at='*lu1,*3' --fuse-conv-relu | FileCheck %s --check-prefixes=CHECK,GLOB
// RUN: fuse-opt %s --no-fuse-at='relu1,"relu, 3"' --fuse-conv-relu | FileCheck %s --check-prefixes=CHECK,GLOB
// RUN: fuse-opt %s --no-fuse-at=relu1 --no-fuse-at='"relu, 3"' --trt-fuse='mode=strict' | FileCheck %s --check-prefixes=CHECK,GLOB
// RUN: not fuse-opt %s --no-fuse-at=relu11 --fuse-conv-relu 2>&1 | FileCheck %s --check-prefix=NONE

// Two convolutions with a ReLU each are fused, those named are not.
// CHECK-LABEL: @three_activations
// CHECK:       trt.convolution
// CHECK:       trt.activation relu
// CHECK-SAME:  trt.no_fuse
// CHECK:       trt.fused "conv_relu"({{.*}}) layers ["conv2", "relu2"]
// NAME:        trt.fused "conv_relu"({{.*}}) layers ["conv3", "relu, 3"]
// GLOB:        trt.activation relu {{.*}}["relu, 3"] {trt.no_fuse}
// NONE: error: no layer is called 'relu11'; did you mean 'relu1'?
func.func @three_activations(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %conv1 = trt.convolution %x, %w layers ["conv1"] : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %relu1 = trt.activation relu %conv1 layers ["relu1"] : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %conv2 = trt.convolution %relu1, %w layers ["conv2"] : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %relu2 = trt.activation relu %conv2 layers ["relu2"] : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %conv3 = trt.convolution %relu2, %w layers ["conv3"] : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %relu3 = trt.activation relu %conv3 layers ["relu, 3"] : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %relu3 : tensor<1x4x8x8xf32>
}
