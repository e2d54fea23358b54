// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Of few, each is the greatest key below the one before.
// PTX:           .visible .entry topk_0(
// CHECK:         arith.bitcast {{.*}} : f32 to i32
// CHECK:         scf.for {{.*}} iter_args(%[[BEFORE:.*]] = {{.*}}) -> (i64) {
// CHECK:           arith.cmpi slt, {{.*}}, %[[BEFORE]] : i64
// CHECK:           arith.maxsi {{.*}} : i64
// CHECK:           gpu.shuffle xor {{.*}} : i32
// CHECK:           memref.store {{.*}} : memref<9xf16>
// CHECK:           memref.store {{.*}} : memref<9xi32>
// CHECK:       func.func @the_greatest_three
func.func @the_greatest_three(%x: tensor<3x64xf16>) -> (tensor<3x3xf16>, tensor<3x3xi32>) {
  %v, %i = trt.top_k max %x k = 3 axis = 1 layers ["top"] : tensor<3x64xf16> -> tensor<3x3xf16>, tensor<3x3xi32>
  func.return %v, %i : tensor<3x3xf16>, tensor<3x3xi32>
}

// -----

// Many are sorted in shared memory.
// CHECK:         memref.get_global {{.*}} : memref<512xi64, #gpu.address_space<workgroup>>
// CHECK:         arith.shli
// CHECK:         arith.maxsi {{.*}} : i64
// CHECK:         arith.minsi {{.*}} : i64
// CHECK:         "gpu.barrier"()
// CHECK:       func.func @the_least_hundred
func.func @the_least_hundred(%x: tensor<3x300xi8>) -> (tensor<3x100xi8>, tensor<3x100xi64>) {
  %v, %i = trt.top_k min %x k = 100 axis = 1 layers ["top"] : tensor<3x300xi8> -> tensor<3x100xi8>, tensor<3x100xi64>
  func.return %v, %i : tensor<3x100xi8>, tensor<3x100xi64>
}

// -----

// With an index they would not fit into a word: what comes before each is counted.
// CHECK:         scf.for
// CHECK:           arith.cmpi slt, {{.*}} : i64
// CHECK:       func.func @the_least_wide_integer
func.func @the_least_wide_integer(%x: tensor<8x3xi64>) -> (tensor<1x3xi64>, tensor<1x3xi32>) {
  %v, %i = trt.top_k min %x k = 1 axis = 0 layers ["top"] : tensor<8x3xi64> -> tensor<1x3xi64>, tensor<1x3xi32>
  func.return %v, %i : tensor<1x3xi64>, tensor<1x3xi32>
}

// -----

// The logits are selected; what is stored is made of k of them, and of two results
// only the one that is used.
// CHECK:         math.exp
// CHECK:         scf.for {{.*}} -> (i64) {
// CHECK:           math.exp
// CHECK:           memref.store {{.*}} : memref<15xf32>
// CHECK-NOT:       memref.store {{.*}} : memref<15xi32>
// CHECK:       func.func @of_a_softmax_values_alone
func.func @of_a_softmax_values_alone(%x: tensor<3x31xf32>) -> tensor<3x5xf32> {
  %y = trt.fused "softmax_topk"(%x) layers ["s", "t"] : (tensor<3x31xf32>) -> tensor<3x5xf32> {
  ^bb0(%x0: tensor<3x31xf32>):
    %s = trt.softmax %x0 axis = 1 layers ["s"] : tensor<3x31xf32> -> tensor<3x31xf32>
    %v, %i = trt.top_k max %s k = 5 axis = 1 layers ["t"] : tensor<3x31xf32> -> tensor<3x5xf32>, tensor<3x5xi32>
    trt.yield %v : tensor<3x5xf32>
  }
  func.return %y : tensor<3x5xf32>
}
