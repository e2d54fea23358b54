// RUN: fuse-opt %s --fuse-relu-relu --fuel=2 | FileCheck %s
// RUN: fuse-opt %s --fuse-relu-relu --fuel=0 | FileCheck %s --check-prefix=NONE
// RUN: fuse-opt %s --fuse-relu-relu --fuel=2 --remarks 2>&1 >%t | FileCheck %s --check-prefix=TOLD

// All networks share the fuel: two changes are made in the first, none in the second.
// CHECK-LABEL: @the_first_two_changes_are_made
// CHECK-COUNT-1: trt.activation
// CHECK-NEXT: func.return
// NONE-COUNT-5: trt.activation
// TOLD-COUNT-2: [Passed] fuse-relu-relu
// TOLD: [Analysis] fuse-relu-relu | Category:fusion | Reason="out of fuel after 2 changes: this is the next one"
// TOLD-NOT: remark:
func.func @the_first_two_changes_are_made(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  %c = trt.activation relu %b : tensor<4xf32> -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}

// CHECK-LABEL: @the_third_is_not
// CHECK-NEXT: trt.activation
// CHECK-NEXT: trt.activation
// CHECK-NEXT: func.return
func.func @the_third_is_not(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
  %b = trt.activation relu %a : tensor<4xf32> -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
