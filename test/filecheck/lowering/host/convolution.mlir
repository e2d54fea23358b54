// RUN: fuse-opt %s --convert-trt-to-host --split-input-file | FileCheck %s

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

// -----

// What only the network gives is written as it is given: 6 pixels of 8 features are
// turned in registers, in a function of its own, and stored as 4 and, two of them again,
// 4.
// CHECK:       func.func private @conv_0(
// CHECK-SAME:    %[[Y:.*]]: memref<576xf16> {llvm.noalias}
// CHECK:         func.call @conv_0_part_0(
// CHECK:       func.func private @conv_0_part_0(
// CHECK-COUNT-6: vector.load {{.*}} vector<8xf32>
// CHECK-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK:         %[[LEFT:.*]] = vector.shuffle %[[ROW:.*]], %[[ROW]] [0, 1, 2, 3] : vector<8xf32>
// CHECK:         %[[HALVES:.*]] = arith.truncf %[[LEFT]] : vector<4xf32> to vector<4xf16>
// CHECK:         vector.store %[[HALVES]], {{.*}} memref<576xf16>, vector<4xf16>
// CHECK:         vector.shuffle %[[ROW]], %[[ROW]] [2, 3, 4, 5] : vector<8xf32>
// CHECK:       func.func @given(
// CHECK:         func.call @conv_0
// CHECK-NOT:     func.call @reformat
// CHECK:         func.return
func.func @given(%x: tensor<1x16x6x6xf16>) -> tensor<1x16x6x6xf16> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf16>) : tensor<16x16x3x3xf16>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x16x6x6xf16>, tensor<16x16x3x3xf16>) -> tensor<1x16x6x6xf16>
  func.return %y : tensor<1x16x6x6xf16>
}

// -----

// Not where another kernel reads it.
// CHECK:       func.func @given_and_read(
// CHECK:         func.call @reformat_0
// CHECK:         func.call @conv_0
// CHECK:         func.call @reformat_1
func.func @given_and_read(%x: tensor<1x8x6x6xf32>) -> (tensor<1x8x6x6xf32>, tensor<1x8x4x4xf32>) {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<8x8x3x3xf32>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x8x6x6xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x6x6xf32>
  %z = trt.convolution %y, %w : (tensor<1x8x6x6xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x4x4xf32>
  func.return %y, %z : tensor<1x8x6x6xf32>, tensor<1x8x4x4xf32>
}

// -----

// Nor where lines are too short.
// CHECK:       func.func @short_lines(
// CHECK:         func.call @conv_0
// CHECK:         func.call @reformat_1
func.func @short_lines(%x: tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32> {
  %w = trt.constant #trt.weight<fill(dense<0.5> : tensor<1xf32>) : tensor<8x8x3x3xf32>>
  %y = trt.convolution %x, %w pre_padding = [1, 1] post_padding = [1, 1] : (tensor<1x8x3x3xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  func.return %y : tensor<1x8x3x3xf32>
}
