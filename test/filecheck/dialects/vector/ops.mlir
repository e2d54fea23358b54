// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @elements(
// CHECK-SAME:    %[[A:.*]]: f32, %[[B:.*]]: f32)
func.func @elements(%a: f32, %b: f32) {
  // CHECK: %[[V:.*]] = vector.from_elements %[[A]], %[[B]] : vector<2xf32>
  // CHECK: "vector.to_elements"(%[[V]]) : (vector<2xf32>) -> (f32, f32)
  %v = vector.from_elements %a, %b : vector<2xf32>
  %x, %y = "vector.to_elements"(%v) : (vector<2xf32>) -> (f32, f32)
  func.return
}
