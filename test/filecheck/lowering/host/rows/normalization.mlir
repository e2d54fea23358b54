// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// Mean, then distances and their squares, then the result: three times along a row.
// CHECK-LABEL: func.func private @normalization_0
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} -> (f32)
// CHECK:           scf.for {{.*}} -> (f32, f32)
// CHECK:           math.sqrt
// CHECK:           scf.for
// CHECK:             %[[RESULT:.+]] = math.fma
// CHECK-NEXT:        memref.store %[[RESULT]], %y
func.func @a_near_row_is_corrected_by_the_mean_distance(%x: tensor<3x768xf32>, %s: tensor<1x768xf32>) -> tensor<3x768xf32> {
  %y = trt.normalization %x, %s, %s axes = [1] epsilon = 1.0e-05 : (tensor<3x768xf32>, tensor<1x768xf32>, tensor<1x768xf32>) -> tensor<3x768xf32>
  func.return %y : tensor<3x768xf32>
}

// Count, mean and squared distances of parts are merged.
// CHECK-LABEL: func.func private @normalization_1
// CHECK:           scf.for {{.*}} -> (f32, f32, f32)
// CHECK:             scf.for {{.*}} -> (f32, f32)
// CHECK:             scf.for {{.*}} -> (f32, f32)
func.func @a_long_row_is_read_in_parts(%x: tensor<2x100000xf32>, %s: tensor<1x100000xf32>) -> tensor<2x100000xf32> {
  %y = trt.normalization %x, %s, %s axes = [1] epsilon = 1.0e-05 : (tensor<2x100000xf32>, tensor<1x100000xf32>, tensor<1x100000xf32>) -> tensor<2x100000xf32>
  func.return %y : tensor<2x100000xf32>
}

// A row is the channels of a group and all that is behind them.
// CHECK-LABEL: func.func private @normalization_2
// CHECK:         %[[SUM:.+]] = scf.for
// CHECK:         %[[COUNT:.+]] = arith.constant 9.600000e+01 : f32
// CHECK-NEXT:    arith.divf %[[SUM]], %[[COUNT]]
func.func @a_group_of_channels_is_a_row(%x: tensor<3x6x4x8xf32>, %s: tensor<1x6x1x1xf32>) -> tensor<3x6x4x8xf32> {
  %y = trt.normalization %x, %s, %s axes = [2, 3] epsilon = 1.0e-05 num_groups = 2 : (tensor<3x6x4x8xf32>, tensor<1x6x1x1xf32>, tensor<1x6x1x1xf32>) -> tensor<3x6x4x8xf32>
  func.return %y : tensor<3x6x4x8xf32>
}
