// REQUIRES: ptxas
// RUN: fuse-opt %S/convolution.mlir --convert-to-llvm -t 'ptx{sm=75}' -o %t.75.ptx
// RUN: ptxas -arch=sm_75 -v %t.75.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: fuse-opt %S/convolution.mlir --convert-to-llvm -t 'ptx{sm=80}' -o %t.80.ptx
// RUN: ptxas -arch=sm_80 -v %t.80.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: fuse-opt %S/pointwise.mlir --expand-math --convert-to-llvm -t 'ptx{sm=75}' -o %t.75p.ptx
// RUN: ptxas -arch=sm_75 -v %t.75p.ptx -o %t.cubin 2>&1 | FileCheck %s
// RUN: fuse-opt %S/pointwise.mlir --expand-math --convert-to-llvm -t 'ptx{sm=90}' -o %t.90p.ptx
// RUN: ptxas -arch=sm_90 -v %t.90p.ptx -o %t.cubin 2>&1 | FileCheck %s

// CHECK: 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
// CHECK: Used {{[0-9]+}} registers
