// RUN: fuse-opt %s --convert-trt-to-gpu | FileCheck %s

// What is between is bytes in shared memory, and sums of both are requantised: each by
// its own multiplier, computed in f64.
// CHECK:       "memref.global"() <{sym_name = "{{.*}}_shared_0", type = memref<64xi8, #gpu.address_space<workgroup>>
// CHECK:         arith.muli {{.*}} : i32
// CHECK:         arith.divf {{.*}} : f64
// CHECK:         arith.maxsi {{.*}} : i8
// CHECK:         memref.store {{.*}} : memref<{{[0-9]+}}xi8, #gpu.address_space<workgroup>>
// CHECK:         gpu.barrier
// CHECK:         vector.load {{.*}} : memref<128xi8>, vector<8xi8>
// CHECK:         vector.load {{.*}}#gpu.address_space<workgroup>>, vector<16xi8>
// CHECK:         nvvm.dot.accumulate.4way
// CHECK:         arith.divf {{.*}} : f64
// CHECK:         arith.maxsi {{.*}} : i8
// CHECK:         vector.store {{.*}} : memref<1024xi8>, vector<4xi8>
// CHECK:       func.func @a_depthwise_separable_group
func.func @a_depthwise_separable_group(%x: tensor<1x8x8x8xi8>, %k: tensor<8x1x3x3xi8>, %l: tensor<16x8x1x1xi8>) -> tensor<1x16x8x8xi8> {
  %y = trt.fused "dequantize_conv_relu_quantize_dequantize_conv_relu_quantize"(%x, %k, %l) layers ["dx", "dk", "dl", "c1", "r1", "q1", "dm", "c2", "r2", "q2"] : (tensor<1x8x8x8xi8>, tensor<8x1x3x3xi8>, tensor<16x8x1x1xi8>) -> tensor<1x16x8x8xi8> {
  ^bb0(%x0: tensor<1x8x8x8xi8>, %k0: tensor<8x1x3x3xi8>, %l0: tensor<16x8x1x1xi8>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %dx = trt.dequantize %x0, %s layers ["dx"] : (tensor<1x8x8x8xi8>, tensor<f32>) -> tensor<1x8x8x8xf32>
    %dk = trt.dequantize %k0, %s layers ["dk"] : (tensor<8x1x3x3xi8>, tensor<f32>) -> tensor<8x1x3x3xf32>
    %dl = trt.dequantize %l0, %s layers ["dl"] : (tensor<16x8x1x1xi8>, tensor<f32>) -> tensor<16x8x1x1xf32>
    %c1 = trt.convolution %dx, %dk pre_padding = [1, 1] post_padding = [1, 1] num_groups = 8 layers ["c1"] : (tensor<1x8x8x8xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x8x8xf32>
    %r1 = trt.activation relu %c1 layers ["r1"] : tensor<1x8x8x8xf32> -> tensor<1x8x8x8xf32>
    %q1 = trt.quantize %r1, %s layers ["q1"] : (tensor<1x8x8x8xf32>, tensor<f32>) -> tensor<1x8x8x8xi8>
    %dm = trt.dequantize %q1, %s layers ["dm"] : (tensor<1x8x8x8xi8>, tensor<f32>) -> tensor<1x8x8x8xf32>
    %c2 = trt.convolution %dm, %dl layers ["c2"] : (tensor<1x8x8x8xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x8x8xf32>
    %r2 = trt.activation relu %c2 layers ["r2"] : tensor<1x16x8x8xf32> -> tensor<1x16x8x8xf32>
    %q2 = trt.quantize %r2, %s layers ["q2"] : (tensor<1x16x8x8xf32>, tensor<f32>) -> tensor<1x16x8x8xi8>
    trt.yield %q2 : tensor<1x16x8x8xi8>
  }
  func.return %y : tensor<1x16x8x8xi8>
}
