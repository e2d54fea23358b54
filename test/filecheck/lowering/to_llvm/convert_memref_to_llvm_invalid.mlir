// RUN: fuse-opt %s --convert-memref-to-llvm --split-input-file --verify-diagnostics

func.func @an_unknown_dimension_has_no_row_length(%x: memref<?x4xf32>, %i: index) -> f32 {
  // expected-error @+1 {{memref<?x4xf32> has an unknown dimension; fix it with --shape}}
  %r = memref.load %x[%i, %i] : memref<?x4xf32>
  func.return %r : f32
}

// -----

func.func @only_the_identity_layout_is_a_bare_pointer(
    %x: memref<4x4xf32, strided<[8, 1]>>, %i: index) -> f32 {
  // expected-error @+1 {{wanted the identity layout, found memref<4x4xf32, strided<[8, 1]>>}}
  %r = memref.load %x[%i, %i] : memref<4x4xf32, strided<[8, 1]>>
  func.return %r : f32
}
