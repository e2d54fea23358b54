// RUN: fuse-opt %s --convert-memref-to-llvm --split-input-file --verify-diagnostics

func.func @an_unknown_dimension_has_no_row_length(%x: memref<?x4xf32>, %i: index) -> f32 {
  // expected-error @+1 {{memref<?x4xf32> has an unknown dimension; fix it with --shape}}
  %r = memref.load %x[%i, %i] : memref<?x4xf32>
  func.return %r : f32
}

// -----

func.func @strides_are_known(
    %x: memref<4x4xf32, strided<[?, 1]>>, %i: index) -> f32 {
  // expected-error @+1 {{wanted a layout of static strides, found memref<4x4xf32, strided<[?, 1]>>}}
  %r = memref.load %x[%i, %i] : memref<4x4xf32, strided<[?, 1]>>
  func.return %r : f32
}

// -----

func.func @what_is_reshaped_has_no_gaps(
    %x: memref<4x4xf32, strided<[8, 1]>>) -> memref<16xf32> {
  // expected-error @+1 {{wanted the identity layout, found memref<4x4xf32, strided<[8, 1]>>}}
  %r = memref.collapse_shape %x [[0 : i64, 1 : i64]] : memref<4x4xf32, strided<[8, 1]>> into memref<16xf32>
  func.return %r : memref<16xf32>
}

// -----

func.func @a_product_is_no_atomic_operation(%x: memref<4xf32>, %v: f32, %i: index) -> f32 {
  // expected-error @+1 {{kind 11 is no instruction; there are addf (0)}}
  %r = "memref.atomic_rmw"(%v, %x, %i) <{kind = 11 : i64}> : (f32, memref<4xf32>, index) -> f32
  func.return %r : f32
}
