// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @pooling_types
// CHECK: trt.pooling max {{%.+}} window = [3, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
// CHECK: trt.pooling average {{%.+}} window = [3, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
// CHECK: trt.pooling max_average_blend {{%.+}} window = [3, 2] blend_factor = 2.500000e-01 : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
func.func @pooling_types(%x: tensor<1x4x9x8xf32>) {
  %y = trt.pooling max %x window = [3, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
  %a = trt.pooling average %x window = [3, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
  %b = trt.pooling max_average_blend %x window = [3, 2] blend_factor = 2.500000e-01 : tensor<1x4x9x8xf32> -> tensor<1x4x7x7xf32>
  func.return
}

// CHECK-LABEL: @every_property
// CHECK: trt.pooling average {{%.+}} window = [3, 3] stride = [2, 2] pre_padding = [1, 0] post_padding = [0, 1] padding_mode = explicit_round_up average_count_excludes_padding = false layers ["pool1"] {note = "kept"} : tensor<1x4x9x8xf32> -> tensor<1x4x5x4xf32>
func.func @every_property(%x: tensor<1x4x9x8xf32>) {
  %y = trt.pooling average %x window = [3, 3] stride = [2, 2] pre_padding = [1, 0] post_padding = [0, 1] padding_mode = explicit_round_up average_count_excludes_padding = false layers ["pool1"] {note = "kept"} : tensor<1x4x9x8xf32> -> tensor<1x4x5x4xf32>
  func.return
}

// CHECK-LABEL: @round_up_counts_the_partial_window
// CHECK: trt.pooling max {{%.+}} window = [2, 2] stride = [2, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x4x4xf32>
// CHECK: trt.pooling max {{%.+}} window = [2, 2] stride = [2, 2] padding_mode = explicit_round_up : tensor<1x4x9x8xf32> -> tensor<1x4x5x4xf32>
func.func @round_up_counts_the_partial_window(%x: tensor<1x4x9x8xf32>) {
  %y = trt.pooling max %x window = [2, 2] stride = [2, 2] : tensor<1x4x9x8xf32> -> tensor<1x4x4x4xf32>
  %a = trt.pooling max %x window = [2, 2] stride = [2, 2] padding_mode = explicit_round_up : tensor<1x4x9x8xf32> -> tensor<1x4x5x4xf32>
  func.return
}

// CHECK-LABEL: @same_modes
// CHECK: trt.pooling max {{%.+}} window = [3, 3] stride = [2, 3] padding_mode = same_upper : tensor<1x4x9x8xf32> -> tensor<1x4x5x3xf32>
// CHECK: trt.pooling max {{%.+}} window = [3, 3] stride = [2, 3] padding_mode = same_lower : tensor<1x4x9x8xf32> -> tensor<1x4x5x3xf32>
func.func @same_modes(%x: tensor<1x4x9x8xf32>) {
  %y = trt.pooling max %x window = [3, 3] stride = [2, 3] padding_mode = same_upper : tensor<1x4x9x8xf32> -> tensor<1x4x5x3xf32>
  %a = trt.pooling max %x window = [3, 3] stride = [2, 3] padding_mode = same_lower : tensor<1x4x9x8xf32> -> tensor<1x4x5x3xf32>
  func.return
}

// CHECK-LABEL: @three_spatial_axes_of_i8
// CHECK: trt.pooling max {{%.+}} window = [2, 2, 2] : tensor<1x4x4x5x6xi8> -> tensor<1x4x3x4x5xi8>
func.func @three_spatial_axes_of_i8(%x: tensor<1x4x4x5x6xi8>) {
  %y = trt.pooling max %x window = [2, 2, 2] : tensor<1x4x4x5x6xi8> -> tensor<1x4x3x4x5xi8>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.pooling max {{%.+}} window = [2, 2] stride = [2, 2] : tensor<?x?x?x8xf16> -> tensor<?x?x?x4xf16>
func.func @unknown_dimensions(%x: tensor<?x?x?x8xf16>) {
  %y = trt.pooling max %x window = [2, 2] stride = [2, 2] : tensor<?x?x?x8xf16> -> tensor<?x?x?x4xf16>
  func.return
}

// CHECK-LABEL: @lrn
// CHECK: trt.lrn {{%.+}} window = 5 alpha = 1.000000e-04 beta = 7.500000e-01 k = 1.000000e+00 layers ["norm1"] : tensor<?x8x4x4xf32> -> tensor<?x8x4x4xf32>
func.func @lrn(%x: tensor<?x8x4x4xf32>) {
  %y = trt.lrn %x window = 5 alpha = 1.000000e-04 beta = 7.500000e-01 k = 1.000000e+00 layers ["norm1"] : tensor<?x8x4x4xf32> -> tensor<?x8x4x4xf32>
  func.return
}
