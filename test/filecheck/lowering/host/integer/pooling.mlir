// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// All channels of a pixel are gathered in memory of the thread, side by side.
// CHECK:      func.func private @pool_0(%x: memref<{{.*}}xi8> {llvm.noalias}
// CHECK:        %[[ROW:[0-9]+]] = memref.alloca() : memref<5xi8>
// CHECK:        memref.store %{{.*}}, %[[ROW]]
// CHECK:        %[[SO_FAR:[0-9]+]] = memref.load %[[ROW]]
// CHECK-NEXT:   %[[MORE:[0-9]+]] = arith.maxsi %[[SO_FAR]], %{{.*}} : i8
// CHECK-NEXT:   memref.store %[[MORE]], %[[ROW]]
func.func @maximum(%x: tensor<1x5x8x8xi8>) -> tensor<1x5x4x4xi8> {
  %y = trt.pooling max %x window = [2, 2] stride = [2, 2] : tensor<1x5x8x8xi8> -> tensor<1x5x4x4xi8>
  func.return %y : tensor<1x5x4x4xi8>
}
