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
// CHECK:        func.call @wait_for_all
// CHECK:        func.call @reformat_1
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
