// RUN: fuse-opt %s --fuse-shuffle-shuffle --split-input-file --verify-diagnostics | FileCheck %s
// RUN: fuse-opt %s --fuse-shuffle-shuffle='mode=strict' --split-input-file | FileCheck %s --check-prefix=STRICT

// CHECK-LABEL: @transposes_become_one
// CHECK: %[[Y:.*]] = trt.shuffle %x first_transpose = [1, 2, 0] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
// CHECK-NOT: trt.shuffle
// CHECK: func.return %[[Y]]
func.func @transposes_become_one(%x: tensor<2x3x4xf32>) -> tensor<3x4x2xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-shuffle | Category:fusion | Reason="fused into s + t"}}
  %t = trt.shuffle %s first_transpose = [2, 0, 1] : tensor<4x2x3xf32> -> tensor<3x4x2xf32>
  func.return %t : tensor<3x4x2xf32>
}

// -----

// The second reshape has a position that the first has not.
// CHECK-LABEL: @unknown_dimension_behind_those_of_the_first
// CHECK: trt.shuffle %x reshape = [1, -1] {{.*}} : tensor<?x2xf32> -> tensor<1x?xf32>
// CHECK-NEXT: trt.activation
func.func @unknown_dimension_behind_those_of_the_first(%x: tensor<?x2xf32>) -> tensor<1x?xf32> {
  %s = trt.shuffle %x reshape = [-1] : tensor<?x2xf32> -> tensor<?xf32>
  %t = trt.shuffle %s reshape = [1, -1] : tensor<?xf32> -> tensor<1x?xf32>
  %y = trt.activation relu %t : tensor<1x?xf32> -> tensor<1x?xf32>
  func.return %y : tensor<1x?xf32>
}

// -----

// Of rank 3, so that an order and its inverse differ.
// CHECK-LABEL: @four_transposes
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
func.func @four_transposes(%x: tensor<2x3x4xf32>) -> tensor<3x2x4xf32> {
  %s = trt.shuffle %x first_transpose = [1, 2, 0] second_transpose = [0, 2, 1] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
  %t = trt.shuffle %s first_transpose = [2, 0, 1] second_transpose = [1, 2, 0] : tensor<3x2x4xf32> -> tensor<3x2x4xf32>
  func.return %t : tensor<3x2x4xf32>
}

// -----

// CHECK-LABEL: @to_channels_last_and_back
// CHECK-SAME: #trt.ledger_entry<["s", "t"] by "fuse-shuffle-shuffle" heir ["a"]>
// CHECK-NOT: trt.shuffle
// CHECK: func.return %a
func.func @to_channels_last_and_back(%x: tensor<?x3x?x?xf32>) -> tensor<?x3x?x?xf32> {
  %a = trt.activation relu %x : tensor<?x3x?x?xf32> -> tensor<?x3x?x?xf32>
  %s = trt.shuffle %a first_transpose = [0, 2, 3, 1] : tensor<?x3x?x?xf32> -> tensor<?x?x?x3xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-shuffle | Category:fusion | Reason="erased"}}
  %t = trt.shuffle %s first_transpose = [0, 3, 1, 2] : tensor<?x?x?x3xf32> -> tensor<?x3x?x?xf32>
  func.return %t : tensor<?x3x?x?xf32>
}

// -----

// CHECK-LABEL: @back_to_the_input
// CHECK: %[[Y:.*]] = trt.identity %x layers ["s", "t"]
// CHECK: func.return %[[Y]]
func.func @back_to_the_input(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %t = trt.shuffle %s first_transpose = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %t : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @back_to_the_input_for_a_layer
// CHECK-NOT: trt.shuffle
// CHECK: trt.activation relu %x
func.func @back_to_the_input_for_a_layer(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %s = trt.shuffle %x reshape = [3, 2] : tensor<2x3xf32> -> tensor<3x2xf32>
  %t = trt.shuffle %s reshape = [2, -1] : tensor<3x2xf32> -> tensor<2x3xf32>
  %a = trt.activation relu %t : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return %a : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @reshape_in_the_first
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2] reshape = [0, -1] second_transpose = [1, 0] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<8x3xf32>
func.func @reshape_in_the_first(%x: tensor<2x3x4xf32>) -> tensor<8x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [0, -1] : tensor<2x3x4xf32> -> tensor<3x8xf32>
  %t = trt.shuffle %s first_transpose = [1, 0] : tensor<3x8xf32> -> tensor<8x3xf32>
  func.return %t : tensor<8x3xf32>
}

// -----

// CHECK-LABEL: @reshape_in_the_second
// CHECK: trt.shuffle %x first_transpose = [2, 0, 1] reshape = [0, -1] second_transpose = [1, 0] layers ["s", "t"] : tensor<?x3x?xf32> -> tensor<?x?xf32>
func.func @reshape_in_the_second(%x: tensor<?x3x?xf32>) -> tensor<?x?xf32> {
  %s = trt.shuffle %x first_transpose = [2, 0, 1] : tensor<?x3x?xf32> -> tensor<?x?x3xf32>
  %t = trt.shuffle %s reshape = [0, -1] second_transpose = [1, 0] : tensor<?x?x3xf32> -> tensor<?x?xf32>
  func.return %t : tensor<?x?xf32>
}

// -----

// A reshape to the shape that is there is none.
// CHECK-LABEL: @reshape_that_changes_nothing
// CHECK: trt.shuffle %x first_transpose = [1, 2, 0] reshape = [3, 8] layers ["s", "t"]
func.func @reshape_that_changes_nothing(%x: tensor<2x3x4xf32>) -> tensor<3x8xf32> {
  %s = trt.shuffle %x first_transpose = [2, 1, 0] reshape = [4, 0, -1] : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
  %t = trt.shuffle %s first_transpose = [1, 0, 2] reshape = [3, 8] : tensor<4x3x2xf32> -> tensor<3x8xf32>
  func.return %t : tensor<3x8xf32>
}

// -----

// 0 was a dimension of the shape in between.
// CHECK-LABEL: @reshape_of_a_reshape
// CHECK: trt.shuffle %x reshape = [6, 2, 2] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<6x2x2xf32>
func.func @reshape_of_a_reshape(%x: tensor<2x3x4xf32>) -> tensor<6x2x2xf32> {
  %s = trt.shuffle %x reshape = [-1, 4] : tensor<2x3x4xf32> -> tensor<6x4xf32>
  %t = trt.shuffle %s reshape = [0, 2, -1] : tensor<6x4xf32> -> tensor<6x2x2xf32>
  func.return %t : tensor<6x2x2xf32>
}

// -----

// CHECK-LABEL: @inverse_transposes_between_reshapes
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2] reshape = [2, 6, 2] second_transpose = [2, 1, 0] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<2x6x2xf32>
func.func @inverse_transposes_between_reshapes(%x: tensor<2x3x4xf32>) -> tensor<2x6x2xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [3, 2, 2, 2] second_transpose = [1, 2, 3, 0] : tensor<2x3x4xf32> -> tensor<2x2x2x3xf32>
  %t = trt.shuffle %s first_transpose = [3, 0, 1, 2] reshape = [2, 6, 2] second_transpose = [2, 1, 0] : tensor<2x2x2x3xf32> -> tensor<2x6x2xf32>
  func.return %t : tensor<2x6x2xf32>
}

// -----

// CHECK-LABEL: @second_reshape_undoes_the_first
// CHECK: trt.shuffle %x first_transpose = [2, 0, 1] layers ["s", "t"] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
func.func @second_reshape_undoes_the_first(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [6, 4] : tensor<2x3x4xf32> -> tensor<6x4xf32>
  %t = trt.shuffle %s reshape = [3, 2, 4] second_transpose = [2, 1, 0] : tensor<6x4xf32> -> tensor<4x2x3xf32>
  func.return %t : tensor<4x2x3xf32>
}

// -----

// CHECK-LABEL: @one_unknown_dimension
// CHECK: trt.shuffle %x reshape = [-1, 60] layers ["s", "t"] : tensor<?x3x4x5xf32> -> tensor<?x60xf32>
func.func @one_unknown_dimension(%x: tensor<?x3x4x5xf32>) -> tensor<?x60xf32> {
  %s = trt.shuffle %x reshape = [-1, 12, 5] : tensor<?x3x4x5xf32> -> tensor<?x12x5xf32>
  %t = trt.shuffle %s reshape = [0, 60] : tensor<?x12x5xf32> -> tensor<?x60xf32>
  func.return %t : tensor<?x60xf32>
}

// -----

// Both reshapes copy the dimension, so one does.
// CHECK-LABEL: @two_unknown_dimensions
// CHECK: trt.shuffle %x reshape = [0, -1, 12] layers ["s", "t"] : tensor<?x?x3x4xf32> -> tensor<?x?x12xf32>
func.func @two_unknown_dimensions(%x: tensor<?x?x3x4xf32>) -> tensor<?x?x12xf32> {
  %s = trt.shuffle %x reshape = [0, -1, 2, 6] : tensor<?x?x3x4xf32> -> tensor<?x?x2x6xf32>
  %t = trt.shuffle %s reshape = [0, 0, 12] : tensor<?x?x2x6xf32> -> tensor<?x?x12xf32>
  func.return %t : tensor<?x?x12xf32>
}

// -----

// CHECK-LABEL: @no_elements
// CHECK: trt.shuffle %x reshape = [0, 5] zero_is_placeholder = false layers ["s", "t"] : tensor<2x0x3xf32> -> tensor<0x5xf32>
func.func @no_elements(%x: tensor<2x0x3xf32>) -> tensor<0x5xf32> {
  %s = trt.shuffle %x reshape = [6, 0] zero_is_placeholder = false : tensor<2x0x3xf32> -> tensor<6x0xf32>
  %t = trt.shuffle %s reshape = [0, 5] zero_is_placeholder = false : tensor<6x0xf32> -> tensor<0x5xf32>
  func.return %t : tensor<0x5xf32>
}

// -----

// CHECK-LABEL: @no_elements_and_a_transpose
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2] reshape = [0, 6] zero_is_placeholder = false layers ["s", "t"] : tensor<2x0x3xf32> -> tensor<0x6xf32>
func.func @no_elements_and_a_transpose(%x: tensor<2x0x3xf32>) -> tensor<0x6xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<2x0x3xf32> -> tensor<0x2x3xf32>
  %t = trt.shuffle %s reshape = [0, 6] zero_is_placeholder = false : tensor<0x2x3xf32> -> tensor<0x6xf32>
  func.return %t : tensor<0x6xf32>
}

// -----

// CHECK-LABEL: @three_shuffles
// CHECK: trt.shuffle %x first_transpose = [1, 0, 2] reshape = [3, 8] second_transpose = [1, 0] layers ["s", "t", "u"]
// CHECK-NOT: trt.shuffle
func.func @three_shuffles(%x: tensor<2x3x4xf32>) -> tensor<8x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<2x3x4xf32> -> tensor<3x2x4xf32>
  %t = trt.shuffle %s reshape = [3, 8] : tensor<3x2x4xf32> -> tensor<3x8xf32>
  %u = trt.shuffle %t first_transpose = [1, 0] : tensor<3x8xf32> -> tensor<8x3xf32>
  func.return %u : tensor<8x3xf32>
}

// -----

// The second reads what the first does; the first keeps its name.
// CHECK-LABEL: @first_is_used_elsewhere
// CHECK: %[[S:.*]] = trt.shuffle %x first_transpose = [1, 0] layers ["s"]
// CHECK: trt.shuffle %x reshape = [6] layers ["t"] {trt.no_fuse = ["fuse-shuffle-reduce"]}
// CHECK: trt.activation relu %[[S]]
func.func @first_is_used_elsewhere(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] {trt.no_fuse = ["fuse-pad-conv"]} : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{[Passed] fuse-shuffle-shuffle | Category:fusion | Reason="fused into t"}}
  %t = trt.shuffle %s first_transpose = [1, 0] reshape = [6] {trt.no_fuse = ["fuse-shuffle-reduce"]} : tensor<3x2xf32> -> tensor<6xf32>
  %a = trt.activation relu %s : tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %t, %a : tensor<6xf32>, tensor<3x2xf32>
}

// -----

// CHECK-LABEL: @first_is_an_output
// CHECK-SAME: #trt.ledger_entry<["t"] by "fuse-shuffle-shuffle" heir ["a"]>
// CHECK: %[[S:.*]] = trt.shuffle %[[A:.*]] first_transpose = [1, 0] layers ["s"]
// CHECK: func.return %[[S]], %[[A]]
func.func @first_is_an_output(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<2x3xf32>) {
  %a = trt.activation relu %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %s = trt.shuffle %a first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %t = trt.shuffle %s first_transpose = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %s, %t : tensor<3x2xf32>, tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @two_shuffles_of_one
// CHECK: trt.shuffle %x first_transpose = [2, 0, 1] layers ["t"]
// CHECK: trt.shuffle %x first_transpose = [1, 2, 0] layers ["s", "u"]
// CHECK-NOT: trt.shuffle
func.func @two_shuffles_of_one(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<3x4x2xf32>) {
  %s = trt.shuffle %x first_transpose = [2, 1, 0] : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
  %t = trt.shuffle %s first_transpose = [0, 2, 1] : tensor<4x3x2xf32> -> tensor<4x2x3xf32>
  %u = trt.shuffle %s first_transpose = [1, 0, 2] : tensor<4x3x2xf32> -> tensor<3x4x2xf32>
  func.return %t, %u : tensor<4x2x3xf32>, tensor<3x4x2xf32>
}

// -----

// The transposed elements are there anyway; to read them in another shape is free.
// CHECK-LABEL: @view_of_what_is_there_anyway
// CHECK: trt.shuffle %x first_transpose = [1, 0] layers ["s"]
// CHECK: trt.shuffle %{{.*}} reshape = [6] layers ["t"]
// STRICT-LABEL: @view_of_what_is_there_anyway
// STRICT: trt.shuffle %x first_transpose = [1, 0] reshape = [6] layers ["t"]
func.func @view_of_what_is_there_anyway(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{needs a second shuffle that need not move elements again, found 's' is there anyway", Constraint="cost", Blocker="'a'", Suggestion="--fuse-shuffle-shuffle='mode=strict'"}}
  %t = trt.shuffle %s reshape = [6] : tensor<3x2xf32> -> tensor<6xf32>
  %a = trt.activation relu %s : tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %t, %a : tensor<6xf32>, tensor<3x2xf32>
}

// -----

// CHECK-LABEL: @view_of_a_view
// CHECK: trt.shuffle %x reshape = [3, 2] layers ["s"]
// CHECK: trt.shuffle %x reshape = [6] layers ["t"]
func.func @view_of_a_view(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<3x2xf32>) {
  %s = trt.shuffle %x reshape = [3, 2] : tensor<2x3xf32> -> tensor<3x2xf32>
  %t = trt.shuffle %s reshape = [6] : tensor<3x2xf32> -> tensor<6xf32>
  %a = trt.activation relu %s : tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %t, %a : tensor<6xf32>, tensor<3x2xf32>
}

// -----

// CHECK-LABEL: @transposes_between_reshapes
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @transposes_between_reshapes(%x: tensor<2x6xf32>) -> tensor<6x2xf32> {
  %s = trt.shuffle %x reshape = [3, 4] : tensor<2x6xf32> -> tensor<3x4xf32>
  // expected-remark@+1 {{needs transposes that are inverse, found [0, 1] and [1, 0] between reshapes", Constraint="inverse-transposes"}}
  %t = trt.shuffle %s first_transpose = [1, 0] reshape = [2, 6] second_transpose = [1, 0] : tensor<3x4xf32> -> tensor<6x2xf32>
  func.return %t : tensor<6x2xf32>
}

// -----

// Twice the same order of three axes is not there and back.
// CHECK-LABEL: @equal_transposes_are_not_inverse
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @equal_transposes_are_not_inverse(%x: tensor<8xf32>) -> tensor<4x2xf32> {
  %s = trt.shuffle %x reshape = [2, 2, 2] second_transpose = [1, 2, 0] : tensor<8xf32> -> tensor<2x2x2xf32>
  // expected-remark@+1 {{found [1, 2, 0] and [1, 2, 0] between reshapes", Constraint="inverse-transposes"}}
  %t = trt.shuffle %s first_transpose = [1, 2, 0] reshape = [4, 2] : tensor<2x2x2xf32> -> tensor<4x2xf32>
  func.return %t : tensor<4x2xf32>
}

// -----

// The second copies what the first made up.
// CHECK-LABEL: @unknown_in_between
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @unknown_in_between(%x: tensor<?x?x4xf32>) -> tensor<?x?x2xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0, 2] reshape = [4, 0, -1] second_transpose = [1, 2, 0] : tensor<?x?x4xf32> -> tensor<?x?x4xf32>
  // expected-remark@+1 {{needs a second reshape to at most one dimension that is left over, found 2x?x?x2", Constraint="known-dimensions"}}
  %t = trt.shuffle %s first_transpose = [2, 0, 1] reshape = [2, -1, 0, 2] second_transpose = [1, 2, 0, 3] : tensor<?x?x4xf32> -> tensor<?x?x2x2xf32>
  %u = trt.reduce sum %t axes = [3] : tensor<?x?x2x2xf32> -> tensor<?x?x2xf32>
  func.return %u : tensor<?x?x2xf32>
}

// -----

// CHECK-LABEL: @unknown_beside_nothing
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @unknown_beside_nothing(%x: tensor<?x0xf32>) -> tensor<?x0x7xf32> {
  %s = trt.shuffle %x reshape = [0, 0, 5] : tensor<?x0xf32> -> tensor<?x0x5xf32>
  // expected-remark@+1 {{found ?x0x7", Constraint="known-dimensions"}}
  %t = trt.shuffle %s reshape = [0, 0, 7] : tensor<?x0x5xf32> -> tensor<?x0x7xf32>
  func.return %t : tensor<?x0x7xf32>
}

// -----

// A first shuffle that would be kept has its say too.
// CHECK-LABEL: @first_may_not_be_fused
// CHECK: %[[S:.*]] = trt.shuffle
// CHECK: trt.shuffle %[[S]]
func.func @first_may_not_be_fused(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<2x3xf32>) {
  %s = trt.shuffle %x first_transpose = [1, 0] {trt.no_fuse} : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{Constraint="no-fuse", Blocker="'s'"}}
  %t = trt.shuffle %s first_transpose = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %s, %t : tensor<3x2xf32>, tensor<2x3xf32>
}

// -----

// The first function shows that remarks are looked at; the others must make none.
// CHECK-LABEL: @remarks_are_looked_at
func.func @remarks_are_looked_at(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %s = trt.shuffle %x reshape = [3, 2] : tensor<2x3xf32> -> tensor<3x2xf32>
  // expected-remark@+1 {{[Missed]}}
  %t = trt.shuffle %s first_transpose = [1, 0] reshape = [6] : tensor<3x2xf32> -> tensor<6xf32>
  func.return %t : tensor<6xf32>
}

// CHECK-LABEL: @layer_in_between
// CHECK: trt.shuffle
// CHECK: trt.shuffle
func.func @layer_in_between(%x: tensor<2x3xf16>) -> tensor<2x3xf32> {
  %s = trt.shuffle %x first_transpose = [1, 0] : tensor<2x3xf16> -> tensor<3x2xf16>
  %c = trt.cast %s : tensor<3x2xf16> -> tensor<3x2xf32>
  %t = trt.shuffle %c first_transpose = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %t : tensor<2x3xf32>
}
