// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @matrices_are_loaded_from_shared_memory(%x: memref<8x8xf16>, %i: index) {
  // expected-error @+1 {{reads shared memory only, not memref<8x8xf16>}}
  %a = nvgpu.ldmatrix %x[%i, %i] {numTiles = 1 : i32, transpose = false} : memref<8x8xf16> -> vector<1x2xf16>
  func.return
}

// -----

func.func @there_are_one_two_or_four_tiles(%x: memref<8x8xf16, 3>, %i: index) {
  // expected-error @+1 {{numTiles has to be 1, 2 or 4, not 3}}
  %a = nvgpu.ldmatrix %x[%i, %i] {numTiles = 3 : i32, transpose = false} : memref<8x8xf16, 3> -> vector<3x2xf16>
  func.return
}

// -----

func.func @bytes_are_not_transposed(%x: memref<8x16xi8, 3>, %i: index) {
  // expected-error @+1 {{transposes 16-bit elements only, not i8}}
  %a = nvgpu.ldmatrix %x[%i, %i] {numTiles = 1 : i32, transpose = true} : memref<8x16xi8, 3> -> vector<1x4xi8>
  func.return
}

// -----

func.func @a_fragment_is_a_row_for_each_tile(%x: memref<8x8xf16, 3>, %i: index) {
  // expected-error @+1 {{wanted a result of vector<2x2xf16>, found vector<4x2xf16>}}
  %a = nvgpu.ldmatrix %x[%i, %i] {numTiles = 2 : i32, transpose = false} : memref<8x8xf16, 3> -> vector<4x2xf16>
  func.return
}

// -----

func.func @shapes_are_those_of_the_machine(%a: vector<4x2xf16>, %b: vector<2x2xf16>, %c: vector<2x2xf32>) {
  // expected-error @+1 {{there is no mmaShape [16, 16, 16] for f16, but [[16, 8, 8], [16, 8, 16]]}}
  %m = nvgpu.mma.sync(%a, %b, %c) {mmaShape = [16, 16, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  func.return
}

// -----

func.func @fragments_fit_the_shape(%a: vector<4x2xf16>, %b: vector<2x2xf16>, %c: vector<2x2xf32>) {
  // expected-error @+1 {{mmaShape [16, 8, 8] wants vector<2x2xf16>, vector<1x2xf16>, vector<2x2xf32>, found}}
  %m = nvgpu.mma.sync(%a, %b, %c) {mmaShape = [16, 8, 8]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  func.return
}

// -----

func.func @single_precision_is_multiplied_as_tf32(%a: vector<4x1xf32>, %b: vector<2x1xf32>, %c: vector<2x2xf32>) {
  // expected-error @+1 {{f32 is multiplied as tf32: say tf32Enabled}}
  %m = nvgpu.mma.sync(%a, %b, %c) {mmaShape = [16, 8, 8]} : (vector<4x1xf32>, vector<2x1xf32>, vector<2x2xf32>) -> vector<2x2xf32>
  func.return
}

// -----

func.func @a_copy_is_of_4_8_or_16_bytes(%x: memref<8xf32>, %tile: memref<8xf32, 3>, %i: index) {
  // expected-error @+1 {{copies 4, 8 or 16 bytes, not 32}}
  %a = nvgpu.device_async_copy %x[%i], %tile[%i], 8 : memref<8xf32> to memref<8xf32, 3>
  func.return
}

// -----

func.func @the_first_cache_is_passed_by_16_bytes(%x: memref<8xf32>, %tile: memref<8xf32, 3>, %i: index) {
  // expected-error @+1 {{bypassL1 is for 16 bytes}}
  %a = nvgpu.device_async_copy %x[%i], %tile[%i], 1 {bypassL1} : memref<8xf32> to memref<8xf32, 3>
  func.return
}

// -----

func.func @a_copy_goes_to_shared_memory(%x: memref<8xf32>, %i: index) {
  // expected-error @+1 {{copies to shared memory, not to memref<8xf32>}}
  %a = nvgpu.device_async_copy %x[%i], %x[%i], 4 : memref<8xf32> to memref<8xf32>
  func.return
}
