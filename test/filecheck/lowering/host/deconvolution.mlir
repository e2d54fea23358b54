// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// Taps are counted for each place: along a row for a line, along a column for a tile,
// whose two columns are two apart, and read neighbours of the image.
// CHECK-LABEL: func.func private @deconv_0(
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}} step %[[TWO:.*]] {
// CHECK:           arith.minsi
// CHECK:           scf.for %{{.*}} = %{{.*}} to %[[ROWS:.*]] step %{{.*}} iter_args
// CHECK:             scf.for %{{.*}} = %{{.*}} to %[[COLUMNS:.*]] step %{{.*}} iter_args
// CHECK-COUNT-2:       memref.load %x[%{{.*}}]
// CHECK-LABEL: func.func private @wait_for_all
func.func @a_deconvolution(%x: tensor<1x8x2x2xf32>) -> tensor<1x8x4x4xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<8x8x4x4xf32>>
  %y = trt.deconvolution %x, %w stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x8x2x2xf32>, tensor<8x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  func.return %y : tensor<1x8x4x4xf32>
}
