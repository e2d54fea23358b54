// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @special_registers
llvm.func @special_registers() -> i32 {
  // CHECK: nvvm.read.ptx.sreg.tid.x : i32
  // CHECK: nvvm.read.ptx.sreg.ntid.y : i32
  // CHECK: nvvm.read.ptx.sreg.ctaid.z : i32
  // CHECK: nvvm.read.ptx.sreg.nctaid.x : i32
  // CHECK: nvvm.read.ptx.sreg.laneid : i32
  // CHECK: nvvm.read.ptx.sreg.warpsize : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %ntid = nvvm.read.ptx.sreg.ntid.y : i32
  %ctaid = nvvm.read.ptx.sreg.ctaid.z : i32
  %nctaid = nvvm.read.ptx.sreg.nctaid.x : i32
  %lane = nvvm.read.ptx.sreg.laneid : i32
  %warp = nvvm.read.ptx.sreg.warpsize : i32
  llvm.return %tid : i32
}

// CHECK-LABEL: @barriers(
// CHECK-SAME:    %[[ID:.*]]: i32, %[[COUNT:.*]]: i32
llvm.func @barriers(%id: i32, %count: i32) {
  // CHECK: nvvm.barrier{{$}}
  // CHECK: nvvm.barrier id = %[[ID]]{{$}}
  // CHECK: nvvm.barrier id = %[[ID]] number_of_threads = %[[COUNT]]
  nvvm.barrier
  nvvm.barrier id = %id
  nvvm.barrier id = %id number_of_threads = %count
  llvm.return
}

// CHECK-LABEL: @shuffles
llvm.func @shuffles(%mask: i32, %x: f32, %i: i32) {
  // CHECK: nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : f32 -> f32
  // CHECK: nvvm.shfl.sync down %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : i32 -> i32
  %a = nvvm.shfl.sync bfly %mask, %x, %i, %i : f32 -> f32
  %b = nvvm.shfl.sync down %mask, %i, %i, %i : i32 -> i32
  llvm.return
}

// CHECK-LABEL: @dot_products(
// CHECK-SAME:    %[[A:.*]]: vector<4xi8>, %[[C:.*]]: i32)
llvm.func @dot_products(%a: vector<4xi8>, %c: i32) -> i32 {
  // CHECK: nvvm.dot.accumulate.4way %[[A]] <signed>, %[[A]] <signed>, %[[C]] : vector<4xi8>, vector<4xi8>
  // CHECK: nvvm.dot.accumulate.4way %[[A]] <unsigned>, %[[A]] <unsigned>, %{{.*}} : vector<4xi8>, vector<4xi8>
  %s = nvvm.dot.accumulate.4way %a <signed>, %a <signed>, %c : vector<4xi8>, vector<4xi8>
  %u = nvvm.dot.accumulate.4way %a <unsigned>, %a <unsigned>, %s : vector<4xi8>, vector<4xi8>
  llvm.return %u : i32
}
