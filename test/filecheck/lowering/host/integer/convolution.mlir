// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=64 vector-registers=32 vpdpbusd=true' | FileCheck %s
// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=32 vpdpbusd=true' | FileCheck %s --check-prefix=SHORT
// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s --check-prefix=WIDEN
// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=64 vector-registers=32 vpdpbusd=true' --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM

// Pixels have two more channels, of zeros, and a halo; of what sums begin with and are
// multiplied by there are tables.
// CHECK:      func.func private @dequantize_conv_relu_quantize_0(%x0: memref<288xi8> {llvm.noalias}, %w0: memref<1152xi8> {llvm.noalias}
// CHECK-SAME: memref<256xi8> {llvm.noalias}, %[[START:[0-9]+]]: memref<16xi32> {llvm.noalias}, %[[FACTORS:[0-9]+]]: memref<16xf32> {llvm.noalias}
// CHECK-DAG:    %[[SIGNS:[0-9]+]] = arith.constant dense<-2139062144> : vector<16xi32>
// CHECK:        vector.load %[[START]]
// CHECK:        %[[WORD:[0-9]+]] = vector.extract {{.*}} : i32 from vector<1xi32>
// CHECK:        %[[SPREAD:[0-9]+]] = vector.broadcast %[[WORD]] : i32 to vector<16xi32>
// CHECK:        %[[BYTES:[0-9]+]] = arith.xori %[[SPREAD]], %[[SIGNS]]
// CHECK:        llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %[[BYTES]], %{{.*}})
// CHECK:        memref.load %[[FACTORS]]
// CHECK:        math.roundeven

// The formula's constants are computed when the network is built.
// CHECK:      func.func @main(
// CHECK-SAME:   nearest_quotient("b" : tensor<16xf32>, prod(dense<5.000000e-01> : tensor<f32>, "s" : tensor<16xf32>) : tensor<16xf32>) : tensor<16xi32>
// CHECK-SAME:   prod(reduce_sum("w" : tensor<16x6x3x3xi8>, [1, 2, 3]) : tensor<16xi32>, dense<-128> : tensor<1xi32>) : tensor<16xi32>
// CHECK-SAME:   rescale(dense<5.000000e-01> : tensor<f32>, "s" : tensor<16xf32>, dense<2.500000e-01> : tensor<f32>) : tensor<16xf32>

// SHORT: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"

// WIDEN-NOT: call_intrinsic
// WIDEN:     %[[ALL:[0-9]+]] = llvm.sext %{{.*}} : vector<16xi16> to vector<16xi32>
// WIDEN:     %[[PRODUCTS:[0-9]+]] = arith.muli %[[ALL]], %{{.*}} : vector<16xi32>
// WIDEN:     vector.shuffle %[[PRODUCTS]], %[[PRODUCTS]] [0, 2, 4, 6, 8, 10, 12, 14]
// WIDEN:     vector.shuffle %[[PRODUCTS]], %[[PRODUCTS]] [1, 3, 5, 7, 9, 11, 13, 15]
// WIDEN-NOT: reduce_sum

// LLVM: call <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>
// LLVM: declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>, <16 x i32>, <16 x i32>)
func.func @main(%x: tensor<1x6x4x4xi8>) -> tensor<1x16x4x4xi8> {
  %w = trt.constant #trt.weight<"w" : tensor<16x6x3x3xi8>>
  %ws = trt.constant #trt.weight<"s" : tensor<16xf32>>
  %b = trt.constant #trt.weight<"b" : tensor<16xf32>>
  %y = trt.fused "dequantize_conv_relu_quantize" (%x, %w, %ws, %b) layers ["c"]
    : (tensor<1x6x4x4xi8>, tensor<16x6x3x3xi8>, tensor<16xf32>, tensor<16xf32>) -> tensor<1x16x4x4xi8> {
  ^bb0(%x0: tensor<1x6x4x4xi8>, %w0: tensor<16x6x3x3xi8>, %s0: tensor<16xf32>, %b0: tensor<16xf32>):
    %xs = trt.constant dense<0.5> : tensor<f32>
    %ys = trt.constant dense<0.25> : tensor<f32>
    %1 = trt.dequantize %x0, %xs : (tensor<1x6x4x4xi8>, tensor<f32>) -> tensor<1x6x4x4xf32>
    %2 = trt.dequantize %w0, %s0 axis = 0 : (tensor<16x6x3x3xi8>, tensor<16xf32>) -> tensor<16x6x3x3xf32>
    %3 = trt.convolution %1, %2, %b0 pre_padding = [1, 1] post_padding = [1, 1] layers ["c"] : (tensor<1x6x4x4xf32>, tensor<16x6x3x3xf32>, tensor<16xf32>) -> tensor<1x16x4x4xf32>
    %4 = trt.activation relu %3 : tensor<1x16x4x4xf32> -> tensor<1x16x4x4xf32>
    %5 = trt.quantize %4, %ys : (tensor<1x16x4x4xf32>, tensor<f32>) -> tensor<1x16x4x4xi8>
    trt.yield %5 : tensor<1x16x4x4xi8>
  }
  func.return %y : tensor<1x16x4x4xi8>
}
