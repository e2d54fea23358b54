// RUN: fuse-opt %s --convert-memref-to-llvm | FileCheck %s

// CHECK-LABEL: @an_element_is_reached_by_its_row_major_index
func.func @an_element_is_reached_by_its_row_major_index(
    %x: memref<2x3x5xf16>, %i: index, %j: index, %k: index) -> f16 {
  // CHECK-DAG: %[[P:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<2x3x5xf16> to !llvm.ptr
  // CHECK-DAG: %[[I:.*]] = builtin.unrealized_conversion_cast %{{i.*}} : index to i64
  // CHECK-DAG: %[[J:.*]] = builtin.unrealized_conversion_cast %{{j.*}} : index to i64
  // CHECK-DAG: %[[K:.*]] = builtin.unrealized_conversion_cast %{{k.*}} : index to i64
  // CHECK:     %[[THREE:.*]] = llvm.mlir.constant(3) : i64
  // CHECK:     %[[A:.*]] = llvm.mul %[[I]], %[[THREE]] overflow<nsw,nuw>
  // CHECK:     %[[B:.*]] = llvm.add %[[A]], %[[J]] overflow<nsw,nuw>
  // CHECK:     %[[FIVE:.*]] = llvm.mlir.constant(5) : i64
  // CHECK:     %[[C:.*]] = llvm.mul %[[B]], %[[FIVE]] overflow<nsw,nuw>
  // CHECK:     %[[D:.*]] = llvm.add %[[C]], %[[K]] overflow<nsw,nuw>
  // CHECK:     %[[E:.*]] = llvm.getelementptr inbounds %[[P]][%[[D]]] : (!llvm.ptr, i64) -> !llvm.ptr, f16
  // CHECK:     llvm.load %[[E]] : !llvm.ptr -> f16
  %r = memref.load %x[%i, %j, %k] : memref<2x3x5xf16>
  func.return %r : f16
}

// CHECK-LABEL: @dimensions_of_one_cost_nothing
func.func @dimensions_of_one_cost_nothing(
    %x: memref<1x1x5xf32>, %i: index, %v: f32) {
  // CHECK-NOT: llvm.mul
  // CHECK:     llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr
  %zero = arith.constant 0 : index
  memref.store %v, %x[%zero, %zero, %i] : memref<1x1x5xf32>
  func.return
}

// CHECK-LABEL: @a_truth_value_is_a_byte
func.func @a_truth_value_is_a_byte(%x: memref<5xi1>, %i: index) {
  // CHECK: llvm.getelementptr inbounds {{.*}}, i8
  // CHECK: %[[L:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i8
  // CHECK: %[[T:.*]] = llvm.trunc %[[L]] : i8 to i1
  // CHECK: %[[Z:.*]] = llvm.zext %[[T]] : i1 to i8
  // CHECK: llvm.store %[[Z]], %{{.*}} : i8, !llvm.ptr
  %v = memref.load %x[%i] : memref<5xi1>
  memref.store %v, %x[%i] : memref<5xi1>
  func.return
}

// CHECK-LABEL: @reshapes_keep_the_pointer
func.func @reshapes_keep_the_pointer(%x: memref<2x3xf32>, %i: index) -> f32 {
  // CHECK:     %[[P:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<2x3xf32> to !llvm.ptr
  // CHECK-NOT: memref.
  // CHECK:     llvm.getelementptr inbounds %[[P]][%{{.*}}]
  %flat = memref.collapse_shape %x [[0 : i64, 1 : i64]] : memref<2x3xf32> into memref<6xf32>
  %r = memref.load %flat[%i] : memref<6xf32>
  func.return %r : f32
}

// CHECK-LABEL: @memory_of_a_thread_is_an_alloca
func.func @memory_of_a_thread_is_an_alloca(%i: index, %v: index) {
  // CHECK: %[[N:.*]] = llvm.mlir.constant(12) : i64
  // CHECK: %[[P:.*]] = llvm.alloca %[[N]] x i64 {{.*}}: (i64) -> !llvm.ptr
  // CHECK: llvm.getelementptr inbounds %[[P]][%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %x = memref.alloca() : memref<3x4xindex>
  memref.store %v, %x[%i, %i] : memref<3x4xindex>
  func.return
}

// CHECK-LABEL: "gpu.module"
"gpu.module"() <{sym_name = "kernels"}> ({
  // CHECK: llvm.mlir.global internal @tile() {{.*}}addr_space = 3 : i32{{.*}} : !llvm.array<128 x f32>
  "memref.global"() <{sym_name = "tile", sym_visibility = "private", type = memref<32x4xf32, 3 : i32>, initial_value, alignment = 16 : i64}> : () -> ()
  func.func @shared_memory_is_a_global(%i: index, %v: f32) {
    // CHECK: %[[T:.*]] = llvm.mlir.addressof @tile : !llvm.ptr<3>
    // CHECK: %[[E:.*]] = llvm.getelementptr inbounds %[[T]][%{{.*}}] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, f32
    // CHECK: llvm.store %{{.*}}, %[[E]] : f32, !llvm.ptr<3>
    %tile = memref.get_global @tile : memref<32x4xf32, 3 : i32>
    memref.store %v, %tile[%i, %i] : memref<32x4xf32, 3 : i32>
    func.return
  }
}) : () -> ()

// CHECK-LABEL: @a_view_begins_some_bytes_later
func.func @a_view_begins_some_bytes_later(%x: memref<64xi8, #gpu.address_space<workgroup>>, %i: index) -> f32 {
  // CHECK: %[[START:.*]] = llvm.getelementptr inbounds %{{.*}} : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i8
  // CHECK: %[[AT:.*]] = llvm.getelementptr inbounds %[[START]][%{{.*}}] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, f32
  // CHECK: llvm.load %[[AT]] : !llvm.ptr<3> -> f32
  %v = memref.view %x[%i][] : memref<64xi8, #gpu.address_space<workgroup>> to memref<8xf32, #gpu.address_space<workgroup>>
  %r = memref.load %v[%i] : memref<8xf32, #gpu.address_space<workgroup>>
  func.return %r : f32
}

// CHECK-LABEL: @strides_are_multiplied_with_indices
func.func @strides_are_multiplied_with_indices(%x: memref<64xf32>, %i: index, %j: index) -> f32 {
  // CHECK: %[[START:.*]] = llvm.getelementptr inbounds %{{.*}}[5]
  // CHECK: %[[EIGHT:.*]] = llvm.mlir.constant(8)
  // CHECK: %[[ROW:.*]] = llvm.mul %{{.*}}, %[[EIGHT]]
  // CHECK: %[[TWO:.*]] = llvm.mlir.constant(2)
  // CHECK: %[[COLUMN:.*]] = llvm.mul %{{.*}}, %[[TWO]]
  // CHECK: %[[AT:.*]] = llvm.add %[[ROW]], %[[COLUMN]]
  // CHECK: llvm.getelementptr inbounds %[[START]][%[[AT]]]
  %v = memref.reinterpret_cast %x to offset: [5], sizes: [4, 4], strides: [8, 2] : memref<64xf32> to memref<4x4xf32, strided<[8, 2], offset: 5>>
  %r = memref.load %v[%i, %j] : memref<4x4xf32, strided<[8, 2], offset: 5>>
  func.return %r : f32
}

// CHECK-LABEL: @an_atomic_operation_is_one_of_the_device
func.func @an_atomic_operation_is_one_of_the_device(%x: memref<4xf32>, %v: f32, %i: index) -> f32 {
  // CHECK: "llvm.atomicrmw"(%{{.*}}, %{{.*}}) <{bin_op = 11 : i64, ordering = 2 : i64, syncscope = "device"}> : (!llvm.ptr, f32) -> f32
  %r = "memref.atomic_rmw"(%v, %x, %i) <{kind = 0 : i64}> : (f32, memref<4xf32>, index) -> f32
  func.return %r : f32
}

// CHECK-LABEL: @what_is_fetched_is_read_soon
func.func @what_is_fetched_is_read_soon(%x: memref<4xf32>, %i: index) {
  // CHECK: %[[AT:.*]] = llvm.getelementptr inbounds %{{.*}} : (!llvm.ptr, i64) -> !llvm.ptr, f32
  // CHECK: %[[READ:.*]] = llvm.mlir.constant(0 : i32) : i32
  // CHECK: %[[HINT:.*]] = llvm.mlir.constant(3 : i32) : i32
  // CHECK: %[[DATA:.*]] = llvm.mlir.constant(1 : i32) : i32
  // CHECK: llvm.call_intrinsic "llvm.prefetch.p0"(%[[AT]], %[[READ]], %[[HINT]], %[[DATA]])
  "memref.prefetch"(%x, %i) <{isWrite = false, localityHint = 3 : i32, isDataCache = true}> : (memref<4xf32>, index) -> ()
  func.return
}
