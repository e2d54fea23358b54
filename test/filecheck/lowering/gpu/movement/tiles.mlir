// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s

// A row of the tile is what lies side by side in the input, a column what does in the
// result; rows are a bank longer than that.
// CHECK:         memref<32x33xf32, #gpu.address_space<workgroup>>
// CHECK:         %[[X:.*]] = memref.load {{.*}} : memref<12800xf32>
// CHECK:         memref.store %[[X]], %[[TILE:.*]][%[[ROW:.*]], %[[LANE:.*]]] : memref<32x33xf32, #gpu.address_space<workgroup>>
// CHECK:         "gpu.barrier"
// CHECK:         memref.load %[[TILE]][%[[LANE]], %[[ROW]]]
// CHECK:         memref.store {{.*}} : memref<12800xf32>
// CHECK:       func.func @rows_become_columns
func.func @rows_become_columns(%x: tensor<2x64x100xf32>) -> tensor<2x100x64xf32> {
  %y = trt.shuffle %x first_transpose = [0, 2, 1] layers ["t"] : tensor<2x64x100xf32> -> tensor<2x100x64xf32>
  func.return %y : tensor<2x100x64xf32>
}

// -----

// CHECK-NOT:     gpu.barrier
// CHECK:         vector.load {{.*}} {alignment = 16 : i64} : memref<1536xf16>, vector<8xf16>
// CHECK-NOT:     gpu.barrier
// CHECK:       func.func @rows_stay_rows
func.func @rows_stay_rows(%x: tensor<4x6x64xf16>) -> tensor<6x4x64xf16> {
  %y = trt.shuffle %x first_transpose = [1, 0, 2] layers ["t"] : tensor<4x6x64xf16> -> tensor<6x4x64xf16>
  func.return %y : tensor<6x4x64xf16>
}
