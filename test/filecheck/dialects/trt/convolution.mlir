// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @properties_default_to_absent
// CHECK: trt.convolution {{%.+}}, {{%.+}} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
func.func @properties_default_to_absent(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  %y = trt.convolution %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return
}

// CHECK-LABEL: @every_property
// CHECK: trt.convolution {{%.+}}, {{%.+}}, {{%.+}} stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 layers ["conv1", "bn1"] {note = "kept"} : (tensor<1x4x9x9xf16>, tensor<6x2x3x3xf16>, tensor<6xf16>) -> tensor<1x6x4x10xf16>
func.func @every_property(%x: tensor<1x4x9x9xf16>, %w: tensor<6x2x3x3xf16>, %b: tensor<6xf16>) {
  %y = trt.convolution %x, %w, %b stride = [2, 1] pre_padding = [1, 2] post_padding = [0, 1] padding_mode = explicit_round_up dilation = [2, 1] num_groups = 2 layers ["conv1", "bn1"] {note = "kept"} : (tensor<1x4x9x9xf16>, tensor<6x2x3x3xf16>, tensor<6xf16>) -> tensor<1x6x4x10xf16>
  func.return
}

// CHECK-LABEL: @same_modes_ignore_explicit_padding
// CHECK: padding_mode = same_upper : {{.*}} -> tensor<1x4x4x4xf32>
// CHECK: padding_mode = same_lower : {{.*}} -> tensor<1x4x4x4xf32>
func.func @same_modes_ignore_explicit_padding(%x: tensor<1x3x7x8xf32>, %w: tensor<4x3x5x1xf32>) {
  %u = trt.convolution %x, %w stride = [2, 2] pre_padding = [9, 9] padding_mode = same_upper : (tensor<1x3x7x8xf32>, tensor<4x3x5x1xf32>) -> tensor<1x4x4x4xf32>
  %l = trt.convolution %x, %w stride = [2, 2] padding_mode = same_lower : (tensor<1x3x7x8xf32>, tensor<4x3x5x1xf32>) -> tensor<1x4x4x4xf32>
  func.return
}

// CHECK-LABEL: @three_spatial_axes
// CHECK: trt.convolution {{.*}} -> tensor<1x4x2x3x4xbf16>
// CHECK: trt.deconvolution {{.*}} -> tensor<1x2x5x6x7xbf16>
func.func @three_spatial_axes(%x: tensor<1x2x4x5x6xbf16>, %w: tensor<4x2x3x3x3xbf16>, %z: tensor<1x4x3x4x5xbf16>) {
  %c = trt.convolution %x, %w : (tensor<1x2x4x5x6xbf16>, tensor<4x2x3x3x3xbf16>) -> tensor<1x4x2x3x4xbf16>
  %d = trt.deconvolution %z, %w : (tensor<1x4x3x4x5xbf16>, tensor<4x2x3x3x3xbf16>) -> tensor<1x2x5x6x7xbf16>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.convolution {{.*}} -> tensor<?x4x?x6xf32>
// CHECK: trt.convolution {{.*}} -> tensor<?x?x?x?xf32>
// CHECK: trt.convolution {{.*}} -> tensor<2x4x6x6xf32>
// CHECK: trt.deconvolution {{.*}} -> tensor<?x?x?x10xf32>
func.func @unknown_dimensions(%x: tensor<?x?x?x8xf32>, %w: tensor<4x3x3x3xf32>, %v: tensor<?x3x?x?xf32>, %b: tensor<?xf32>, %k: tensor<3x?x3x3xf32>) {
  %0 = trt.convolution %x, %w, %b : (tensor<?x?x?x8xf32>, tensor<4x3x3x3xf32>, tensor<?xf32>) -> tensor<?x4x?x6xf32>
  %1 = trt.convolution %x, %v, %b : (tensor<?x?x?x8xf32>, tensor<?x3x?x?xf32>, tensor<?xf32>) -> tensor<?x?x?x?xf32>
  %2 = trt.convolution %x, %w : (tensor<?x?x?x8xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
  %3 = trt.deconvolution %x, %k, %b : (tensor<?x?x?x8xf32>, tensor<3x?x3x3xf32>, tensor<?xf32>) -> tensor<?x?x?x10xf32>
  func.return
}

// CHECK-LABEL: @deconvolution
// CHECK: trt.deconvolution {{%.+}}, {{%.+}}, {{%.+}} stride = [2, 2] pre_padding = [1, 1] post_padding = [0, 1] dilation = [2, 2] num_groups = 2 layers ["up"] : {{.*}} -> tensor<1x6x12x11xf32>
// CHECK: trt.deconvolution {{.*}} padding_mode = same_lower : {{.*}} -> tensor<1x3x10x10xf32>
func.func @deconvolution(%x: tensor<1x4x5x5xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<6xf32>) {
  %0 = trt.deconvolution %x, %w, %b stride = [2, 2] pre_padding = [1, 1] post_padding = [0, 1] dilation = [2, 2] num_groups = 2 layers ["up"] : (tensor<1x4x5x5xf32>, tensor<4x3x3x3xf32>, tensor<6xf32>) -> tensor<1x6x12x11xf32>
  %1 = trt.deconvolution %x, %w stride = [2, 2] padding_mode = same_lower : (tensor<1x4x5x5xf32>, tensor<4x3x3x3xf32>) -> tensor<1x3x10x10xf32>
  func.return
}
