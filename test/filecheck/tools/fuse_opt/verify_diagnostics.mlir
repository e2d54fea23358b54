// RUN: fuse-opt %s --split-input-file --verify-diagnostics -o /dev/null

func.func @wrong_return(%a: f32) {
  // expected-error @below {{expected arguments to have the same types as the function output types}}
  func.return %a : f32
}

// -----

func.func @same_line(%a: f32) {
  "test.op"(%b) : (f32) -> () // expected-error {{value '%b' is used but not defined}}
  func.return
}

// -----

func.func @offset_and_regex(%a: f32) -> f32 {
  %x = arith.addf %a, %y : f32
  // expected-error-re @-1 {{'arith.addf' op uses '%{{[a-z]}}', which is defined only}}
  // expected-note @+1 {{it is defined here}}
  %y = arith.addf %a, %a : f32
  func.return %x : f32
}

// -----

func.func @above(%a: f32) -> f32 {
  %x = arith.adddf %a, %a : f32
  // expected-error @above {{unknown operation 'arith.adddf'; did you mean 'arith.addf'?}}
  func.return %x : f32
}

// -----

// expected-error @unknown {{'func.return' op expected arguments}}
func.func @unknown_place(%a: f32) {
  func.return %a : f32 loc(unknown)
}

// -----

func.func @nothing_wrong() {
  func.return
}
