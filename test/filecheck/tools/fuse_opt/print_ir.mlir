// RUN: fuse-opt %s --cse --dce --mlir-print-ir-after-all -o /dev/null 2>&1 | FileCheck %s --check-prefix=AFTER-ALL
// RUN: fuse-opt %s --cse --dce --print-ir-before-all -o /dev/null 2>&1 | FileCheck %s --check-prefix=BEFORE-ALL
// RUN: fuse-opt %s --cse --dce --mlir-print-ir-after-change -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHANGE
// RUN: fuse-opt %s --cse --dce --mlir-print-ir-before=cse --mlir-print-ir-after=dce -o /dev/null 2>&1 | FileCheck %s --check-prefix=NAMED
// RUN: fuse-opt %s --cse --mlir-print-ir-after-all 2>/dev/null | FileCheck %s --check-prefix=STDOUT

// AFTER-ALL: // -----// IR Dump After CommonSubexpressionElimination (cse) //----- //
// AFTER-ALL-NEXT: builtin.module {
// AFTER-ALL-COUNT-1: arith.addf
// AFTER-ALL: // -----// IR Dump After DeadCodeElimination (dce) //----- //
// AFTER-ALL-COUNT-1: arith.addf

// BEFORE-ALL: // -----// IR Dump Before CommonSubexpressionElimination (cse) //----- //
// BEFORE-ALL-COUNT-2: arith.addf
// BEFORE-ALL: // -----// IR Dump Before DeadCodeElimination (dce) //----- //
// BEFORE-ALL-COUNT-1: arith.addf
// BEFORE-ALL-NOT: arith.addf

// CHANGE: IR Dump After CommonSubexpressionElimination (cse)
// CHANGE-NOT: IR Dump

// NAMED: IR Dump Before CommonSubexpressionElimination (cse)
// NAMED: IR Dump After DeadCodeElimination (dce)
// NAMED-NOT: IR Dump

// STDOUT-NOT: IR Dump
func.func @repeated_sum(%a: f32) -> f32 {
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %a : f32
  %product = arith.mulf %x, %y : f32
  func.return %product : f32
}
