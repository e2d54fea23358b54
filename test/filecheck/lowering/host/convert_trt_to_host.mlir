// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s
// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=64 vector-registers=32' | FileCheck %s --check-prefix=WIDE
// RUN: fuse-opt %s --convert-trt-to-host --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM

// A kernel is a function of flat buffers, of its thread and of how many there are.
// CHECK:      func.func private @conv_0(%x: memref<72xf32> {llvm.noalias}, %w: memref<288xf32> {llvm.noalias}
// CHECK-SAME: memref<256xf32> {llvm.noalias}, %{{.*}}: index, %{{.*}}: index) attributes {no_inline, trt.host}
// CHECK:        vector.fma {{.*}} : vector<8xf32>
// WIDE:       vector.fma {{.*}} : vector<16xf32>
// CHECK:      func.func private @wait_for_all(!llvm.ptr, index) -> () attributes {trt.host}

// Inputs, outputs, constants as kernels have them stored, memory, and the threads.
// CHECK:      func.func @conv1(%{{.*}}: memref<32xf32>, %{{.*}}: memref<256xf32> {trt.output}
// CHECK-SAME:   {trt.constant = #trt.weight<reshape(transpose(
// CHECK-SAME:   memref<{{.*}}xi8>, %{{.*}}: index, %{{.*}}: index, %{{.*}}: !llvm.ptr)
// CHECK:        func.call @reformat_0
// CHECK:        func.call @wait_for_all
// CHECK:        func.call @conv_0
// CHECK-NOT:    func.call @reformat
// CHECK:        func.return

// LLVM: define void @conv_0(ptr noalias %{{.*}}, i64 %{{.*}}, i64 %{{.*}})
// LLVM:   call <8 x float> @llvm.fmuladd.v8f32
// LLVM: define void @conv1(
// LLVM:   call void @conv_0(
// LLVM:   call void @wait_for_all(
// LLVM: declare void @wait_for_all(ptr, i64)
func.func @conv1(%x: tensor<1x2x4x4xf32>) -> tensor<1x16x4x4xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<16x2x3x3xf32>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x2x4x4xf32>, tensor<16x2x3x3xf32>) -> tensor<1x16x4x4xf32>
  func.return %y : tensor<1x16x4x4xf32>
}

// A group that has no kernel of its own is computed layer by layer.
// CHECK:      func.func @weights(
// CHECK:        func.call @matmul_0
// CHECK:        func.call @softmax_0
// CHECK:        func.return
func.func @weights(%q: tensor<2x40x16xf32>, %k: tensor<2x16x40xf32>) -> tensor<2x40x40xf32> {
  %y = trt.fused "matmul_softmax"(%q, %k) layers ["s", "p"] : (tensor<2x40x16xf32>, tensor<2x16x40xf32>) -> tensor<2x40x40xf32> {
  ^bb0(%q_1: tensor<2x40x16xf32>, %k_1: tensor<2x16x40xf32>):
    %s = trt.matrix_multiply %q_1, %k_1 layers ["s"] : (tensor<2x40x16xf32>, tensor<2x16x40xf32>) -> tensor<2x40x40xf32>
    %p = trt.softmax %s axis = 2 layers ["p"] : tensor<2x40x40xf32> -> tensor<2x40x40xf32>
    trt.yield %p : tensor<2x40x40xf32>
  }
  func.return %y : tensor<2x40x40xf32>
}

// Attention is one kernel; what it reads otherwise than as it lies is copied before.
// CHECK:      func.func @attention(
// CHECK:        func.call @pack_
// CHECK-NEXT:   func.call @pack_
// CHECK-NEXT:   func.call @wait_for_all
// CHECK-NEXT:   func.call @matmul_softmax_matmul_0
// CHECK-NEXT:   func.call @wait_for_all
// CHECK-NEXT:   func.return
func.func @attention(%q: tensor<2x40x16xf32>, %k: tensor<2x40x16xf32>, %v: tensor<2x40x320xf32>) -> tensor<2x40x320xf32> {
  %y = trt.fused "matmul_softmax_matmul"(%q, %k, %v) layers ["s", "p", "o"] : (tensor<2x40x16xf32>, tensor<2x40x16xf32>, tensor<2x40x320xf32>) -> tensor<2x40x320xf32> {
  ^bb0(%q_1: tensor<2x40x16xf32>, %k_1: tensor<2x40x16xf32>, %v_1: tensor<2x40x320xf32>):
    %s = trt.matrix_multiply %q_1, %k_1 op1 = transpose layers ["s"] : (tensor<2x40x16xf32>, tensor<2x40x16xf32>) -> tensor<2x40x40xf32>
    %p = trt.softmax %s axis = 2 layers ["p"] : tensor<2x40x40xf32> -> tensor<2x40x40xf32>
    %o = trt.matrix_multiply %p, %v_1 layers ["o"] : (tensor<2x40x40xf32>, tensor<2x40x320xf32>) -> tensor<2x40x320xf32>
    trt.yield %o : tensor<2x40x320xf32>
  }
  func.return %y : tensor<2x40x320xf32>
}
