// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// A tile of each factor is loaded and stored; then, while one pair is multiplied, the
// next is loaded, and stored into the other half of the memory before the barrier.
// PTX-LABEL:     .visible .entry conv_relu_0(
// PTX:           ld.global.nc
// PTX:           bar.sync
// PTX:           ld.shared.v4
// PTX:           fma.rn.f32
// PTX:           st.global
// CHECK:         "memref.global"() <{sym_name = "conv_relu_0_shared_0", type = memref<{{[0-9]+}}xi8, #gpu.address_space<workgroup>>
// CHECK:         %[[TILES:.*]] = memref.view {{.*}} to memref<{{[0-9]+}}xf32, #gpu.address_space<workgroup>>
// CHECK:         memref.load {{.*}} : memref<294912xf32>
// CHECK:         memref.store {{.*}}, %[[TILES]][
// CHECK:         "gpu.barrier"
// CHECK:         scf.for
// CHECK:           scf.if
// CHECK:             memref.load {{.*}} : memref<294912xf32>
// CHECK:           vector.load %[[TILES]][{{.*}}] {alignment = 16 : i64}
// CHECK:           math.fma
// CHECK:           scf.if
// CHECK:             memref.store {{.*}}, %[[TILES]][
// CHECK:           "gpu.barrier"
// The sums go through shared memory; neighbours of the result are finished at once.
// CHECK:         "gpu.barrier"
// CHECK:         %[[STAGE:.*]] = memref.view {{.*}} to memref<{{[0-9]+}}xf32, #gpu.address_space<workgroup>>
// CHECK:         vector.store {{.*}}, %[[STAGE]][
// CHECK:         "gpu.barrier"
// CHECK:         scf.for
// CHECK:           vector.load {{.*}} {alignment = 16 : i64}
// CHECK:           arith.addf
// CHECK:           arith.maximumf
// CHECK:           vector.store {{.*}} {alignment = 16 : i64} : memref<1605632xf32>
// CHECK:       func.func @a_convolution_is_tiled
func.func @a_convolution_is_tiled(%x: tensor<2x128x56x56xf32>, %w: tensor<256x128x3x3xf32>, %b: tensor<256xf32>) -> tensor<2x256x56x56xf32> {
  %y = trt.fused "conv_relu"(%x, %w, %b) layers ["conv", "relu"] : (tensor<2x128x56x56xf32>, tensor<256x128x3x3xf32>, tensor<256xf32>) -> tensor<2x256x56x56xf32> {
  ^bb0(%x0: tensor<2x128x56x56xf32>, %w0: tensor<256x128x3x3xf32>, %b0: tensor<256xf32>):
    %c = trt.convolution %x0, %w0, %b0 pre_padding = [1, 1] post_padding = [1, 1] layers ["conv"] : (tensor<2x128x56x56xf32>, tensor<256x128x3x3xf32>, tensor<256xf32>) -> tensor<2x256x56x56xf32>
    %a = trt.activation relu %c layers ["relu"] : tensor<2x256x56x56xf32> -> tensor<2x256x56x56xf32>
    trt.yield %a : tensor<2x256x56x56xf32>
  }
  func.return %y : tensor<2x256x56x56xf32>
}

// -----

// Halves are loaded eight at once, and are f32 from shared memory on, where no tensor
// cores are that add up in f32.
// PTX-LABEL:     .visible .entry matmul_0(
// PTX:           ld.global.nc.v
// CHECK:         vector.load {{.*}} : memref<262144xf16>, vector<{{[48]}}xf16>
// CHECK:         arith.extf
// CHECK:         math.fma {{.*}} : f32
// CHECK:         arith.truncf
// CHECK:         vector.store {{.*}} {alignment = 16 : i64} : memref<262144xf16>, vector<8xf16>
// CHECK:       func.func @a_matrix_multiply_is_tiled
module attributes {trt.target = #trt.target<sm_75>} {
  func.func @a_matrix_multiply_is_tiled(%a: tensor<512x512xf16>, %b: tensor<512x512xf16>) -> tensor<512x512xf16> {
    %y = trt.matrix_multiply %a, %b layers ["fc"] : (tensor<512x512xf16>, tensor<512x512xf16>) -> tensor<512x512xf16>
    func.return %y : tensor<512x512xf16>
  }
}

// -----

// Of what is too small for tiles, a thread computes an element.
// CHECK-NOT:     gpu.barrier
// CHECK:         math.fma
// CHECK-NOT:     gpu.barrier
// CHECK:       func.func @a_small_convolution_is_not_tiled
func.func @a_small_convolution_is_not_tiled(%x: tensor<1x4x5x5xf32>, %w: tensor<6x2x3x3xf32>) -> tensor<1x6x3x3xf32> {
  %y = trt.convolution %x, %w num_groups = 2 layers ["conv"] : (tensor<1x4x5x5xf32>, tensor<6x2x3x3xf32>) -> tensor<1x6x3x3xf32>
  func.return %y : tensor<1x6x3x3xf32>
}
