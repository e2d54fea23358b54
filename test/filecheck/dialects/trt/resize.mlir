// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @nearest_of_any_type
// CHECK: trt.resize nearest {{%.+}} size = [1, 3, 10, 12] layers ["up"] : tensor<1x3x5x6xi8> -> tensor<1x3x10x12xi8>
// CHECK: trt.resize nearest {{%.+}} size = [2, 1, 4, 6, 6] coordinates = half_pixel rounding = half_down : tensor<1x3x2x3x6xi1> -> tensor<2x1x4x6x6xi1>
func.func @nearest_of_any_type(%x: tensor<1x3x5x6xi8>, %b: tensor<1x3x2x3x6xi1>) {
  %y = trt.resize nearest %x size = [1, 3, 10, 12] layers ["up"] : tensor<1x3x5x6xi8> -> tensor<1x3x10x12xi8>
  %z = trt.resize nearest %b size = [2, 1, 4, 6, 6] coordinates = half_pixel rounding = half_down : tensor<1x3x2x3x6xi1> -> tensor<2x1x4x6x6xi1>
  func.return
}

// CHECK-LABEL: @scales_leave_what_is_no_whole_element
// CHECK: trt.resize linear {{%.+}} scales = [1.000000e+00, 6.000000e-01, 1.700000e+00] : tensor<3x4x5xf32> -> tensor<3x2x8xf32>
func.func @scales_leave_what_is_no_whole_element(%x: tensor<3x4x5xf32>) {
  %y = trt.resize linear %x scales = [1.0, 0.6, 1.7] : tensor<3x4x5xf32> -> tensor<3x2x8xf32>
  func.return
}

// The product is rounded before it is cut: 0.7 is a little less than seven tenths.
// CHECK-LABEL: @scales_are_those_that_were_meant
// CHECK: -> tensor<7xf16>
func.func @scales_are_those_that_were_meant(%x: tensor<10xf16>) {
  %y = trt.resize linear %x scales = [0.7] : tensor<10xf16> -> tensor<7xf16>
  func.return
}

// CHECK-LABEL: @scales_of_every_digit
// CHECK: scales = [0.333333343]
func.func @scales_of_every_digit(%x: tensor<9xf16>) {
  %y = trt.resize nearest %x scales = [0.333333343] : tensor<9xf16> -> tensor<3xf16>
  func.return
}

// CHECK-LABEL: @scales_of_unknown_dimensions
// CHECK: trt.resize nearest {{%.+}} scales = [1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00] : tensor<?x3x?x6xf32> -> tensor<?x3x?x12xf32>
func.func @scales_of_unknown_dimensions(%x: tensor<?x3x?x6xf32>) {
  %y = trt.resize nearest %x scales = [1.0, 1.0, 2.0, 2.0] : tensor<?x3x?x6xf32> -> tensor<?x3x?x12xf32>
  func.return
}

// CHECK-LABEL: @corners_aligned
// CHECK: trt.resize linear {{%.+}} size = [1, 3, 7, 1] coordinates = align_corners single_pixel = upper : tensor<1x3x5x6xbf16> -> tensor<1x3x7x1xbf16>
func.func @corners_aligned(%x: tensor<1x3x5x6xbf16>) {
  %y = trt.resize linear %x size = [1, 3, 7, 1] coordinates = align_corners single_pixel = upper : tensor<1x3x5x6xbf16> -> tensor<1x3x7x1xbf16>
  func.return
}

// CHECK-LABEL: @cubic
// CHECK: trt.resize cubic {{%.+}} size = [1, 3, 7, 1] cubic_coeff = -5.000000e-01 exclude_outside = true : tensor<1x3x5x6xf32> -> tensor<1x3x7x1xf32>
func.func @cubic(%x: tensor<1x3x5x6xf32>) {
  %y = trt.resize cubic %x size = [1, 3, 7, 1] cubic_coeff = -0.5 exclude_outside = true : tensor<1x3x5x6xf32> -> tensor<1x3x7x1xf32>
  func.return
}

// CHECK-LABEL: @nothing_of_nothing
// CHECK: trt.resize linear {{%.+}} size = [0, 6] : tensor<0x3xf32> -> tensor<0x6xf32>
func.func @nothing_of_nothing(%x: tensor<0x3xf32>) {
  %y = trt.resize linear %x size = [0, 6] : tensor<0x3xf32> -> tensor<0x6xf32>
  func.return
}
