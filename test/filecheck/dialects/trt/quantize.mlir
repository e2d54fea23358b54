// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @per_tensor
// CHECK: trt.quantize {{%.+}}, {{%.+}} layers ["q1"] {note = 1 : i64} : (tensor<1x3x4xf32>, tensor<f32>) -> tensor<1x3x4xi8>
// CHECK: trt.dequantize {{%.+}}, {{%.+}} : (tensor<1x3x4xi8>, tensor<f32>) -> tensor<1x3x4xf32>
func.func @per_tensor(%x: tensor<1x3x4xf32>, %s: tensor<f32>) {
  %q = trt.quantize %x, %s layers ["q1"] {note = 1 : i64} : (tensor<1x3x4xf32>, tensor<f32>) -> tensor<1x3x4xi8>
  %d = trt.dequantize %q, %s : (tensor<1x3x4xi8>, tensor<f32>) -> tensor<1x3x4xf32>
  func.return
}

// CHECK-LABEL: @per_channel_with_zero_point
// CHECK: trt.quantize {{%.+}}, {{%.+}}, {{%.+}} axis = 1 : (tensor<1x3x4xf16>, tensor<3xf16>, tensor<3xi8>) -> tensor<1x3x4xi8>
// CHECK: trt.dequantize {{%.+}}, {{%.+}}, {{%.+}} axis = 1 layers ["dq1"] : (tensor<1x3x4xi8>, tensor<3xf16>, tensor<3xi8>) -> tensor<1x3x4xf16>
func.func @per_channel_with_zero_point(%x: tensor<1x3x4xf16>, %s: tensor<3xf16>, %z: tensor<3xi8>, %q: tensor<1x3x4xi8>) {
  %y = trt.quantize %x, %s, %z axis = 1 : (tensor<1x3x4xf16>, tensor<3xf16>, tensor<3xi8>) -> tensor<1x3x4xi8>
  %d = trt.dequantize %q, %s, %z axis = 1 layers ["dq1"] : (tensor<1x3x4xi8>, tensor<3xf16>, tensor<3xi8>) -> tensor<1x3x4xf16>
  func.return
}

// CHECK-LABEL: @scale_may_be_wider
// CHECK: trt.quantize {{%.+}}, {{%.+}} : (tensor<4xbf16>, tensor<f32>) -> tensor<4xi8>
// CHECK: trt.dequantize {{%.+}}, {{%.+}} : (tensor<4xi8>, tensor<f32>) -> tensor<4xbf16>
func.func @scale_may_be_wider(%x: tensor<4xbf16>, %s: tensor<f32>) {
  %q = trt.quantize %x, %s : (tensor<4xbf16>, tensor<f32>) -> tensor<4xi8>
  %d = trt.dequantize %q, %s : (tensor<4xi8>, tensor<f32>) -> tensor<4xbf16>
  func.return
}

// CHECK-LABEL: @unknown_dimensions
// CHECK: trt.quantize {{%.+}}, {{%.+}}, {{%.+}} axis = 1 : (tensor<?x?xf32>, tensor<3xf32>, tensor<?xi8>) -> tensor<?x?xi8>
// CHECK: trt.dequantize {{%.+}}, {{%.+}} axis = 1 : (tensor<?x3xi8>, tensor<?xf32>) -> tensor<2x3xf32>
func.func @unknown_dimensions(%x: tensor<?x?xf32>, %s: tensor<3xf32>, %z: tensor<?xi8>, %t: tensor<?xf32>, %q: tensor<?x3xi8>) {
  %y = trt.quantize %x, %s, %z axis = 1 : (tensor<?x?xf32>, tensor<3xf32>, tensor<?xi8>) -> tensor<?x?xi8>
  %d = trt.dequantize %q, %t axis = 1 : (tensor<?x3xi8>, tensor<?xf32>) -> tensor<2x3xf32>
  func.return
}
