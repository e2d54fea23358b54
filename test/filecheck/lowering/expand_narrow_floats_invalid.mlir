// RUN: fuse-opt %s --expand-narrow-floats --split-input-file --verify-diagnostics

func.func @f64_would_be_rounded_twice(%x: f64) -> bf16 {
  // expected-error @+1 {{arith.truncf: wanted a scalar of f32 on one side, found f64}}
  %r = arith.truncf %x : f64 to bf16
  func.return %r : bf16
}

// -----

func.func @vectors_are_not_expanded(%x: vector<4xf32>) -> vector<4xbf16> {
  // expected-error @+1 {{arith.truncf: wanted a scalar of f32 on one side, found vector<4xf32>}}
  %r = arith.truncf %x : vector<4xf32> to vector<4xbf16>
  func.return %r : vector<4xbf16>
}
