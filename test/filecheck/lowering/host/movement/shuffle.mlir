// RUN: fuse-opt %s --convert-trt-to-host | FileCheck %s
// RUN: fuse-opt %s --convert-trt-to-host='vector-bytes=64 vector-registers=32' | FileCheck %s --check-prefix=WIDE

// What lies side by side on one side only goes through registers.
// CHECK-LABEL: func.func private @shuffle_0
// CHECK-COUNT-8: vector.load {{.*}} vector<8xf32>
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-8: vector.store {{.*}} vector<8xf32>
// WIDE-LABEL: func.func private @shuffle_0
// WIDE-COUNT-16: vector.load {{.*}} vector<16xf32>
// WIDE-COUNT-64: vector.shuffle
func.func @a_matrix(%x: tensor<100x64xf32>) -> tensor<64x100xf32> {
  %y = trt.shuffle %x first_transpose = [1, 0] : tensor<100x64xf32> -> tensor<64x100xf32>
  func.return %y : tensor<64x100xf32>
}

// Runs that both sides have are copied as they are.
// CHECK-LABEL: func.func private @shuffle_1
// CHECK-NOT:     vector
// CHECK:         %[[LOADED:.+]] = memref.load %x
// CHECK-NEXT:    memref.store %[[LOADED]], %y
func.func @heads(%x: tensor<7x12x64xf32>) -> tensor<12x7x64xf32> {
  %y = trt.shuffle %x first_transpose = [1, 0, 2] : tensor<7x12x64xf32> -> tensor<12x7x64xf32>
  func.return %y : tensor<12x7x64xf32>
}

// Few elements are interleaved by straight code.
// CHECK-LABEL: func.func private @shuffle_2
// CHECK-NOT:     vector
// CHECK-COUNT-3: memref.store
// CHECK-NOT:     memref.store
// CHECK:         func.return
func.func @colours(%x: tensor<3x50xi8>) -> tensor<50x3xi8> {
  %y = trt.shuffle %x first_transpose = [1, 0] : tensor<3x50xi8> -> tensor<50x3xi8>
  func.return %y : tensor<50x3xi8>
}

// Rows that are far apart are fetched before they are read, others not.
// WIDE-NOT:      memref.prefetch
// WIDE:          func.func private @shuffle_3
// WIDE-COUNT-16: memref.prefetch"(%x,
// WIDE-NOT:      memref.prefetch
func.func @far_rows(%x: tensor<16x512xf32>) -> tensor<512x16xf32> {
  %y = trt.shuffle %x first_transpose = [1, 0] : tensor<16x512xf32> -> tensor<512x16xf32>
  func.return %y : tensor<512x16xf32>
}
