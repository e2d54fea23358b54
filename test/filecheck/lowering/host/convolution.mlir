// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s

// A block of features that would not be full begins earlier: of 20, two blocks of 16
// begin at 0 and at 4, and what both compute is the same. The weights are in that order.
// CHECK-LABEL: func.func private @conv_0(
// CHECK-SAME:    %w: memref<512xf32> {llvm.noalias}
// CHECK:         %[[LAST:.*]] = arith.constant 4 : index
// CHECK:         arith.minui %{{.*}}, %[[LAST]]
// CHECK-COUNT-4: vector.store {{.*}} vector<8xf32>
// CHECK-LABEL: func.func @features_of_no_whole_block
// CHECK-SAME:    concatenation(slice({{.*}}[0, 0, 0, 0], [1, 16, 16, 1], {{.*}}slice({{.*}}[0, 4, 0, 0], [1, 16, 16, 1]
func.func @features_of_no_whole_block(%x: tensor<1x16x1x2xf32>) -> tensor<1x20x1x2xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<20x16x1x1xf32>>
  %y = trt.convolution %x, %w : (tensor<1x16x1x2xf32>, tensor<20x16x1x1xf32>) -> tensor<1x20x1x2xf32>
  func.return %y : tensor<1x20x1x2xf32>
}
