// RUN: fuse-opt %s | FileCheck %s --check-prefix=ROUNDTRIP
// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// ROUNDTRIP: {trt.schedule = #trt.schedule<pixels = 3, vectors = 2>}

// Equal kernels of two schedules are two functions: three pixels by two vectors are six
// sums at a time, one by one is one.
// CHECK-LABEL: func.func private @conv_0(
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK-LABEL: func.func private @conv_1(
// CHECK: scf.for {{.*}} -> (vector<8xf32>)
func.func @tiles_of_a_convolution(%x: tensor<1x16x6x6xf32>) -> (tensor<1x16x6x6xf32>, tensor<1x16x6x6xf32>) {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<16x16x1x1xf32>>
  %y = trt.convolution %x, %w {trt.schedule = #trt.schedule<pixels = 3, vectors = 2>} : (tensor<1x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x6x6xf32>
  %z = trt.convolution %x, %w {trt.schedule = #trt.schedule<pixels = 1, vectors = 1>} : (tensor<1x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x6x6xf32>
  func.return %y, %z : tensor<1x16x6x6xf32>, tensor<1x16x6x6xf32>
}
