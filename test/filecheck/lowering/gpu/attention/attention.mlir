// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Tiles of keys, one after another, and what a row keeps from one to the next: the
// greatest score, the sum of the weights, and the sums of the values.
// PTX:           .visible .entry matmul_softmax_matmul_0(
// CHECK:         function_type = (memref<2x40x16xf32>, memref<2x40x16xf32>, memref<2x40x32xf32>, memref<2x40x32xf32>) -> ()
// CHECK:         scf.for {{.*}} -> (f32, f32, f32, f32, f32, f32) {
// CHECK:           math.fma
// CHECK:           gpu.shuffle
// CHECK:           arith.maximumf
// CHECK:           math.exp
// CHECK:           vector.store {{.*}}#gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:           math.fma
// CHECK:           scf.yield {{.*}} : f32, f32, f32, f32, f32, f32
// CHECK:         arith.divf
// CHECK:         vector.store {{.*}} : memref<2560xf32>, vector<4xf32>
// CHECK-NOT:     vector.store
// CHECK:       func.func @scores_are_not_written
func.func @scores_are_not_written(%q: tensor<2x40x16xf32>, %k: tensor<2x40x16xf32>, %v: tensor<2x40x32xf32>) -> tensor<2x40x32xf32> {
  %y = trt.fused "matmul_softmax_matmul"(%q, %k, %v) layers ["s", "p", "o"] : (tensor<2x40x16xf32>, tensor<2x40x16xf32>, tensor<2x40x32xf32>) -> tensor<2x40x32xf32> {
  ^bb0(%q0: tensor<2x40x16xf32>, %k0: tensor<2x40x16xf32>, %v0: tensor<2x40x32xf32>):
    %s = trt.matrix_multiply %q0, %k0 op1 = transpose layers ["s"] : (tensor<2x40x16xf32>, tensor<2x40x16xf32>) -> tensor<2x40x40xf32>
    %p = trt.softmax %s axis = 2 layers ["p"] : tensor<2x40x40xf32> -> tensor<2x40x40xf32>
    %o = trt.matrix_multiply %p, %v0 layers ["o"] : (tensor<2x40x40xf32>, tensor<2x40x32xf32>) -> tensor<2x40x32xf32>
    trt.yield %o : tensor<2x40x32xf32>
  }
  func.return %y : tensor<2x40x32xf32>
}

// -----

// Each score is scaled and masked where it is, before its row's maximum is looked for.
// CHECK:         scf.for
// CHECK:           %[[MASK:.*]] = memref.load {{.*}} : memref<32xf32>
// CHECK:           arith.addf {{.*}}, %[[MASK]] : f32
// CHECK:           arith.maximumf
// CHECK:       func.func @a_mask_is_read_by_coordinates
func.func @a_mask_is_read_by_coordinates(%q: tensor<2x16x8xf32>, %k: tensor<2x8x32xf32>, %v: tensor<2x32x4xf32>, %m: tensor<1x1x32xf32>) -> tensor<2x16x4xf32> {
  %y = trt.fused "matmul_sum_softmax_matmul"(%q, %k, %v, %m) layers ["s", "a", "p", "o"] : (tensor<2x16x8xf32>, tensor<2x8x32xf32>, tensor<2x32x4xf32>, tensor<1x1x32xf32>) -> tensor<2x16x4xf32> {
  ^bb0(%q0: tensor<2x16x8xf32>, %k0: tensor<2x8x32xf32>, %v0: tensor<2x32x4xf32>, %m0: tensor<1x1x32xf32>):
    %s = trt.matrix_multiply %q0, %k0 layers ["s"] : (tensor<2x16x8xf32>, tensor<2x8x32xf32>) -> tensor<2x16x32xf32>
    %a = trt.element_wise sum %s, %m0 layers ["a"] : (tensor<2x16x32xf32>, tensor<1x1x32xf32>) -> tensor<2x16x32xf32>
    %p = trt.softmax %a axis = 2 layers ["p"] : tensor<2x16x32xf32> -> tensor<2x16x32xf32>
    %o = trt.matrix_multiply %p, %v0 layers ["o"] : (tensor<2x16x32xf32>, tensor<2x32x4xf32>) -> tensor<2x16x4xf32>
    trt.yield %o : tensor<2x16x4xf32>
  }
  func.return %y : tensor<2x16x4xf32>
}

// -----

// The scores wait in shared memory until their row's sum is known.
// CHECK-COUNT-1: math.fma
// CHECK:         vector.store {{.*}}#gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:         arith.divf
// CHECK-NOT:     math.fma
// CHECK:         vector.store {{.*}} : memref<2560xf32>, vector<4xf32>
// CHECK:       func.func @short_rows_of_weights
func.func @short_rows_of_weights(%q: tensor<40x16xf32>, %k: tensor<16x64xf32>) -> tensor<40x64xf32> {
  %y = trt.fused "matmul_softmax"(%q, %k) layers ["s", "p"] : (tensor<40x16xf32>, tensor<16x64xf32>) -> tensor<40x64xf32> {
  ^bb0(%q0: tensor<40x16xf32>, %k0: tensor<16x64xf32>):
    %s = trt.matrix_multiply %q0, %k0 layers ["s"] : (tensor<40x16xf32>, tensor<16x64xf32>) -> tensor<40x64xf32>
    %p = trt.softmax %s axis = 1 layers ["p"] : tensor<40x64xf32> -> tensor<40x64xf32>
    trt.yield %p : tensor<40x64xf32>
  }
  func.return %y : tensor<40x64xf32>
}

// -----

// Of longer rows they are computed once more.
// CHECK:         math.fma
// CHECK:         arith.divf
// CHECK:         math.fma
// CHECK:         vector.store {{.*}} : memref<163840xf32>, vector<4xf32>
// CHECK:       func.func @long_rows_of_weights
func.func @long_rows_of_weights(%q: tensor<40x16xf32>, %k: tensor<16x4096xf32>) -> tensor<40x4096xf32> {
  %y = trt.fused "matmul_softmax"(%q, %k) layers ["s", "p"] : (tensor<40x16xf32>, tensor<16x4096xf32>) -> tensor<40x4096xf32> {
  ^bb0(%q0: tensor<40x16xf32>, %k0: tensor<16x4096xf32>):
    %s = trt.matrix_multiply %q0, %k0 layers ["s"] : (tensor<40x16xf32>, tensor<16x4096xf32>) -> tensor<40x4096xf32>
    %p = trt.softmax %s axis = 1 layers ["p"] : tensor<40x4096xf32> -> tensor<40x4096xf32>
    trt.yield %p : tensor<40x4096xf32>
  }
  func.return %y : tensor<40x4096xf32>
}
