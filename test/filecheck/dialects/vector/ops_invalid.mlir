// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @a_vector_has_as_many_elements_as_its_type_says(%a: f32) {
  // expected-error @+1 {{vector<2x2xf32> has not the elements (f32)}}
  %v = vector.from_elements %a : vector<2x2xf32>
  func.return
}

// -----

func.func @all_elements_come_out(%v: vector<2xf32>) {
  // expected-error @+1 {{vector<2xf32> has not the elements (f32)}}
  %x = "vector.to_elements"(%v) : (vector<2xf32>) -> f32
  func.return
}
