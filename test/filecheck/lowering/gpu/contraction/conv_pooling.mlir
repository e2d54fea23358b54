// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// The sums of what is under a tile of windows are staged; there they become what is
// pooled; then each window is read. Nothing but its result is written.
// PTX:           .visible .entry conv_relu_pool_0(
// PTX:           fma.rn.f32
// PTX:           st.global.b32
// PTX-NOT:       st.global
// CHECK:         math.fma
// CHECK:         "gpu.barrier"
// CHECK:         %[[STAGE:.*]] = memref.view {{.*}}xf32, #gpu.address_space<workgroup>>
// CHECK:         vector.store {{.*}}, %[[STAGE]][
// CHECK:         "gpu.barrier"
// CHECK:         %[[POOLED:.*]] = memref.view {{.*}}xf32, #gpu.address_space<workgroup>>
// CHECK:         arith.addf
// CHECK:         arith.maximumf
// CHECK:         memref.store {{.*}}, %[[POOLED]][
// CHECK:         "gpu.barrier"
// CHECK:         scf.for {{.*}} -> (f32)
// CHECK:           scf.for {{.*}} -> (f32)
// CHECK:             memref.load %[[POOLED]][
// CHECK:             arith.maximumf
// CHECK:         memref.store {{.*}} : memref<802816xf32>
// CHECK:       func.func @a_convolution_and_its_pooling
func.func @a_convolution_and_its_pooling(%x: tensor<4x32x114x114xf32>, %w: tensor<64x32x3x3xf32>, %b: tensor<64xf32>) -> tensor<4x64x56x56xf32> {
  %y = trt.fused "conv_relu_pool"(%x, %w, %b) layers ["conv", "relu", "pool"] : (tensor<4x32x114x114xf32>, tensor<64x32x3x3xf32>, tensor<64xf32>) -> tensor<4x64x56x56xf32> {
  ^bb0(%x0: tensor<4x32x114x114xf32>, %w0: tensor<64x32x3x3xf32>, %b0: tensor<64xf32>):
    %c = trt.convolution %x0, %w0, %b0 layers ["conv"] : (tensor<4x32x114x114xf32>, tensor<64x32x3x3xf32>, tensor<64xf32>) -> tensor<4x64x112x112xf32>
    %r = trt.activation relu %c layers ["relu"] : tensor<4x64x112x112xf32> -> tensor<4x64x112x112xf32>
    %p = trt.pooling max %r window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["pool"] : tensor<4x64x112x112xf32> -> tensor<4x64x56x56xf32>
    trt.yield %p : tensor<4x64x56x56xf32>
  }
  func.return %y : tensor<4x64x56x56xf32>
}

// -----

// Bytes are words in shared memory.
// PTX:           .visible .entry dequantize_conv_quantize_pool_0(
// PTX:           st.global.b8
// CHECK:         %[[WORD:.*]] = arith.extsi {{.*}} : i8 to i32
// CHECK:         memref.store %[[WORD]], %[[POOLED:.*]][
// CHECK:         "gpu.barrier"
// CHECK:         %[[READ:.*]] = memref.load %[[POOLED]][
// CHECK:         %[[BYTE:.*]] = arith.trunci %[[READ]] : i32 to i8
// CHECK:         arith.maxsi {{.*}} : i8
// CHECK:       func.func @an_int8_convolution_and_its_pooling
func.func @an_int8_convolution_and_its_pooling(%x: tensor<4x32x56x56xi8>, %w: tensor<64x32x1x1xi8>) -> tensor<4x64x28x28xi8> {
  %y = trt.fused "dequantize_conv_quantize_pool"(%x, %w) layers ["dx", "dw", "conv", "q", "pool"] : (tensor<4x32x56x56xi8>, tensor<64x32x1x1xi8>) -> tensor<4x64x28x28xi8> {
  ^bb0(%x0: tensor<4x32x56x56xi8>, %w0: tensor<64x32x1x1xi8>):
    %s = trt.constant dense<0.25> : tensor<f32>
    %dx = trt.dequantize %x0, %s layers ["dx"] : (tensor<4x32x56x56xi8>, tensor<f32>) -> tensor<4x32x56x56xf32>
    %dw = trt.dequantize %w0, %s layers ["dw"] : (tensor<64x32x1x1xi8>, tensor<f32>) -> tensor<64x32x1x1xf32>
    %c = trt.convolution %dx, %dw layers ["conv"] : (tensor<4x32x56x56xf32>, tensor<64x32x1x1xf32>) -> tensor<4x64x56x56xf32>
    %q = trt.quantize %c, %s layers ["q"] : (tensor<4x64x56x56xf32>, tensor<f32>) -> tensor<4x64x56x56xi8>
    %p = trt.pooling max %q window = [2, 2] stride = [2, 2] layers ["pool"] : tensor<4x64x56x56xi8> -> tensor<4x64x28x28xi8>
    trt.yield %p : tensor<4x64x28x28xi8>
  }
  func.return %y : tensor<4x64x28x28xi8>
}

// -----

// What is under a window that no tile holds, a thread computes alone.
// CHECK:         "gpu.func"() <{function_type = (memref<1x3x24x24xf32>,
// CHECK-NOT:     gpu.barrier
// CHECK:         scf.for {{.*}} -> (f32)
// CHECK:           scf.for {{.*}} -> (f32)
// CHECK:             scf.for {{.*}} -> (f32)
// CHECK:               math.fma
// CHECK:             arith.maximumf
// CHECK:       func.func @a_window_that_is_too_large
func.func @a_window_that_is_too_large(%x: tensor<1x3x24x24xf32>, %w: tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  %y = trt.fused "conv_pool"(%x, %w) layers ["conv", "pool"] : (tensor<1x3x24x24xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x1x1xf32> {
  ^bb0(%x0: tensor<1x3x24x24xf32>, %w0: tensor<2x3x1x1xf32>):
    %c = trt.convolution %x0, %w0 layers ["conv"] : (tensor<1x3x24x24xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x24x24xf32>
    %p = trt.pooling max %c window = [24, 24] layers ["pool"] : tensor<1x2x24x24xf32> -> tensor<1x2x1x1xf32>
    trt.yield %p : tensor<1x2x1x1xf32>
  }
  func.return %y : tensor<1x2x1x1xf32>
}
