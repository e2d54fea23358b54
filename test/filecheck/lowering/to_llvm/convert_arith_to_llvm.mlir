// RUN: fuse-opt %s --convert-arith-to-llvm | FileCheck %s

// CHECK-LABEL: @index_is_i64
func.func @index_is_i64(%i: index, %n: i32) -> index {
  // CHECK-DAG: %[[I:.*]] = builtin.unrealized_conversion_cast %{{.*}} : index to i64
  // CHECK-DAG: %[[C:.*]] = llvm.mlir.constant(7) : i64
  // CHECK:     %[[M:.*]] = llvm.mul %[[I]], %[[C]] : i64
  // CHECK:     %[[N:.*]] = llvm.sext %{{.*}} : i32 to i64
  // CHECK:     %[[S:.*]] = llvm.add %[[M]], %[[N]] : i64
  // CHECK:     %[[R:.*]] = builtin.unrealized_conversion_cast %[[S]] : i64 to index
  // CHECK:     func.return %[[R]] : index
  %c = arith.constant 7 : index
  %m = arith.muli %i, %c : index
  %n64 = arith.index_cast %n : i32 to index
  %s = arith.addi %m, %n64 : index
  func.return %s : index
}

// CHECK-LABEL: @overflow_flags_are_kept
func.func @overflow_flags_are_kept(%a: i32) -> i32 {
  // CHECK: llvm.add %{{.*}}, %{{.*}} overflow<nsw> : i32
  // CHECK: llvm.mul %{{.*}}, %{{.*}} overflow<nsw,nuw> : i32
  %b = arith.addi %a, %a overflow<nsw> : i32
  %c = arith.muli %b, %a overflow<nsw, nuw> : i32
  func.return %c : i32
}

// CHECK-LABEL: @fast_math_flags_are_kept
func.func @fast_math_flags_are_kept(%x: f32) -> f32 {
  // CHECK: llvm.fadd {{.*}}#llvm.fastmath<contract>
  // CHECK: llvm.fmul %{{.*}}, %{{.*}} : f32
  %a = arith.addf %x, %x fastmath<contract> : f32
  %b = arith.mulf %a, %x : f32
  func.return %b : f32
}

// CHECK-LABEL: @maximumf_keeps_nan_and_maxnumf_drops_it
func.func @maximumf_keeps_nan_and_maxnumf_drops_it(%x: f32, %y: f32) -> f32 {
  // CHECK: llvm.intr.maximum(
  // CHECK: llvm.intr.minimum(
  // CHECK: llvm.intr.maxnum(
  // CHECK: llvm.intr.minnum(
  %a = arith.maximumf %x, %y : f32
  %b = arith.minimumf %a, %y : f32
  %c = arith.maxnumf %b, %y : f32
  %d = arith.minnumf %c, %y : f32
  func.return %d : f32
}

// CHECK-LABEL: @comparisons_and_selection
func.func @comparisons_and_selection(%i: index, %x: f32) -> f32 {
  // CHECK: %[[A:.*]] = llvm.icmp "ult" %{{.*}}, %{{.*}} : i64
  // CHECK: %[[B:.*]] = llvm.fcmp "une" %{{.*}}, %{{.*}} : f32
  // CHECK: %[[C:.*]] = llvm.and %[[A]], %[[B]] : i1
  // CHECK: llvm.select %[[C]], %{{.*}}, %{{.*}} : i1, f32
  %a = arith.cmpi ult, %i, %i : index
  %b = arith.cmpf une, %x, %x : f32
  %c = arith.andi %a, %b : i1
  %n = arith.negf %x : f32
  %r = arith.select %c, %x, %n : f32
  func.return %r : f32
}

// CHECK-LABEL: @conversions_between_types
func.func @conversions_between_types(%x: f16, %b: bf16, %i: i8) -> f32 {
  // CHECK: llvm.fpext %{{.*}} : f16 to f32
  // CHECK: llvm.fpext %{{.*}} : bf16 to f32
  // CHECK: llvm.fptosi %{{.*}} : f32 to i8
  // CHECK: llvm.sext %{{.*}} : i8 to i32
  // CHECK: llvm.sitofp %{{.*}} : i32 to f32
  // CHECK: llvm.bitcast %{{.*}} : f32 to i32
  // CHECK: llvm.trunc %{{.*}} : i64 to i32
  %xf = arith.extf %x : f16 to f32
  %bf = arith.extf %b : bf16 to f32
  %q = arith.fptosi %bf : f32 to i8
  %w = arith.extsi %q : i8 to i32
  %f = arith.sitofp %w : i32 to f32
  %bits = arith.bitcast %f : f32 to i32
  %idx = arith.index_cast %bits : i32 to index
  %back = arith.index_cast %idx : index to i32
  %r = arith.bitcast %back : i32 to f32
  func.return %r : f32
}
