// RUN: fuse-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: fuse-opt %s --print-op-generic | fuse-opt | FileCheck %s --check-prefix=PRETTY
// RUN: fuse-opt %s --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC
// RUN: fuse-opt %s --mlir-timing 2>&1 >/dev/null | FileCheck %s --check-prefix=TIMING

// GENERIC: "arith.addf"(%{{.*}}, %{{.*}}) <{{.*}}> : (f32, f32) -> f32
// PRETTY: arith.addf %{{.*}}, %{{.*}} : f32
// LOC: arith.addf {{.*}} loc("{{.*}}print_forms.mlir":17:3)
// LOC: arith.mulf {{.*}} loc("net.py":3:4)

// TIMING: ... Execution time report ...
// TIMING: Total Execution Time: {{[0-9.]+}} seconds
// TIMING: Parser
// TIMING: Printer
// TIMING: 100.0%)  Total
func.func @f(%a: f32) -> f32 {
  %x = arith.addf %a, %a : f32
  %y = arith.mulf %a, %x : f32 loc("net.py":3:4)
  func.return %y : f32
}
