// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// What is in the padding is passed over: a maximum is not of zeros.
// PTX:           .visible .entry pool_0(
// CHECK:         %[[LEAST:.*]] = arith.constant 0xff800000 : f32
// CHECK:         scf.for {{.*}} iter_args({{.*}} = %[[LEAST]]) -> (f32)
// CHECK:         scf.for {{.*}} iter_args(%[[SO_FAR:.*]] = {{.*}}) -> (f32)
// CHECK:         %[[X:.*]] = scf.if {{.*}} -> (f32) {
// CHECK:           memref.load {{.*}} : memref<1x3x9x9xf16>
// CHECK:         } else {
// CHECK-NEXT:      scf.yield %[[LEAST]]
// CHECK:         %[[NEXT:.*]] = arith.maximumf %[[SO_FAR]], %[[X]] : f32
// CHECK-NEXT:    scf.yield %[[NEXT]]
// CHECK:         sym_name = "pool_0"
// CHECK:       func.func @a_maximum_passes_over_the_padding
func.func @a_maximum_passes_over_the_padding(%x: tensor<1x3x9x9xf16>) -> tensor<1x3x5x5xf16> {
  %y = trt.pooling max %x window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] layers ["pool"] : tensor<1x3x9x9xf16> -> tensor<1x3x5x5xf16>
  func.return %y : tensor<1x3x5x5xf16>
}

// -----

// CHECK:         arith.addf {{.*}} : f32
// CHECK-NOT:     arith.maxsi
// CHECK:         %[[NINE:.*]] = arith.constant 9.000000e+00 : f32
// CHECK-NEXT:    arith.divf {{.*}}, %[[NINE]] : f32
// CHECK:       func.func @an_average_of_windows_alike
func.func @an_average_of_windows_alike(%x: tensor<1x3x9x9xf16>) -> tensor<1x3x5x5xf16> {
  %y = trt.pooling average %x window = [3, 3] stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] average_count_excludes_padding = false layers ["pool"] : tensor<1x3x9x9xf16> -> tensor<1x3x5x5xf16>
  func.return %y : tensor<1x3x5x5xf16>
}

// -----

// Along the axis without padding the count is known.
// CHECK:         %[[TWO:.*]] = arith.constant 2 : index
// CHECK:         arith.addf {{.*}} : f32
// CHECK:         %[[END:.*]] = arith.minsi
// CHECK-NEXT:    %[[COUNT:.*]] = arith.subi %[[END]], {{.*}}
// CHECK:         %[[INSIDE:.*]] = arith.maxsi %[[COUNT]],
// CHECK-NEXT:    %[[ALL:.*]] = arith.muli %[[INSIDE]], %[[TWO]]
// CHECK-NEXT:    arith.index_cast %[[ALL]]
// CHECK:       func.func @an_average_counts_what_is_inside
func.func @an_average_counts_what_is_inside(%x: tensor<1x3x9x8xf32>) -> tensor<1x3x9x7xf32> {
  %y = trt.pooling average %x window = [3, 2] pre_padding = [1, 0] post_padding = [1, 0] layers ["pool"] : tensor<1x3x9x8xf32> -> tensor<1x3x9x7xf32>
  func.return %y : tensor<1x3x9x7xf32>
}

// -----

// What is rounded to an integer is summed in f64.
// CHECK:         scf.for {{.*}} -> (f64)
// CHECK:         %[[Q:.*]] = memref.load
// CHECK-NEXT:    %[[FLOAT:.*]] = arith.sitofp %[[Q]] : i8 to f32
// CHECK:         %[[X:.*]] = arith.mulf %[[FLOAT]], {{.*}} : f32
// CHECK:         %[[WIDE:.*]] = arith.extf %[[X]] : f32 to f64
// CHECK-NEXT:    arith.addf {{.*}}, %[[WIDE]] : f64
// CHECK:         %[[AVERAGE:.*]] = arith.divf {{.*}} : f64
// CHECK-NEXT:    %[[Y:.*]] = arith.truncf %[[AVERAGE]] : f64 to f32
// CHECK-NEXT:    %[[LEVEL:.*]] = arith.divf %[[Y]], {{.*}} : f32
// CHECK-NEXT:    math.roundeven %[[LEVEL]]
// CHECK:       func.func @an_average_between_integers
func.func @an_average_between_integers(%x: tensor<1x3x8x8xi8>) -> tensor<1x3x4x4xi8> {
  %y = trt.fused "dequantize_pool_quantize"(%x) layers ["dq", "pool", "q"] : (tensor<1x3x8x8xi8>) -> tensor<1x3x4x4xi8> {
  ^bb0(%x0: tensor<1x3x8x8xi8>):
    %s = trt.constant dense<0.1> : tensor<f32>
    %d = trt.dequantize %x0, %s layers ["dq"] : (tensor<1x3x8x8xi8>, tensor<f32>) -> tensor<1x3x8x8xf32>
    %p = trt.pooling average %d window = [2, 2] stride = [2, 2] layers ["pool"] : tensor<1x3x8x8xf32> -> tensor<1x3x4x4xf32>
    %q = trt.quantize %p, %s layers ["q"] : (tensor<1x3x4x4xf32>, tensor<f32>) -> tensor<1x3x4x4xi8>
    trt.yield %q : tensor<1x3x4x4xi8>
  }
  func.return %y : tensor<1x3x4x4xi8>
}

// -----

// CHECK:         scf.for {{.*}} iter_args(%[[SO_FAR:.*]] = {{.*}}) -> (f32)
// CHECK:         %[[X:.*]] = scf.if
// CHECK:         math.fma %[[X]], %[[X]], %[[SO_FAR]]
// CHECK:         math.powf
// CHECK:         arith.divf
// CHECK:         sym_name = "lrn_0"
// CHECK:       func.func @a_response_among_channels
func.func @a_response_among_channels(%x: tensor<2x7x3xf32>) -> tensor<2x7x3xf32> {
  %y = trt.lrn %x window = 5 alpha = 1.0 beta = 0.75 k = 2.0 layers ["lrn"] : tensor<2x7x3xf32> -> tensor<2x7x3xf32>
  func.return %y : tensor<2x7x3xf32>
}
