// RUN: fuse-opt %s --convert-func-to-llvm | FileCheck %s

// CHECK: llvm.func @declared(!llvm.ptr, i64)
func.func private @declared(memref<4xf32>, index)

// CHECK: llvm.func @called(%{{.*}}: !llvm.ptr {llvm.noalias}, %[[I:.*]]: i64) -> i64
func.func @called(%x: memref<4xf32> {llvm.noalias}, %i: index) -> index {
  // CHECK: llvm.call @declared(%{{.*}}, %[[I]]) : (!llvm.ptr, i64) -> ()
  func.call @declared(%x, %i) : (memref<4xf32>, index) -> ()
  // CHECK: %[[R:.*]] = llvm.call @called(%{{.*}}, %[[I]])
  %r = func.call @called(%x, %i) : (memref<4xf32>, index) -> index
  // CHECK: llvm.return %[[R]]
  func.return %r : index
}

// CHECK: llvm.func @kept_apart() attributes {no_inline}
func.func @kept_apart() attributes {no_inline} {
  func.return
}
