// RUN: fuse-bisect %s --device=reference --seed=1 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=PROBES < %t

// CHECK: agrees on reference (numpy, slow): as asked; inputs random, seed 1
// CHECK-NEXT: PASS with all 2 changes: n: largest error
// CHECK-NEXT: 0.0001 relative is allowed
// PROBES: fuse-bisect: with 0 changes: agrees: n: largest error
// PROBES-NEXT: fuse-bisect: with 2 changes: agrees: n: largest error
func.func @net(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = trt.unary exp %x : tensor<4xf32> -> tensor<4xf32>
  %s = trt.unary sin %e : tensor<4xf32> -> tensor<4xf32>
  %n = trt.unary neg %s : tensor<4xf32> -> tensor<4xf32>
  func.return %n : tensor<4xf32>
}
