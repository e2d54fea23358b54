// RUN: fuse-opt %s --convert-trt-to-gpu --kernel-stats 2>&1 >/dev/null | FileCheck %s
// RUN: fuse-opt %s --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=90} --kernel-stats 2>&1 >/dev/null | FileCheck %s --check-prefix=PTX
// RUN: fuse-opt %s --convert-trt-to-gpu | fuse-opt --kernel-stats 2>&1 >/dev/null | FileCheck %s
// RUN: fuse-opt %s --kernel-stats 2>&1 >/dev/null | FileCheck %s --check-prefix=NONE
// RUN: fuse-opt %s --convert-trt-to-gpu 2>&1 >/dev/null | FileCheck %s --check-prefix=QUIET --allow-empty

// CHECK:      Kernel statistics report
// CHECK:      kernels: 2, launched 3 times, built for sm_80
// CHECK-NEXT: between kernels: 288 bytes, 64 without reuse
// CHECK-NEXT: registers and spills
// CHECK:      launches grid threads ops PTX regs shared spills to LLVM LLVM ptxas name
// CHECK-NEXT: 2 1x1x1 256x1x1 {{[1-9][0-9]*}} {{[1-9][0-9]*}} {{[-0-9]+}} 0 {{[-0]}} {{.*}} neg_0
// CHECK-NEXT: 1 1x1x1 256x1x1 {{[1-9][0-9]*}} {{[1-9][0-9]*}} {{[-0-9]+}} 0 {{[-0]}} {{.*}} exp_0
// CHECK-NEXT: 3 {{.*}} total

// PTX:        kernels: 2, launched 3 times, built for sm_90

// NONE:       kernel statistics: there are no kernels of the gpu dialect; --convert-trt-to-gpu makes them

// QUIET-NOT:  {{.}}
func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = trt.unary neg %x layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %b = trt.unary exp %a layers ["b"] : tensor<8xf32> -> tensor<8xf32>
  %c = trt.unary neg %b layers ["c"] : tensor<8xf32> -> tensor<8xf32>
  func.return %c : tensor<8xf32>
}
