// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// Each block keeps its part of the sum; a second kernel adds them and takes the mean.
// PTX:           .visible .entry reduce_avg_0_parts(
// PTX:           ld.global.nc.v4.b32
// PTX:           .visible .entry reduce_avg_0(
// CHECK:         memref.store {{.*}} : memref<1x[[PARTS:[0-9]+]]xf32>
// CHECK:         sym_name = "reduce_avg_0_parts"
// CHECK:         scf.for {{.*}} -> (f32) {
// CHECK:           memref.load {{.*}} : memref<1x[[PARTS]]xf32>
// CHECK:         arith.divf
// CHECK:         sym_name = "reduce_avg_0"
// CHECK:       func.func @blocks_share_a_long_row(%[[X:.*]]: memref<1x1048576xf32>, %[[Y:.*]]: memref<1xf32> {trt.output})
// CHECK:         %[[PART:.*]] = memref.view {{.*}} to memref<1x[[PARTS]]xf32>
// CHECK:         "gpu.launch_func"({{.*}}, %[[X]], %[[PART]])
// CHECK-SAME:    kernel = @kernels::@reduce_avg_0_parts
// CHECK:         "gpu.launch_func"({{.*}}, %[[X]], %[[PART]], %[[Y]])
// CHECK-SAME:    kernel = @kernels::@reduce_avg_0
func.func @blocks_share_a_long_row(%x: tensor<1x1048576xf32>) -> tensor<1xf32> {
  %y = trt.reduce avg %x axes = [1] layers ["mean"] : tensor<1x1048576xf32> -> tensor<1xf32>
  func.return %y : tensor<1xf32>
}

// -----

// CHECK-NOT:     _parts
// CHECK:       func.func @many_rows_are_a_block_each
func.func @many_rows_are_a_block_each(%x: tensor<128x100000xf32>) -> tensor<128xf32> {
  %y = trt.reduce sum %x axes = [1] layers ["sum"] : tensor<128x100000xf32> -> tensor<128xf32>
  func.return %y : tensor<128xf32>
}
