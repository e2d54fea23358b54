// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @matrices(
// CHECK-SAME:    %[[TILE:.*]]: memref<64x64xf16, #gpu.address_space<workgroup>>, %[[I:.*]]: index, %[[C:.*]]: vector<2x2xf32>)
func.func @matrices(%tile: memref<64x64xf16, #gpu.address_space<workgroup>>, %i: index, %c: vector<2x2xf32>) {
  // CHECK: %[[A:.*]] = nvgpu.ldmatrix %[[TILE]][%[[I]], %[[I]]] {{{.*}}numTiles = 4 : i32{{.*}}} : memref<64x64xf16, #gpu.address_space<workgroup>> -> vector<4x2xf16>
  // CHECK: %[[B:.*]] = nvgpu.ldmatrix %[[TILE]][%[[I]], %[[I]]] {{{.*}}transpose = true{{.*}}} : memref<64x64xf16, #gpu.address_space<workgroup>> -> vector<2x2xf16>
  // CHECK: nvgpu.mma.sync(%[[A]], %[[B]], %[[C]]) {mmaShape = [16 : i64, 8 : i64, 16 : i64]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  %a = nvgpu.ldmatrix %tile[%i, %i] {numTiles = 4 : i32, transpose = false} : memref<64x64xf16, #gpu.address_space<workgroup>> -> vector<4x2xf16>
  %b = nvgpu.ldmatrix %tile[%i, %i] {numTiles = 2 : i32, transpose = true} : memref<64x64xf16, #gpu.address_space<workgroup>> -> vector<2x2xf16>
  %m = nvgpu.mma.sync(%a, %b, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  func.return
}

// CHECK-LABEL: @copies(
// CHECK-SAME:    %[[X:.*]]: memref<64xf32>, %[[TILE:.*]]: memref<64xf32, 3 : i64>, %[[I:.*]]: index)
func.func @copies(%x: memref<64xf32>, %tile: memref<64xf32, 3>, %i: index) {
  // CHECK: %[[FIRST:.*]] = nvgpu.device_async_copy %[[X]][%[[I]]], %[[TILE]][%[[I]]], 4 {bypassL1} : memref<64xf32> to memref<64xf32, 3 : i64>
  // CHECK: %[[SECOND:.*]] = nvgpu.device_async_copy %[[X]][%[[I]]], %[[TILE]][%[[I]]], 1, %[[I]] : memref<64xf32> to memref<64xf32, 3 : i64>
  // CHECK: %[[GROUP:.*]] = nvgpu.device_async_create_group %[[FIRST]], %[[SECOND]]
  // CHECK: nvgpu.device_async_wait %[[GROUP]] {numGroups = 1 : i32}
  %a = nvgpu.device_async_copy %x[%i], %tile[%i], 4 {bypassL1} : memref<64xf32> to memref<64xf32, 3>
  %b = nvgpu.device_async_copy %x[%i], %tile[%i], 1, %i : memref<64xf32> to memref<64xf32, 3>
  %g = nvgpu.device_async_create_group %a, %b
  nvgpu.device_async_wait %g {numGroups = 1 : i32}
  func.return
}
