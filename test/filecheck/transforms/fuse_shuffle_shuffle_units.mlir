// RUN: fuse-opt %s --trt-canonicalize --fuse-shuffle-shuffle --split-input-file --verify-diagnostics | FileCheck %s

// A transpose that moves a dimension of one is a reshape, and two reshapes are one.
// CHECK-LABEL: @dimension_of_one_moves_between_reshapes
// CHECK: %[[S:.*]] = trt.shuffle %x reshape = [24] layers ["s", "t"]
// CHECK-NEXT: trt.activation relu %[[S]]
func.func @dimension_of_one_moves_between_reshapes(%x: tensor<2x3x4xf32>) -> tensor<24xf32> {
  // expected-remark@+1 {{[Passed] trt-canonicalize}}
  %s = trt.shuffle %x reshape = [2, 1, 12] second_transpose = [1, 0, 2] : tensor<2x3x4xf32> -> tensor<1x2x12xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-shuffle}}
  %t = trt.shuffle %s reshape = [24] : tensor<1x2x12xf32> -> tensor<24xf32>
  %y = trt.activation relu %t : tensor<24xf32> -> tensor<24xf32>
  func.return %y : tensor<24xf32>
}

// -----

// CHECK-LABEL: @elements_move_between_reshapes
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @elements_move_between_reshapes(%x: tensor<2x3x4xf32>) -> tensor<24xf32> {
  %s = trt.shuffle %x reshape = [2, 12, 1] second_transpose = [1, 0, 2] : tensor<2x3x4xf32> -> tensor<12x2x1xf32>
  // expected-remark@+1 {{Constraint="inverse-transposes"}}
  %t = trt.shuffle %s reshape = [24] : tensor<12x2x1xf32> -> tensor<24xf32>
  %y = trt.activation relu %t : tensor<24xf32> -> tensor<24xf32>
  func.return %y : tensor<24xf32>
}
