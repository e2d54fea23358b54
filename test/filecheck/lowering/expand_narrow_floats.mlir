// RUN: fuse-opt %s --expand-narrow-floats | FileCheck %s
// RUN: fuse-opt %s --expand-narrow-floats='f16=true' | FileCheck %s --check-prefix=ALL

// CHECK-LABEL: @bf16_is_the_upper_half_rounded
func.func @bf16_is_the_upper_half_rounded(%x: f32) -> bf16 {
  // CHECK:     %[[BITS:.*]] = arith.bitcast %{{.*}} : f32 to i32
  // CHECK:     %[[UPPER:.*]] = arith.shrui %[[BITS]]
  // CHECK:     arith.cmpf uno
  // CHECK:     %[[R:.*]] = arith.trunci %{{.*}} : i32 to i16
  // CHECK-NOT: arith.truncf
  // CHECK:     return %[[R]] : i16
  %r = arith.truncf %x : f32 to bf16
  func.return %r : bf16
}

// CHECK-LABEL: @f32_of_a_bf16_has_it_above
func.func @f32_of_a_bf16_has_it_above(%x: bf16) -> f32 {
  // CHECK:     %[[WORD:.*]] = arith.extui %{{.*}} : i16 to i32
  // CHECK:     %[[BITS:.*]] = arith.shli %[[WORD]]
  // CHECK:     %[[R:.*]] = arith.bitcast %[[BITS]] : i32 to f32
  // CHECK:     return %[[R]]
  %r = arith.extf %x : bf16 to f32
  func.return %r : f32
}

// CHECK-LABEL: @f16_stays_where_the_cpu_converts_it
// ALL-LABEL:   @f16_stays_where_the_cpu_converts_it
func.func @f16_stays_where_the_cpu_converts_it(%x: f16) -> f16 {
  // CHECK:     arith.extf %{{.*}} : f16 to f32
  // CHECK:     arith.truncf %{{.*}} : f32 to f16
  // ALL-NOT:   arith.extf
  // ALL-NOT:   arith.truncf
  // ALL:       return
  %a = arith.extf %x : f16 to f32
  %b = arith.addf %a, %a : f32
  %r = arith.truncf %b : f32 to f16
  func.return %r : f16
}

// CHECK-LABEL: @what_is_only_moved_is_moved_as_bits
func.func @what_is_only_moved_is_moved_as_bits(
    %x: memref<4xbf16>, %y: memref<4xbf16, strided<[2]>>, %at: index) {
  // CHECK: %[[V:.*]] = memref.load %{{.*}}[%{{.*}}] : memref<4xi16>
  // CHECK: memref.store %[[V]], %{{.*}}[%{{.*}}] : memref<4xi16, strided<[2]>>
  %v = memref.load %x[%at] : memref<4xbf16>
  memref.store %v, %y[%at] : memref<4xbf16, strided<[2]>>
  func.return
}

// CHECK-LABEL: @f64_to_f32_stays
func.func @f64_to_f32_stays(%x: f64) -> f32 {
  // CHECK: arith.truncf %{{.*}} : f64 to f32
  %r = arith.truncf %x : f64 to f32
  func.return %r : f32
}
