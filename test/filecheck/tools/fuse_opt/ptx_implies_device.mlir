// RUN: fuse-opt %s --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=75} | FileCheck %s --check-prefix=OLD
// RUN: fuse-opt %s --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=90} | FileCheck %s --check-prefix=NEW
// RUN: fuse-opt %s --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=90} -t sm_75 | FileCheck %s --check-prefix=OLD

// Kernels are written for the GPU that their PTX is for, if no other is named.
// OLD-NOT: mma.sync
// OLD:     fma.rn.f32
// NEW:     .target sm_90
// NEW:     mma.sync.aligned
func.func @product(%a: tensor<64x64xf16>, %b: tensor<64x64xf16>) -> tensor<64x64xf16> {
  %y = trt.matrix_multiply %a, %b : (tensor<64x64xf16>, tensor<64x64xf16>) -> tensor<64x64xf16>
  func.return %y : tensor<64x64xf16>
}
