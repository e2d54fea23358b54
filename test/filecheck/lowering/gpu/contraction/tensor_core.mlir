// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX
// RUN: fuse-opt %s --split-input-file "--convert-trt-to-gpu=tf32=true" | FileCheck %s --check-prefix=TF32

// Tiles of both factors are copied asynchronously, a few turns ahead; warps multiply
// them from shared memory. The sums go through it to what follows.
// PTX-LABEL:     .visible .entry matmul_0(
// PTX:           cp.async.cg.shared.global
// PTX:           ldmatrix.sync.aligned.m8n8.x4.shared.b16
// PTX:           ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16
// PTX:           mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK:         nvgpu.device_async_copy
// CHECK:         nvgpu.device_async_create_group
// CHECK:         nvgpu.device_async_wait {{.*}}numGroups
// CHECK:         scf.for
// CHECK:           "gpu.barrier"
// CHECK:           scf.if
// CHECK:             nvgpu.device_async_copy
// CHECK:           nvgpu.ldmatrix {{.*}}transpose = false
// CHECK:           nvgpu.ldmatrix {{.*}}transpose = true
// CHECK:           nvgpu.mma.sync
// CHECK:           nvgpu.device_async_wait
// CHECK:         "gpu.barrier"
// CHECK:         vector.store {{.*}} vector<2xf32>
// CHECK:         "gpu.barrier"
// CHECK:         vector.store {{.*}} vector<8xf16>
// CHECK:       func.func @halves_are_multiplied_by_warps
func.func @halves_are_multiplied_by_warps(%a: tensor<512x512xf16>, %b: tensor<512x512xf16>) -> tensor<512x512xf16> {
  %y = trt.matrix_multiply %a, %b layers ["fc"] : (tensor<512x512xf16>, tensor<512x512xf16>) -> tensor<512x512xf16>
  func.return %y : tensor<512x512xf16>
}

// -----

// What windows see is loaded to registers before a pair is multiplied, and stored after.
// PTX-LABEL:     .visible .entry conv_0(
// PTX:           mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK:         scf.for
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK:           nvgpu.mma.sync
// CHECK:           memref.store
// CHECK:       func.func @windows_go_through_registers
func.func @windows_go_through_registers(%x: tensor<8x128x28x28xbf16>, %w: tensor<128x128x3x3xbf16>) -> tensor<8x128x28x28xbf16> {
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] layers ["conv"] : (tensor<8x128x28x28xbf16>, tensor<128x128x3x3xbf16>) -> tensor<8x128x28x28xbf16>
  func.return %y : tensor<8x128x28x28xbf16>
}

// -----

// Of an f32 they see ten bits of the fraction: only where that is asked for.
// CHECK-NOT:     nvgpu.mma.sync
// CHECK:         math.fma
// CHECK:       func.func @f32_is_exact_unasked
// TF32:          nvgpu.mma.sync({{.*}}tf32Enabled
// TF32:        func.func @f32_is_exact_unasked
func.func @f32_is_exact_unasked(%a: tensor<512x512xf32>, %b: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %y = trt.matrix_multiply %a, %b layers ["fc"] : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
  func.return %y : tensor<512x512xf32>
}
