// RUN: fuse-opt %s --convert-nvgpu-to-nvvm | FileCheck %s

// CHECK-LABEL: @registers_of_32_bits_are_loaded(
// CHECK-SAME:    %[[TILE:.*]]: memref<8x8xbf16, 3 : i64>
func.func @registers_of_32_bits_are_loaded(%tile: memref<8x8xbf16, 3>, %i: index) -> vector<2x2xbf16> {
  // CHECK: %[[AT:.*]] = llvm.getelementptr
  // CHECK: %[[BOTH:.*]] = llvm.call_intrinsic "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3"(%[[AT]]) : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
  // CHECK: %[[FIRST:.*]] = llvm.extractvalue %[[BOTH]][0]
  // CHECK: %[[SECOND:.*]] = llvm.extractvalue %[[BOTH]][1]
  // CHECK: llvm.bitcast %[[FIRST]] : i32 to vector<2xbf16>
  // CHECK: llvm.bitcast %[[SECOND]] : i32 to vector<2xbf16>
  %r = nvgpu.ldmatrix %tile[%i, %i] {numTiles = 2 : i32, transpose = true} : memref<8x8xbf16, 3> -> vector<2x2xbf16>
  func.return %r : vector<2x2xbf16>
}

// CHECK-LABEL: @each_element_type_has_its_intrinsic
func.func @each_element_type_has_its_intrinsic(
    %ah: vector<4x2xf16>, %bh: vector<2x2xf16>, %ab: vector<4x2xbf16>, %bb: vector<2x2xbf16>,
    %at: vector<4x1xf32>, %bt: vector<2x1xf32>, %aq: vector<4x4xi8>, %bq: vector<2x4xi8>,
    %c: vector<2x2xf32>, %cq: vector<2x2xi32>) {
  // CHECK: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k16.row.col.f32.f32"({{.*}}) : (vector<2xf16>, vector<2xf16>, vector<2xf16>, vector<2xf16>, vector<2xf16>, vector<2xf16>, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k16.row.col.bf16"({{.*}}) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k8.row.col.tf32"({{.*}}) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.s8"({{.*}}) : (i32, i32, i32, i32, i32, i32, i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
  %h = nvgpu.mma.sync(%ah, %bh, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  %b = nvgpu.mma.sync(%ab, %bb, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>
  %t = nvgpu.mma.sync(%at, %bt, %c) {mmaShape = [16, 8, 8], tf32Enabled} : (vector<4x1xf32>, vector<2x1xf32>, vector<2x2xf32>) -> vector<2x2xf32>
  %q = nvgpu.mma.sync(%aq, %bq, %cq) {mmaShape = [16, 8, 32]} : (vector<4x4xi8>, vector<2x4xi8>, vector<2x2xi32>) -> vector<2x2xi32>
  func.return
}

// CHECK-LABEL: @copies_are_from_global_to_shared_memory
func.func @copies_are_from_global_to_shared_memory(%x: memref<64xf16>, %tile: memref<64xf16, 3>, %i: index) {
  // CHECK: %[[X:.*]] = llvm.addrspacecast %{{.*}} : !llvm.ptr to !llvm.ptr<1>
  // CHECK: llvm.call_intrinsic "llvm.nvvm.cp.async.cg.shared.global.16"(%{{.*}}, %[[X]]) : (!llvm.ptr<3>, !llvm.ptr<1>) -> ()
  // CHECK: %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK: %[[BYTES:.*]] = llvm.mul %{{.*}}, %[[TWO]]
  // CHECK: llvm.call_intrinsic "llvm.nvvm.cp.async.ca.shared.global.8.s"(%{{.*}}, %{{.*}}, %[[BYTES]])
  // CHECK: llvm.call_intrinsic "llvm.nvvm.cp.async.commit.group"()
  // CHECK: %[[PENDING:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK: llvm.call_intrinsic "llvm.nvvm.cp.async.wait.group"(%[[PENDING]])
  %a = nvgpu.device_async_copy %x[%i], %tile[%i], 8 {bypassL1} : memref<64xf16> to memref<64xf16, 3>
  %b = nvgpu.device_async_copy %x[%i], %tile[%i], 4, %i : memref<64xf16> to memref<64xf16, 3>
  %g = nvgpu.device_async_create_group %a, %b
  nvgpu.device_async_wait %g {numGroups = 1 : i32}
  func.return
}
