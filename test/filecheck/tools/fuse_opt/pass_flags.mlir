// RUN: fuse-opt --cse --canonicalize %s | FileCheck %s
// RUN: fuse-opt %s -cse | FileCheck %s
// RUN: fuse-opt --arith-add-fastmath='flags=nnan,nsz' < %s | FileCheck %s --check-prefix=FLAGS
// RUN: fuse-opt - --arith-add-fastmath=flags=nsz < %s | FileCheck %s --check-prefix=ONE

// CHECK-LABEL: func.func @repeated_sum
// FLAGS-LABEL: func.func @repeated_sum
// ONE-LABEL:   func.func @repeated_sum
func.func @repeated_sum(%a: f32) -> f32 {
  // CHECK:      %[[SUM:.*]] = arith.addf
  // CHECK-NEXT: arith.mulf %[[SUM]], %[[SUM]]
  // FLAGS:      arith.addf {{.*}} fastmath<nnan,nsz>
  // ONE:        arith.addf {{.*}} fastmath<nsz>
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %a : f32
  %product = arith.mulf %x, %y : f32
  func.return %product : f32
}
