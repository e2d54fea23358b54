// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// The exponentials wait for their sum where the result will be.
// CHECK-LABEL: func.func private @softmax_0
// CHECK:         scf.for
// CHECK:           arith.maxsi
// CHECK:         %[[SUM:.+]] = scf.for
// CHECK:           %[[POWER:.+]] = arith.mulf
// CHECK-NEXT:      memref.store %[[POWER]], %y
// CHECK:           arith.addf %{{.*}}, %[[POWER]] fastmath<reassoc>
// CHECK:         %[[FACTOR:.+]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK:         scf.for
// CHECK:           %[[AGAIN:.+]] = memref.load %y
// CHECK-NEXT:      arith.mulf %[[AGAIN]], %[[FACTOR]]
func.func @exponentials_are_computed_once(%x: tensor<3x1000xf32>) -> tensor<3x1000xf32> {
  %y = trt.softmax %x axis = 1 : tensor<3x1000xf32> -> tensor<3x1000xf32>
  func.return %y : tensor<3x1000xf32>
}

// A half has no room for them.
// CHECK-LABEL: func.func private @softmax_1
// CHECK-COUNT-1: memref.store {{.*}} : memref<3000xf16>
// CHECK-NOT:   memref.store
// CHECK:         func.return
func.func @exponentials_of_halves_are_computed_again(%x: tensor<3x1000xf16>) -> tensor<3x1000xf16> {
  %y = trt.softmax %x axis = 1 : tensor<3x1000xf16> -> tensor<3x1000xf16>
  func.return %y : tensor<3x1000xf16>
}

// Maximum and sum of a part, then of all parts so far.
// CHECK-LABEL: func.func private @softmax_2
// CHECK:         scf.for
// CHECK:           %[[ALL:.+]], %{{.+}} = scf.for {{.*}} iter_args(%[[SO_FAR:.+]] = %{{.+}}, %{{.+}} = %{{.+}}) -> (f32, f32)
// CHECK:             %[[PART:.+]] = scf.for
// CHECK:               arith.maximumf
// CHECK:             arith.maximumf %[[SO_FAR]], %[[PART]]
// CHECK:             math.exp
func.func @a_long_row_is_read_in_parts(%x: tensor<2x100000xf32>) -> tensor<2x100000xf32> {
  %y = trt.softmax %x axis = 1 : tensor<2x100000xf32> -> tensor<2x100000xf32>
  func.return %y : tensor<2x100000xf32>
}

// CHECK-LABEL: func.func private @softmax_log_0
// CHECK:         %[[LOG:.+]] = math.log
// CHECK:         scf.for
// CHECK:           %[[CENTRED:.+]] = arith.subf
// CHECK-NEXT:      %[[RESULT:.+]] = arith.subf %[[CENTRED]], %[[LOG]]
// CHECK-NEXT:      memref.store %[[RESULT]]
func.func @a_logarithm_is_of_no_quotient(%x: tensor<3x1000xf32>) -> tensor<3x1000xf32> {
  %y = trt.fused "softmax_log"(%x) layers ["s", "l"] : (tensor<3x1000xf32>) -> tensor<3x1000xf32> {
  ^bb0(%v: tensor<3x1000xf32>):
    %s = trt.softmax %v axis = 1 layers ["s"] : tensor<3x1000xf32> -> tensor<3x1000xf32>
    %l = trt.unary log %s layers ["l"] : tensor<3x1000xf32> -> tensor<3x1000xf32>
    trt.yield %l : tensor<3x1000xf32>
  }
  func.return %y : tensor<3x1000xf32>
}
