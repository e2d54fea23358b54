// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK-LABEL: @dense_of_each_element_type
// CHECK: trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xf32>
// CHECK: trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xf16>
// CHECK: trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xbf16>
// CHECK: trt.constant dense<[1, -128]> : tensor<2xi8>
// CHECK: trt.constant dense<[1, -2147483648]> : tensor<2xi32>
// CHECK: trt.constant dense<[1, -9223372036854775808]> : tensor<2xi64>
// CHECK: trt.constant dense<[true, false]> : tensor<2xi1>
// CHECK: trt.constant dense<[1, 255]> : tensor<2xui8>
func.func @dense_of_each_element_type() {
  %c0 = trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xf32>
  %c1 = trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xf16>
  %c2 = trt.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xbf16>
  %c3 = trt.constant dense<[1, -128]> : tensor<2xi8>
  %c4 = trt.constant dense<[1, -2147483648]> : tensor<2xi32>
  %c5 = trt.constant dense<[1, -9223372036854775808]> : tensor<2xi64>
  %c6 = trt.constant dense<[true, false]> : tensor<2xi1>
  %c7 = trt.constant dense<[1, 255]> : tensor<2xui8>
  func.return
}

// CHECK-LABEL: @dense_of_each_shape
// CHECK: trt.constant dense<1.000000e+00> : tensor<f32>
// CHECK: trt.constant dense<1.000000e+00> : tensor<1xf32>
// CHECK: trt.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
// CHECK: trt.constant dense<7> : tensor<2x2x2xi32>
// CHECK: trt.constant dense<> : tensor<0x3xf32>
func.func @dense_of_each_shape() {
  %s = trt.constant dense<1.000000e+00> : tensor<f32>
  %o = trt.constant dense<1.000000e+00> : tensor<1xf32>
  %m = trt.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %p = trt.constant dense<7> : tensor<2x2x2xi32>
  %e = trt.constant dense<> : tensor<0x3xf32>
  func.return
}

// CHECK-LABEL: @layers
// CHECK: trt.constant dense<1.000000e+00> : tensor<f32> layers ["one", "uno"] {note = 1 : i64}
func.func @layers() {
  %y = trt.constant dense<1.000000e+00> : tensor<f32> layers ["one", "uno"] {note = 1 : i64}
  func.return
}

// CHECK-LABEL: @not_numbers_go_as_bits
// CHECK: trt.constant dense<"0x0000807F"> : tensor<f32>
// CHECK: trt.constant dense<"0x0000803F000080FF"> : tensor<2xf32>
// CHECK: trt.constant dense<"0x4523C1FF"> : tensor<1xf32>
// CHECK: trt.constant dense<"0x007C"> : tensor<f16>
// CHECK: trt.constant dense<"0x23FD"> : tensor<f16>
// CHECK: trt.constant dense<"0x80FF"> : tensor<bf16>
// CHECK: trt.constant dense<"0xA3FF"> : tensor<1xbf16>
func.func @not_numbers_go_as_bits() {
  %i = trt.constant dense<"0x0000807F"> : tensor<f32>
  %j = trt.constant dense<"0x0000803F000080FF"> : tensor<2xf32>
  %n = trt.constant dense<"0x4523C1FF"> : tensor<1xf32>
  %h = trt.constant dense<"0x007C"> : tensor<f16>
  %g = trt.constant dense<"0x23FD"> : tensor<f16>
  %b = trt.constant dense<"0x80FF"> : tensor<bf16>
  %d = trt.constant dense<"0xA3FF"> : tensor<1xbf16>
  func.return
}

// CHECK-LABEL: @zeros_of_both_signs_stay_apart
// CHECK: trt.constant dense<"0x0000000000000080"> : tensor<2xf32>
// CHECK: trt.constant dense<-0.000000e+00> : tensor<2xf32>
func.func @zeros_of_both_signs_stay_apart() {
  %y = trt.constant dense<"0x0000000000000080"> : tensor<2xf32>
  %z = trt.constant dense<-0.000000e+00> : tensor<2xf32>
  func.return
}

// CHECK-LABEL: @large_integers_in_floats
// CHECK: trt.constant dense<"0x0000804B"> : tensor<1xf32>
func.func @large_integers_in_floats() {
  %y = trt.constant dense<"0x0000804B"> : tensor<1xf32>
  func.return
}

// CHECK-LABEL: @named_weights
// CHECK: trt.constant #trt.weight<"conv1.w" : tensor<64x3x7x7xf32>> layers ["conv1.w"]
// CHECK: trt.constant #trt.weight<"/a/\22b\22.1\\c" : tensor<4xi8>>
// CHECK: trt.constant #trt.weight<"scalar" : tensor<bf16>>
// CHECK: trt.constant #trt.weight<"empty" : tensor<0x2xi1>>
// CHECK: trt.constant #trt.weight<"" : tensor<4xf32>>
func.func @named_weights() {
  %w = trt.constant #trt.weight<"conv1.w" : tensor<64x3x7x7xf32>> layers ["conv1.w"]
  %v = trt.constant #trt.weight<"/a/\22b\22.1\\c" : tensor<4xi8>>
  %s = trt.constant #trt.weight<"scalar" : tensor<bf16>>
  %e = trt.constant #trt.weight<"empty" : tensor<0x2xi1>>
  %n = trt.constant #trt.weight<"" : tensor<4xf32>>
  func.return
}

// CHECK-LABEL: @recipes
// CHECK: trt.constant #trt.weight<fill(dense<1.000000e+00> : tensor<1xf32>) : tensor<100xf32>>
// CHECK: trt.constant #trt.weight<cast("a" : tensor<2x3xf32>) : tensor<2x3xf16>>
// CHECK: trt.constant #trt.weight<reshape("a" : tensor<2x3xf32>) : tensor<6xf32>>
// CHECK: trt.constant #trt.weight<transpose("a" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>>
// CHECK: trt.constant #trt.weight<slice("a" : tensor<2x3xf32>, [0, 2], [2, 1], [1, -1]) : tensor<2x1xf32>>
// CHECK: trt.constant #trt.weight<concatenation("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>, 1) : tensor<2x9xf32>>
// CHECK: trt.constant #trt.weight<sum("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<prod("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<sub("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<div("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<max("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<min("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<pow("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<neg("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<abs("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<sqrt("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<recip("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<exp("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<log("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<scale_outputs("a" : tensor<2x3xf32>, "v" : tensor<2xf32>) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<scale_deconvolution_outputs("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, 2) : tensor<2x3xf32>>
// CHECK: trt.constant #trt.weight<scale_bias("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xf32>>
// CHECK: trt.constant #trt.weight<batch_norm_scale("v" : tensor<2xf32>, "v" : tensor<2xf32>, 1.0e-05) : tensor<2xf32>>
// CHECK: trt.constant #trt.weight<batch_norm_shift("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>, 0.001) : tensor<2xf32>>
// CHECK: trt.constant #trt.weight<quantize("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, 0) : tensor<2x3xi8>>
// CHECK: trt.constant #trt.weight<quantize("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, -1) : tensor<2x3xi8>>
// CHECK: trt.constant #trt.weight<rescale("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xf32>>
// CHECK: trt.constant #trt.weight<nearest_quotient("v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xi32>>
// CHECK: trt.constant #trt.weight<reduce_sum("a" : tensor<2x3xf32>, [1]) : tensor<2xf32>>
func.func @recipes() {
  %r0 = trt.constant #trt.weight<fill(dense<1.000000e+00> : tensor<1xf32>) : tensor<100xf32>>
  %r1 = trt.constant #trt.weight<cast("a" : tensor<2x3xf32>) : tensor<2x3xf16>>
  %r2 = trt.constant #trt.weight<reshape("a" : tensor<2x3xf32>) : tensor<6xf32>>
  %r3 = trt.constant #trt.weight<transpose("a" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>>
  %r4 = trt.constant #trt.weight<slice("a" : tensor<2x3xf32>, [0, 2], [2, 1], [1, -1]) : tensor<2x1xf32>>
  %r5 = trt.constant #trt.weight<concatenation("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>, 1) : tensor<2x9xf32>>
  %r6 = trt.constant #trt.weight<sum("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r7 = trt.constant #trt.weight<prod("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r8 = trt.constant #trt.weight<sub("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r9 = trt.constant #trt.weight<div("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r10 = trt.constant #trt.weight<max("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r11 = trt.constant #trt.weight<min("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r12 = trt.constant #trt.weight<pow("a" : tensor<2x3xf32>, "a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r13 = trt.constant #trt.weight<neg("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r14 = trt.constant #trt.weight<abs("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r15 = trt.constant #trt.weight<sqrt("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r16 = trt.constant #trt.weight<recip("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r17 = trt.constant #trt.weight<exp("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r18 = trt.constant #trt.weight<log("a" : tensor<2x3xf32>) : tensor<2x3xf32>>
  %r19 = trt.constant #trt.weight<scale_outputs("a" : tensor<2x3xf32>, "v" : tensor<2xf32>) : tensor<2x3xf32>>
  %r20 = trt.constant #trt.weight<scale_deconvolution_outputs("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, 2) : tensor<2x3xf32>>
  %r21 = trt.constant #trt.weight<scale_bias("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xf32>>
  %r22 = trt.constant #trt.weight<batch_norm_scale("v" : tensor<2xf32>, "v" : tensor<2xf32>, 1.0e-05) : tensor<2xf32>>
  %r23 = trt.constant #trt.weight<batch_norm_shift("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>, 0.001) : tensor<2xf32>>
  %r24 = trt.constant #trt.weight<quantize("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, 0) : tensor<2x3xi8>>
  %r25 = trt.constant #trt.weight<quantize("a" : tensor<2x3xf32>, "v" : tensor<2xf32>, -1) : tensor<2x3xi8>>
  %r26 = trt.constant #trt.weight<rescale("v" : tensor<2xf32>, "v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xf32>>
  %r27 = trt.constant #trt.weight<nearest_quotient("v" : tensor<2xf32>, "v" : tensor<2xf32>) : tensor<2xi32>>
  %r28 = trt.constant #trt.weight<reduce_sum("a" : tensor<2x3xf32>, [1]) : tensor<2xf32>>
  func.return
}

// CHECK-LABEL: @recipes_of_recipes
// CHECK: trt.constant #trt.weight<scale_outputs(transpose("a" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>, recip(cast("v" : tensor<3xf16>) : tensor<3xf32>) : tensor<3xf32>) : tensor<3x2xf32>>
func.func @recipes_of_recipes() {
  %y = trt.constant #trt.weight<scale_outputs(transpose("a" : tensor<2x3xf32>, [1, 0]) : tensor<3x2xf32>, recip(cast("v" : tensor<3xf16>) : tensor<3xf32>) : tensor<3xf32>) : tensor<3x2xf32>>
  func.return
}

// CHECK-LABEL: @recipes_over_dense_bits
// CHECK: trt.constant #trt.weight<sum("v" : tensor<2xf32>, dense<"0x0000807F0000C07F"> : tensor<2xf32>) : tensor<2xf32>>
// CHECK: trt.constant #trt.weight<sum(dense<1.000000e+00> : tensor<1xf32>, dense<"0x0000804B"> : tensor<1xf32>) : tensor<1xf32>>
func.func @recipes_over_dense_bits() {
  %y = trt.constant #trt.weight<sum("v" : tensor<2xf32>, dense<"0x0000807F0000C07F"> : tensor<2xf32>) : tensor<2xf32>>
  %z = trt.constant #trt.weight<sum(dense<1.000000e+00> : tensor<1xf32>, dense<"0x0000804B"> : tensor<1xf32>) : tensor<1xf32>>
  func.return
}
