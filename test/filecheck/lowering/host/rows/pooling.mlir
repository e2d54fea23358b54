// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// An image is read as it lies: there is no other kernel than the pooling's.
// CHECK-LABEL: func.func private @pool_0
// CHECK:         scf.for {{.*}} iter_args
// CHECK:           arith.addf
// CHECK-LABEL: func.func @a_mean_of_all_pixels
// CHECK-NOT:     reformat
// CHECK:         func.call @pool_0
// CHECK-NOT:     reformat
// CHECK:         func.return
func.func @a_mean_of_all_pixels(%x: tensor<2x5x14x14xf32>) -> tensor<2x5x1x1xf32> {
  %y = trt.pooling average %x window = [14, 14] : tensor<2x5x14x14xf32> -> tensor<2x5x1x1xf32>
  func.return %y : tensor<2x5x1x1xf32>
}
