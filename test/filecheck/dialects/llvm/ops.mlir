// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @float_intrinsics
llvm.func @float_intrinsics(%x: f32, %y: f32) {
  // CHECK: llvm.intr.maximum(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
  // CHECK: llvm.intr.minimum(%{{.*}}, %{{.*}}) {{.*}}nnan{{.*}} : (f32, f32) -> f32
  // CHECK: llvm.intr.trunc(%{{.*}}) : (f32) -> f32
  // CHECK: llvm.intr.round(%{{.*}}) : (f32) -> f32
  // CHECK: llvm.intr.roundeven(%{{.*}}) : (f32) -> f32
  %a = llvm.intr.maximum(%x, %y) : (f32, f32) -> f32
  %b = llvm.intr.minimum(%x, %y) {fastmathFlags = #llvm.fastmath<nnan>} : (f32, f32) -> f32
  %c = llvm.intr.trunc(%x) : (f32) -> f32
  %d = llvm.intr.round(%x) : (f32) -> f32
  %e = llvm.intr.roundeven(%x) : (f32) -> f32
  llvm.return
}

// CHECK-LABEL: @integer_intrinsics
llvm.func @integer_intrinsics(%i: i32, %v: vector<4xi8>) {
  // CHECK: llvm.intr.smax(%{{.*}}, %{{.*}}) : (i32, i32) -> i32
  // CHECK: llvm.intr.umin(%{{.*}}, %{{.*}}) : (vector<4xi8>, vector<4xi8>) -> vector<4xi8>
  // CHECK: llvm.intr.ctlz(%{{.*}}) {{.*}}is_zero_poison = false{{.*}} : (i32) -> i32
  %a = llvm.intr.smax(%i, %i) : (i32, i32) -> i32
  %b = llvm.intr.umin(%v, %v) : (vector<4xi8>, vector<4xi8>) -> vector<4xi8>
  %c = llvm.intr.ctlz(%i) {is_zero_poison = false} : (i32) -> i32
  llvm.return
}

// CHECK-LABEL: @conversions
llvm.func @conversions(%x: f32, %i: i32, %p: !llvm.ptr<3>, %v: vector<4xf32>) {
  // CHECK: llvm.fptosi %{{.*}} : f32 to i8
  // CHECK: llvm.fptoui %{{.*}} : f32 to i8
  // CHECK: llvm.uitofp %{{.*}} : i32 to f32
  // CHECK: llvm.addrspacecast %{{.*}} : !llvm.ptr<3> to !llvm.ptr
  // CHECK: llvm.extractelement %{{.*}}[%{{.*}} : i32] : vector<4xf32> -> f32
  %a = llvm.fptosi %x : f32 to i8
  %b = llvm.fptoui %x : f32 to i8
  %c = llvm.uitofp %i : i32 to f32
  %d = llvm.addrspacecast %p : !llvm.ptr<3> to !llvm.ptr
  %e = llvm.extractelement %v[%i : i32] : vector<4xf32> -> f32
  llvm.return
}
