// RUN: not fuse-opt %s --split-input-file --verify-diagnostics -o /dev/null 2>&1 | FileCheck %s

// CHECK: verify_diagnostics_faults.mlir:5:32: error: expected error "nothing of the kind" was not produced
func.func @unmet() {
  "test.op"() : () -> () // x: expected-error {{nothing of the kind}}
  func.return
}

// -----

// CHECK: verify_diagnostics_faults.mlir:13:13: error: unexpected error: value '%b' is used but not defined
func.func @unexpected() {
  "test.op"(%b) : (f32) -> ()
  func.return
}

// -----

// CHECK: verify_diagnostics_faults.mlir:22:13: error: 'error' diagnostic emitted when expecting a 'warning': value '%b'
// CHECK: error: expected warning "is used but not defined" was not produced
func.func @other_severity() {
  "test.op"(%b) : (f32) -> () // expected-warning {{is used but not defined}}
  func.return
}

// -----

// CHECK: error: unexpected error: value '%b' is used but not defined
// CHECK: error: expected error "value '%c'" was not produced
func.func @other_text() {
  "test.op"(%b) : (f32) -> () // expected-error {{value '%c'}}
  func.return
}

// -----

// CHECK: :40:13: error: unexpected error: value '%b' is used but not defined
// CHECK: :40:34: error: expected error "is used but not defined" was not produced
func.func @other_line() {
  "test.op"(%b) : (f32) -> () // expected-error @+1 {{is used but not defined}}
  func.return
}

// -----

// CHECK: error: expected error "value .%{{[{][{]b[}][}]}}" was not produced
func.func @literal_part_is_no_regex() {
  "test.op"(%b) : (f32) -> () // expected-error-re {{value .%{{b}}}}
  func.return
}

// -----

// CHECK: error: invalid regular expression in
func.func @bad_regex() {
  "test.op"() : () -> () // expected-error-re {{a {{(}} b}}
  func.return
}
