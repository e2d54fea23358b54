// RUN: fuse-opt %s --convert-math-to-llvm | FileCheck %s

// CHECK-LABEL: @instructions_of_every_target
func.func @instructions_of_every_target(%x: f32, %i: i32) -> f32 {
  // CHECK: llvm.intr.fma(%{{.*}}, %{{.*}}, %{{.*}}) : (f32, f32, f32) -> f32
  // CHECK: llvm.intr.sqrt(
  // CHECK: llvm.intr.fabs(
  // CHECK: llvm.intr.floor(
  // CHECK: llvm.intr.ceil(
  // CHECK: llvm.intr.trunc(
  // CHECK: llvm.intr.round(
  // CHECK: llvm.intr.roundeven(
  // CHECK: llvm.intr.copysign(
  // CHECK: llvm.intr.ctlz({{.*}}is_zero_poison = false
  %a = math.fma %x, %x, %x : f32
  %b = math.sqrt %a : f32
  %c = math.absf %b : f32
  %d = math.floor %c : f32
  %e = math.ceil %d : f32
  %f = math.trunc %e : f32
  %g = math.round %f : f32
  %h = math.roundeven %g : f32
  %k = math.copysign %h, %x : f32
  %n = math.ctlz %i : i32
  func.return %k : f32
}

// CHECK-LABEL: @what_would_be_a_library_call_stays
func.func @what_would_be_a_library_call_stays(%x: f32) -> f32 {
  // CHECK: math.exp %{{.*}} : f32
  %r = math.exp %x : f32
  func.return %r : f32
}
