// RUN: fuse-opt %s --expand-math --split-input-file --verify-diagnostics

func.func @f64_is_not_expanded(%x: f64) -> f64 {
  // expected-error @+1 {{math.erf: wanted a scalar of f32, f16 or bf16, found f64}}
  %r = math.erf %x : f64
  func.return %r : f64
}
