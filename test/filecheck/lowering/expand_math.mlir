// RUN: fuse-opt %s --expand-math | FileCheck %s

// CHECK-LABEL: @exp_is_a_polynomial_times_a_power_of_two
func.func @exp_is_a_polynomial_times_a_power_of_two(%x: f32) -> f32 {
  // CHECK-NOT: math.exp
  // CHECK:     math.fma
  // CHECK:     arith.shli
  // CHECK:     %[[S:.*]] = arith.bitcast %{{.*}} : i32 to f32
  // CHECK:     arith.mulf %{{.*}}, %[[S]] : f32
  // CHECK-NOT: math.exp
  // CHECK:     return
  %r = math.exp %x : f32
  func.return %r : f32
}

// What vanishes in a sum is no subnormal number: one power of two is enough.
// CHECK-LABEL: @exp_beside_one_is_multiplied_once
func.func @exp_beside_one_is_multiplied_once(%x: f32) -> f32 {
  // CHECK:     %[[POWER:.*]] = arith.mulf
  // CHECK-NOT: arith.mulf
  // CHECK:     arith.addf %{{.*}}, %[[POWER]] : f32
  %one = arith.constant 1.0 : f32
  %e = math.exp %x : f32
  %r = arith.addf %one, %e : f32
  func.return %r : f32
}

// CHECK-LABEL: @exp_beside_less_than_one_is_multiplied_twice
func.func @exp_beside_less_than_one_is_multiplied_twice(%x: f32) -> f32 {
  // CHECK:     arith.mulf
  // CHECK:     %[[POWER:.*]] = arith.mulf
  // CHECK:     arith.addf %{{.*}}, %[[POWER]] : f32
  %small = arith.constant 1.0e-38 : f32
  %e = math.exp %x : f32
  %r = arith.addf %small, %e : f32
  func.return %r : f32
}

// CHECK-LABEL: @half_is_computed_in_f32
func.func @half_is_computed_in_f32(%x: f16) -> f16 {
  // CHECK:     arith.extf %{{.*}} : f16 to f32
  // CHECK-NOT: : f16
  // CHECK:     %[[R:.*]] = arith.truncf %{{.*}} : f32 to f16
  // CHECK:     return %[[R]] : f16
  %r = math.tanh %x : f16
  func.return %r : f16
}

// CHECK-LABEL: @rsqrt_is_a_division
func.func @rsqrt_is_a_division(%x: f32) -> f32 {
  // CHECK: %[[S:.*]] = math.sqrt %{{.*}} : f32
  // CHECK: arith.divf %{{.*}}, %[[S]] : f32
  %r = math.rsqrt %x : f32
  func.return %r : f32
}

// CHECK-LABEL: @what_is_an_instruction_everywhere_stays
func.func @what_is_an_instruction_everywhere_stays(%x: f32) -> f32 {
  // CHECK: math.floor
  // CHECK: math.roundeven
  %a = math.floor %x : f32
  %b = math.roundeven %a : f32
  func.return %b : f32
}

// CHECK-LABEL: @constants_are_shared_at_the_head_of_the_function
func.func @constants_are_shared_at_the_head_of_the_function(
    %c: i1, %x: f32, %y: f32) -> f32 {
  // CHECK:     arith.constant 12582912
  // CHECK-NOT: arith.constant 12582912
  // CHECK:     scf.if
  // CHECK-NOT: arith.constant
  // CHECK:     return
  %r = scf.if %c -> (f32) {
    %a = math.exp %x : f32
    scf.yield %a : f32
  } else {
    %b = math.exp %y : f32
    scf.yield %b : f32
  }
  func.return %r : f32
}
