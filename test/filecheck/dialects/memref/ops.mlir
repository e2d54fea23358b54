// RUN: fuse-opt %s | fuse-opt | FileCheck %s

// CHECK-LABEL: @a_prefetch(
// CHECK-SAME:    %[[X:.*]]: memref<4x4xf32>, %[[I:.*]]: index)
func.func @a_prefetch(%x: memref<4x4xf32>, %i: index) {
  // CHECK: "memref.prefetch"(%[[X]], %[[I]], %[[I]]) <{isWrite = true, localityHint = 2 : i32, isDataCache = true}> : (memref<4x4xf32>, index, index) -> ()
  "memref.prefetch"(%x, %i, %i) <{isWrite = true, localityHint = 2 : i32, isDataCache = true}> : (memref<4x4xf32>, index, index) -> ()
  func.return
}
