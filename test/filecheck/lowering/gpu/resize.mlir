// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// The nearest element is copied; where no place is past the ends, none is moved inside.
// PTX:           .visible .entry resize_0(
// CHECK-NOT:     arith.minsi
// CHECK-NOT:     arith.maxsi
// CHECK:         %[[X:.*]] = memref.load {{.*}} : memref<60xi8>
// CHECK:         memref.store %[[X]]
// CHECK:         sym_name = "resize_0"
// CHECK:       func.func @the_nearest
func.func @the_nearest(%x: tensor<1x3x4x5xi8>) -> tensor<1x3x8x10xi8> {
  %y = trt.resize nearest %x size = [1, 3, 8, 10] : tensor<1x3x4x5xi8> -> tensor<1x3x8x10xi8>
  func.return %y : tensor<1x3x8x10xi8>
}

// -----

// CHECK:         arith.minsi
// CHECK-COUNT-4: memref.load {{.*}} : memref<60xf16>
// CHECK:         arith.mulf {{.*}} : f32
// CHECK-COUNT-3: math.fma {{.*}} : f32
// CHECK:         %[[Y:.*]] = arith.truncf {{.*}} : f32 to f16
// CHECK:         memref.store %[[Y]]
// CHECK:       func.func @neighbours_are_blended_in_floats
func.func @neighbours_are_blended_in_floats(%x: tensor<1x3x4x5xf16>) -> tensor<1x3x7x9xf16> {
  %y = trt.resize linear %x size = [1, 3, 7, 9] coordinates = align_corners : tensor<1x3x4x5xf16> -> tensor<1x3x7x9xf16>
  func.return %y : tensor<1x3x7x9xf16>
}
