// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @a_prefetch_has_an_index_a_dimension(%x: memref<4x4xf32>, %i: index) {
  // expected-error @+1 {{memref<4x4xf32> has 2 dimensions, found 1 indices}}
  "memref.prefetch"(%x, %i) <{isWrite = true, localityHint = 2 : i32, isDataCache = true}> : (memref<4x4xf32>, index) -> ()
  func.return
}

// -----

func.func @a_hint_has_a_range(%x: memref<4xf32>, %i: index) {
  // expected-error @+1 {{localityHint must be within 0 and 3, found 4}}
  "memref.prefetch"(%x, %i) <{isWrite = true, localityHint = 4 : i32, isDataCache = true}> : (memref<4xf32>, index) -> ()
  func.return
}
