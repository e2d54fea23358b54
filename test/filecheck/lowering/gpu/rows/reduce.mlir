// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// A block has a row: sixteen bytes at a time into registers, then between the lanes of
// a warp, then between warps.
// PTX:           .visible .entry reduce_avg_0(
// PTX:           ld.global.nc.v4.b32
// PTX:           shfl.sync.bfly.b32
// PTX:           bar.sync
// CHECK:         scf.for {{.*}} -> (f32) {
// CHECK:           vector.load {{.*}} {alignment = 16 : i64} : memref<3072xf16>, vector<8xf16>
// CHECK:           arith.addf {{.*}} : f32
// CHECK:         %{{.*}}, %{{.*}} = gpu.shuffle xor
// CHECK:         memref.store {{.*}} : memref<2xf32, #gpu.address_space<workgroup>>
// CHECK:         "gpu.barrier"()
// CHECK:         arith.divf
// CHECK:         scf.if
// CHECK-NEXT:      arith.truncf {{.*}} : f32 to f16
// CHECK-NEXT:      memref.store {{.*}} : memref<3xf16>
// CHECK:       func.func @rows_of_vectors
func.func @rows_of_vectors(%x: tensor<3x1024xf16>) -> tensor<3xf16> {
  %y = trt.reduce avg %x axes = [1] layers ["mean"] : tensor<3x1024xf16> -> tensor<3xf16>
  func.return %y : tensor<3xf16>
}

// -----

// Threads stand side by side where elements do, four columns each.
// CHECK:         vector.load {{.*}} : memref<2048xf32>, vector<4xf32>
// CHECK-NOT:     gpu.shuffle
// CHECK:         vector.store {{.*}} : memref<8x64xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:         "gpu.barrier"()
// CHECK:         vector.store {{.*}} : memref<64xf32>, vector<4xf32>
// CHECK:       func.func @columns
func.func @columns(%x: tensor<32x64xf32>) -> tensor<64xf32> {
  %y = trt.reduce max %x axes = [0] layers ["max"] : tensor<32x64xf32> -> tensor<64xf32>
  func.return %y : tensor<64xf32>
}

// -----

// CHECK:         arith.extsi {{.*}} : i8 to i64
// CHECK:         arith.addi {{.*}} : i64
// CHECK:         arith.divsi {{.*}} : i64
// CHECK:         arith.trunci {{.*}} : i64 to i8
// CHECK:       func.func @a_mean_of_bytes_is_of_their_wide_sum
func.func @a_mean_of_bytes_is_of_their_wide_sum(%x: tensor<3x31xi8>) -> tensor<3xi8> {
  %y = trt.reduce avg %x axes = [1] layers ["mean"] : tensor<3x31xi8> -> tensor<3xi8>
  func.return %y : tensor<3xi8>
}

// -----

// The exponentials are of what lies below the maximum.
// CHECK:         %[[M:.*]] = arith.maximumf
// CHECK:         %[[IS_LEAST:.*]] = arith.cmpf oeq, %[[M]],
// CHECK:         %[[SHIFT:.*]] = arith.select %[[IS_LEAST]], {{.*}}, %[[M]] : f32
// CHECK:         %[[BELOW:.*]] = arith.subf {{.*}}, %[[SHIFT]] : f32
// CHECK-NEXT:    math.exp %[[BELOW]] : f32
// CHECK:         math.log
// CHECK:       func.func @a_log_sum_exp_is_shifted
func.func @a_log_sum_exp_is_shifted(%x: tensor<3x31xf32>) -> tensor<3xf32> {
  %y = trt.fused "exp_reduce_sum_log"(%x) layers ["e", "s", "l"] : (tensor<3x31xf32>) -> tensor<3xf32> {
  ^bb0(%x0: tensor<3x31xf32>):
    %e = trt.unary exp %x0 layers ["e"] : tensor<3x31xf32> -> tensor<3x31xf32>
    %s = trt.reduce sum %e axes = [1] layers ["s"] : tensor<3x31xf32> -> tensor<3xf32>
    %l = trt.unary log %s layers ["l"] : tensor<3xf32> -> tensor<3xf32>
    trt.yield %l : tensor<3xf32>
  }
  func.return %y : tensor<3xf32>
}

// -----

// What is read side by side is reduced, as in the tensor before the shuffle.
// CHECK:         vector.load {{.*}} : memref<160xf32>, vector<4xf32>
// CHECK:         math.absf
// CHECK:         memref.store {{.*}} : memref<20xf32>
// CHECK:       func.func @what_is_reduced_is_permuted
func.func @what_is_reduced_is_permuted(%x: tensor<4x5x8xf32>) -> tensor<5x1x4xf32> {
  %y = trt.fused "shuffle_abs_reduce_sum"(%x) layers ["p", "a", "s"] : (tensor<4x5x8xf32>) -> tensor<5x1x4xf32> {
  ^bb0(%x0: tensor<4x5x8xf32>):
    %p = trt.shuffle %x0 first_transpose = [1, 2, 0] layers ["p"] : tensor<4x5x8xf32> -> tensor<5x8x4xf32>
    %a = trt.unary abs %p layers ["a"] : tensor<5x8x4xf32> -> tensor<5x8x4xf32>
    %s = trt.reduce sum %a axes = [1] keep_dimensions layers ["s"] : tensor<5x8x4xf32> -> tensor<5x1x4xf32>
    trt.yield %s : tensor<5x1x4xf32>
  }
  func.return %y : tensor<5x1x4xf32>
}
