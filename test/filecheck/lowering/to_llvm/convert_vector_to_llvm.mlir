// RUN: fuse-opt %s --convert-vector-to-llvm | FileCheck %s

// CHECK-LABEL: @an_alignment_is_an_element_s_or_what_is_said
func.func @an_alignment_is_an_element_s_or_what_is_said(%x: memref<8xf16>, %i: index) {
  // CHECK: %[[V:.*]] = llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr -> vector<4xf16>
  // CHECK: llvm.store %[[V]], %{{.*}} {alignment = 8 : i64} : vector<4xf16>, !llvm.ptr
  %v = vector.load %x[%i] : memref<8xf16>, vector<4xf16>
  vector.store %v, %x[%i] {alignment = 8 : i64} : memref<8xf16>, vector<4xf16>
  func.return
}

// CHECK-LABEL: @truth_values_are_bytes_in_memory
func.func @truth_values_are_bytes_in_memory(%x: memref<8xi1>, %i: index) {
  // CHECK: %[[BYTES:.*]] = llvm.load %{{.*}} : !llvm.ptr -> vector<4xi8>
  // CHECK: %[[V:.*]] = llvm.trunc %[[BYTES]] : vector<4xi8> to vector<4xi1>
  // CHECK: %[[WIDE:.*]] = llvm.zext %[[V]] : vector<4xi1> to vector<4xi8>
  // CHECK: llvm.store %[[WIDE]]
  %v = vector.load %x[%i] : memref<8xi1>, vector<4xi1>
  vector.store %v, %x[%i] : memref<8xi1>, vector<4xi1>
  func.return
}

// CHECK-LABEL: @elements_go_in_and_out(
// CHECK-SAME:    %[[A:.*]]: f32, %[[B:.*]]: f32)
func.func @elements_go_in_and_out(%a: f32, %b: f32) -> (f32, f32) {
  // CHECK: %[[NONE:.*]] = llvm.mlir.undef : vector<2xf32>
  // CHECK: %[[ONE:.*]] = llvm.insertelement %[[A]], %[[NONE]]
  // CHECK: %[[V:.*]] = llvm.insertelement %[[B]], %[[ONE]]
  // CHECK: llvm.extractelement %[[V]]
  // CHECK: llvm.extractelement %[[V]]
  %v = vector.from_elements %a, %b : vector<2xf32>
  %x, %y = "vector.to_elements"(%v) : (vector<2xf32>) -> (f32, f32)
  func.return %x, %y : f32, f32
}

// CHECK-LABEL: @several_dimensions_are_arrays_of_vectors
func.func @several_dimensions_are_arrays_of_vectors(%v: vector<3x2xf32>, %row: vector<2xf32>, %x: f32) -> (vector<2xf32>, f32) {
  // CHECK: llvm.insertvalue %{{.*}}, %[[V:.*]][1] : !llvm.array<3 x vector<2xf32>>
  // CHECK: llvm.extractvalue %{{.*}}[2] : !llvm.array<3 x vector<2xf32>>
  // CHECK: %[[LAST:.*]] = llvm.extractvalue %{{.*}}[2] : !llvm.array<3 x vector<2xf32>>
  // CHECK: llvm.extractelement %[[LAST]]
  // CHECK: llvm.mlir.undef : vector<2xf32>
  // CHECK: llvm.shufflevector
  // CHECK: llvm.mlir.undef : !llvm.array<3 x vector<2xf32>>
  %w = vector.insert %row, %v[1] : vector<2xf32> into vector<3x2xf32>
  %r = vector.extract %w[2] : vector<2xf32> from vector<3x2xf32>
  %e = vector.extract %w[2, 1] : f32 from vector<3x2xf32>
  %b = vector.broadcast %x : f32 to vector<3x2xf32>
  func.return %r, %e : vector<2xf32>, f32
}

// CHECK-LABEL: @a_number_is_put_in_once_and_shuffled_to_all_lanes(
// CHECK-SAME:    %[[X:.*]]: f32
func.func @a_number_is_put_in_once_and_shuffled_to_all_lanes(%x: f32) -> (vector<4xf32>, vector<1xf32>) {
  // CHECK: %[[NONE:.*]] = llvm.mlir.undef : vector<4xf32>
  // CHECK: %[[ONE:.*]] = llvm.insertelement %[[X]], %[[NONE]]
  // CHECK-NEXT: llvm.shufflevector %[[ONE]], %[[NONE]] [0, 0, 0, 0] : vector<4xf32>
  // CHECK: llvm.insertelement %[[X]], %{{.*}} : vector<1xf32>
  // CHECK-NOT: llvm.shufflevector
  %b = vector.broadcast %x : f32 to vector<4xf32>
  %c = vector.broadcast %x : f32 to vector<1xf32>
  func.return %b, %c : vector<4xf32>, vector<1xf32>
}

// CHECK-LABEL: @the_rest_has_twins
func.func @the_rest_has_twins(%v: vector<4xf32>) -> vector<4xi32> {
  // CHECK: llvm.intr.fmuladd(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<4xf32>
  // CHECK: llvm.shufflevector %{{.*}}, %{{.*}} [3, 2, 1, 0] : vector<4xf32>
  // CHECK: llvm.bitcast %{{.*}} : vector<4xf32> to vector<4xi32>
  %f = vector.fma %v, %v, %v : vector<4xf32>
  %s = vector.shuffle %f, %f [3, 2, 1, 0] : vector<4xf32>, vector<4xf32>
  %b = vector.bitcast %s : vector<4xf32> to vector<4xi32>
  func.return %b : vector<4xi32>
}
