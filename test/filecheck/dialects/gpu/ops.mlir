// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @shuffles(
// CHECK-SAME:    %[[X:.*]]: f32, %[[I:.*]]: i32, %[[WIDTH:.*]]: i32)
func.func @shuffles(%x: f32, %i: i32, %width: i32) {
  // CHECK: gpu.shuffle xor %[[X]], %[[I]], %[[WIDTH]] : f32
  // CHECK: gpu.shuffle up %[[X]], %[[I]], %[[WIDTH]] : f32
  // CHECK: gpu.shuffle down %[[X]], %[[I]], %[[WIDTH]] : f32
  // CHECK: gpu.shuffle idx %[[I]], %[[I]], %[[WIDTH]] : i32
  %a, %p = gpu.shuffle xor %x, %i, %width : f32
  %b, %q = gpu.shuffle up %x, %i, %width : f32
  %c, %r = gpu.shuffle down %x, %i, %width : f32
  %d, %s = gpu.shuffle idx %i, %i, %width : i32
  func.return
}

// CHECK-LABEL: @shared_memory(
// CHECK-SAME:    %{{.*}}: memref<4xf32, #gpu.address_space<global>>, %{{.*}}: memref<4xf32, #gpu.address_space<private>>)
func.func @shared_memory(
    %x: memref<4xf32, #gpu.address_space<global>>, %y: memref<4xf32, #gpu.address_space<private>>) {
  // CHECK: gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
  %m = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
  func.return
}
