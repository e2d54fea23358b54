// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// A row that registers hold is loaded once; one division is made for all of it.
// PTX:           .visible .entry softmax_0(
// CHECK-NOT:     scf.for
// CHECK-COUNT-4: vector.load {{.*}} : memref<3072xf32>, vector<4xf32>
// CHECK-NOT:     vector.load
// CHECK:         arith.maximumf
// CHECK:         math.exp
// CHECK:         %[[FACTOR:.*]] = arith.divf
// CHECK-NEXT:    arith.mulf {{.*}}, %[[FACTOR]] : f32
// CHECK-NOT:     arith.divf
// CHECK:         vector.store {{.*}} : memref<3072xf32>, vector<4xf32>
// CHECK:       func.func @a_row_in_registers
func.func @a_row_in_registers(%x: tensor<3x1024xf32>) -> tensor<3x1024xf32> {
  %y = trt.softmax %x axis = 1 layers ["probabilities"] : tensor<3x1024xf32> -> tensor<3x1024xf32>
  func.return %y : tensor<3x1024xf32>
}

// -----

// A longer one is read twice: for maximum and sum together, and for the results.
// CHECK:         scf.for {{.*}} -> (f32, f32) {
// CHECK:         scf.for
// CHECK:           math.exp
// CHECK:           vector.store {{.*}} : memref<65536xf32>, vector<4xf32>
// CHECK:       func.func @a_row_that_is_read_twice
func.func @a_row_that_is_read_twice(%x: tensor<2x32768xf32>) -> tensor<2x32768xf32> {
  %y = trt.softmax %x axis = 1 layers ["probabilities"] : tensor<2x32768xf32> -> tensor<2x32768xf32>
  func.return %y : tensor<2x32768xf32>
}

// -----

// CHECK:         %[[LOG:.*]] = math.log
// CHECK:         %[[CENTRED:.*]] = arith.subf
// CHECK-NEXT:    arith.subf %[[CENTRED]], %[[LOG]] : f32
// CHECK-NOT:     arith.divf
// CHECK:       func.func @a_logarithm_divides_nothing
func.func @a_logarithm_divides_nothing(%x: tensor<3x31xf32>) -> tensor<3x31xf32> {
  %y = trt.fused "softmax_log"(%x) layers ["s", "l"] : (tensor<3x31xf32>) -> tensor<3x31xf32> {
  ^bb0(%x0: tensor<3x31xf32>):
    %s = trt.softmax %x0 axis = 1 layers ["s"] : tensor<3x31xf32> -> tensor<3x31xf32>
    %l = trt.unary log %s layers ["l"] : tensor<3x31xf32> -> tensor<3x31xf32>
    trt.yield %l : tensor<3x31xf32>
  }
  func.return %y : tensor<3x31xf32>
}

// -----

// CHECK-NOT:     gpu.shuffle
// CHECK:         vector.store {{.*}} : memref<{{.*}}xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:         "gpu.barrier"()
// CHECK:       func.func @channels
func.func @channels(%x: tensor<2x32x8x8xf32>) -> tensor<2x32x8x8xf32> {
  %y = trt.softmax %x axis = 1 layers ["probabilities"] : tensor<2x32x8x8xf32> -> tensor<2x32x8x8xf32>
  func.return %y : tensor<2x32x8x8xf32>
}
