// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// What a row is folded to is carried around the loop along it, in any order.
// CHECK-LABEL: func.func private @reduce_sum_0
// CHECK:         scf.for
// CHECK:           %[[SUM:.+]] = scf.for {{.*}} iter_args(%[[OLD:.+]] = %{{.*}}) -> (f32)
// CHECK:             %[[NEW:.+]] = arith.addf %[[OLD]], %{{.*}} fastmath<reassoc> : f32
// CHECK-NEXT:        scf.yield %[[NEW]]
// CHECK:           memref.store %[[SUM]], %y
func.func @a_row_is_folded_in_registers(%x: tensor<3x1000xf32>) -> tensor<3xf32> {
  %y = trt.reduce sum %x axes = [1] : tensor<3x1000xf32> -> tensor<3xf32>
  func.return %y : tensor<3xf32>
}

// Rows side by side have a place in memory each; the loop across them is the inner one.
// CHECK-LABEL: func.func private @reduce_max_0
// CHECK:         %[[TABLE:.+]] = memref.alloca() : memref<48xf32>
// CHECK:         %[[COLUMNS:.+]] = arith.constant 48 : index
// CHECK:         %[[ROW:.+]] = arith.muli %{{.*}}, %[[COLUMNS]]
// CHECK:         scf.for %[[LANE:.+]] =
// CHECK:           %[[OLD:.+]] = memref.load %[[TABLE]][%[[LANE]]]
// CHECK:           %[[NEW:.+]] = arith.maximumf %[[OLD]], %{{.*}} fastmath<nsz> : f32
// CHECK-NEXT:      memref.store %[[NEW]], %[[TABLE]][%[[LANE]]]
func.func @rows_side_by_side_are_folded_in_memory(%x: tensor<1000x48xf32>) -> tensor<48xf32> {
  %y = trt.reduce max %x axes = [0] : tensor<1000x48xf32> -> tensor<48xf32>
  func.return %y : tensor<48xf32>
}

// Of what LLVM unrolls, and may do for many rows at once, there is one order.
// CHECK-LABEL: func.func private @reduce_sum_1
// CHECK:         arith.addf %{{.*}}, %{{.*}} : f32
// CHECK-NOT:     reassoc
func.func @a_short_row_is_added_up_in_order(%x: tensor<100x8xf32>) -> tensor<100xf32> {
  %y = trt.reduce sum %x axes = [1] : tensor<100x8xf32> -> tensor<100xf32>
  func.return %y : tensor<100xf32>
}

// The end of the loop along rows of some length is not known to LLVM.
// CHECK-LABEL: func.func private @reduce_prod_0
// CHECK:         %[[SIZE:.+]] = arith.constant 49 : index
// CHECK:         %[[MORE:.+]] = arith.addi %{{.*}}, %[[SIZE]]
// CHECK:         %[[END:.+]] = arith.minui %[[MORE]], %[[SIZE]]
// CHECK:         scf.for {{.*}} to %[[END]] {{.*}} iter_args
// CHECK:           arith.mulf {{.*}} fastmath<reassoc>
func.func @a_row_of_some_length_is_not_unrolled(%x: tensor<100x49xf32>) -> tensor<100xf32> {
  %y = trt.reduce prod %x axes = [1] : tensor<100x49xf32> -> tensor<100xf32>
  func.return %y : tensor<100xf32>
}

// The exponentials are shifted by the maximum, which is found first.
// CHECK-LABEL: func.func private @exp_reduce_sum_log_0
// CHECK:         %[[MOST:.+]] = scf.for
// CHECK:           arith.maximumf
// CHECK:         %[[IS_LEAST:.+]] = arith.cmpf oeq, %[[MOST]]
// CHECK:         %[[SHIFT:.+]] = arith.select %[[IS_LEAST]]
// CHECK:         scf.for
// CHECK:           arith.subf %{{.*}}, %[[SHIFT]]
// CHECK-NOT:       math.exp
// CHECK:         math.log
func.func @a_logarithm_of_a_sum_of_exponentials_is_shifted(%x: tensor<3x1000xf32>) -> tensor<3x1xf32> {
  %y = trt.fused "exp_reduce_sum_log"(%x) layers ["e", "r", "l"] : (tensor<3x1000xf32>) -> tensor<3x1xf32> {
  ^bb0(%v: tensor<3x1000xf32>):
    %e = trt.unary exp %v layers ["e"] : tensor<3x1000xf32> -> tensor<3x1000xf32>
    %r = trt.reduce sum %e axes = [1] keep_dimensions layers ["r"] : tensor<3x1000xf32> -> tensor<3x1xf32>
    %l = trt.unary log %r layers ["l"] : tensor<3x1xf32> -> tensor<3x1xf32>
    trt.yield %l : tensor<3x1xf32>
  }
  func.return %y : tensor<3x1xf32>
}
