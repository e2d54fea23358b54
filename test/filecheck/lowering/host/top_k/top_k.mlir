// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// Of few the row is looked through by blocks, then only where one may be.
// CHECK-LABEL: func.func private @topk_0
// CHECK:         memref.alloca() : memref<5xi32>
// CHECK:         arith.maxsi
// CHECK:         memref.store %{{.*}}, %v
// CHECK:         memref.store %{{.*}}, %i
func.func @few(%x: tensor<2x1000xf32>) -> (tensor<2x5xf32>, tensor<2x5xi32>) {
  %v, %i = trt.top_k max %x k = 5 axis = 1 : tensor<2x1000xf32> -> tensor<2x5xf32>, tensor<2x5xi32>
  func.return %v, %i : tensor<2x5xf32>, tensor<2x5xi32>
}

// Of many it is sorted, in memory of its own, which is part of the network's.
// CHECK-LABEL: func.func private @topk_1
// CHECK-SAME:    memref<8000xi64> {llvm.noalias}
// CHECK:         arith.shrui
func.func @many(%x: tensor<2x1000xf32>) -> (tensor<2x500xf32>, tensor<2x500xi32>) {
  %v, %i = trt.top_k max %x k = 500 axis = 1 : tensor<2x1000xf32> -> tensor<2x500xf32>, tensor<2x500xi32>
  func.return %v, %i : tensor<2x500xf32>, tensor<2x500xi32>
}
