// RUN: not fuse-opt %s --split-input-file 2>&1 | FileCheck %s --check-prefix=ERRORS
// RUN: not fuse-opt %s --split-input-file 2>/dev/null | FileCheck %s
// RUN: not fuse-opt %s 2>&1 | FileCheck %s --check-prefix=WHOLE

// ERRORS: split_input_file.mlir:23:15: error: unknown operation 'test.nothing_like_it'
// ERRORS-NEXT: %sum = "test.nothing_like_it"
// ERRORS-NEXT: ^
// WHOLE: split_input_file.mlir:23:15: error: unknown operation

// CHECK: @first
func.func @first() {
  func.return
}

// CHECK: // -----
// CHECK-NOT: @second
// -----

// The marker counts only on a line of its own: // -----
// -----// IR Dump After SomePass (some-pass) //----- //

func.func @second(%a: f32) -> f32 {
      %sum = "test.nothing_like_it"(%a) : (f32) -> f32
  func.return %sum : f32
}

// CHECK: // -----
// -----

// CHECK: @first
func.func @first() {
  func.return
}
