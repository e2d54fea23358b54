// RUN: fuse-opt %s --convert-trt-to-gpu --split-input-file --verify-diagnostics

func.func @all_layers_without_a_kernel_are_named(%x: tensor<2x8xf32>, %w: tensor<8x4xf32>) -> tensor<2x4xf32> {
  // expected-error@+1 {{no kernel yet for matmul_softmax (layers 'scores', 'probabilities'): there are kernels for pointwise layers, casts and quantization; for a convolution, deconvolution or matrix multiply of inputs, a pooling or an lrn, with pointwise layers after it; for a convolution with a pooling on its result; for an int8 convolution of what a depthwise one is rounded to; for a softmax along the rows of a matrix product, and a product of that; for a reduction, softmax or normalization with pointwise layers around it; and for a shuffle, slice, padding, resize, concatenation or top-k, of a softmax too}}
  %s = trt.fused "matmul_softmax"(%x, %w) layers ["scores", "probabilities"] : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%x0: tensor<2x8xf32>, %w0: tensor<8x4xf32>):
    %m = trt.matrix_multiply %x0, %w0 layers ["scores"] : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
    %p = trt.softmax %m axis = 0 layers ["probabilities"] : tensor<2x4xf32> -> tensor<2x4xf32>
    trt.yield %p : tensor<2x4xf32>
  }
  %r = trt.activation relu %s layers ["relu"] : tensor<2x4xf32> -> tensor<2x4xf32>
  // expected-error@+1 {{no kernel yet for softmax_sum_softmax (layers 'first', 'add', 'second')}}
  %y = trt.fused "softmax_sum_softmax"(%r) layers ["first", "add", "second"] : (tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%r0: tensor<2x4xf32>):
    %a = trt.softmax %r0 axis = 1 layers ["first"] : tensor<2x4xf32> -> tensor<2x4xf32>
    %b = trt.element_wise sum %a, %a layers ["add"] : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    %c = trt.softmax %b axis = 1 layers ["second"] : tensor<2x4xf32> -> tensor<2x4xf32>
    trt.yield %c : tensor<2x4xf32>
  }
  func.return %y : tensor<2x4xf32>
}

// -----

func.func @a_group_with_a_layer_before_its_anchor(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  // expected-error@+1 {{no kernel yet for relu_conv (layers 'relu', 'conv')}}
  %y = trt.fused "relu_conv"(%x, %w) layers ["relu", "conv"] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  ^bb0(%x0: tensor<1x3x8x8xf32>, %w0: tensor<4x3x3x3xf32>):
    %r = trt.activation relu %x0 layers ["relu"] : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
    %c = trt.convolution %r, %w0 layers ["conv"] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
    trt.yield %c : tensor<1x4x6x6xf32>
  }
  func.return %y : tensor<1x4x6x6xf32>
}

// -----

func.func @a_group_of_two_convolutions(%x: tensor<1x3x8x8xf32>, %w: tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32> {
  // expected-error@+1 {{no kernel yet for conv (layers 'first', 'second')}}
  %y = trt.fused "conv"(%x, %w) layers ["first", "second"] : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32> {
  ^bb0(%x0: tensor<1x3x8x8xf32>, %w0: tensor<3x3x1x1xf32>):
    %a = trt.convolution %x0, %w0 layers ["first"] : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32>
    %b = trt.convolution %a, %w0 layers ["second"] : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32>
    trt.yield %b : tensor<1x3x8x8xf32>
  }
  func.return %y : tensor<1x3x8x8xf32>
}

// -----

func.func @a_group_with_results_of_two_shapes(%x: tensor<1x3xf32>, %b: tensor<2x3xf32>) -> (tensor<1x3xf32>, tensor<2x3xf32>) {
  // expected-error@+1 {{no kernel yet for pointwise (layers 'relu', 'add')}}
  %y:2 = trt.fused "pointwise"(%x, %b) layers ["relu", "add"] : (tensor<1x3xf32>, tensor<2x3xf32>) -> (tensor<1x3xf32>, tensor<2x3xf32>) {
  ^bb0(%x0: tensor<1x3xf32>, %b0: tensor<2x3xf32>):
    %r = trt.activation relu %x0 layers ["relu"] : tensor<1x3xf32> -> tensor<1x3xf32>
    %s = trt.element_wise sum %r, %b0 layers ["add"] : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    trt.yield %r, %s : tensor<1x3xf32>, tensor<2x3xf32>
  }
  func.return %y#0, %y#1 : tensor<1x3xf32>, tensor<2x3xf32>
}

// -----

func.func @an_unknown_dimension(%x: tensor<?x3x?xf32> {trt.name = "input"}, %b: tensor<1x3x1xf32>) -> tensor<?x3x?xf32> {
  // expected-error@+1 {{kernels need static shapes, 'relu' has tensor<?x3x?xf32>; import the model with sizes, as in --shape input=1x3x1, or write them into the types}}
  %r = trt.activation relu %x layers ["relu"] : tensor<?x3x?xf32> -> tensor<?x3x?xf32>
  %y = trt.element_wise sum %r, %b layers ["add"] : (tensor<?x3x?xf32>, tensor<1x3x1xf32>) -> tensor<?x3x?xf32>
  func.return %y : tensor<?x3x?xf32>
}

// -----

func.func @a_group_that_holds_an_array(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{no kernel yet for pointwise (layer 'add')}}
  %y = trt.fused "pointwise"(%x) layers ["add"] : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%x0: tensor<2xf32>):
    %k = trt.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %s = trt.element_wise sum %x0, %k layers ["add"] : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    trt.yield %s : tensor<2xf32>
  }
  func.return %y : tensor<2xf32>
}

// -----

func.func @bytes_without_sign(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error@+1 {{constants of ui8 have no buffers yet}}
  %k = trt.constant dense<[1, 255]> : tensor<2xui8>
  %c = trt.cast %k layers ["cast"] : tensor<2xui8> -> tensor<2xf32>
  func.return %c : tensor<2xf32>
}

// -----

func.func @another_dialect_among_the_layers(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{expected layers of the trt dialect only, found tensor.empty}}
  %e = tensor.empty() : tensor<4xf32>
  %y = trt.element_wise sum %x, %e layers ["add"] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// expected-error@+1 {{the module has kernels already; lower all networks at once or rename this 'kernels'}}
"gpu.module"() <{sym_name = "kernels"}> ({
^bb0:
}) : () -> ()
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = trt.unary neg %x layers ["negate"] : tensor<4xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

func.func @integers_are_not_convolved_as_floats(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  // expected-error@+1 {{no kernel yet for dequantize_conv (layers 'dq', 'conv')}}
  %y = trt.fused "dequantize_conv"(%x, %w) layers ["dq", "conv"] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  ^bb0(%x0: tensor<1x3x8x8xi8>, %w0: tensor<4x3x3x3xf32>):
    %s = trt.constant dense<0.5> : tensor<f32>
    %d = trt.dequantize %x0, %s layers ["dq"] : (tensor<1x3x8x8xi8>, tensor<f32>) -> tensor<1x3x8x8xf32>
    %c = trt.convolution %d, %w0 layers ["conv"] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
    trt.yield %c : tensor<1x4x6x6xf32>
  }
  func.return %y : tensor<1x4x6x6xf32>
}

// -----

func.func @a_pooling_whose_result_is_spread(%x: tensor<1x3x2x2xf32>, %r: tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32> {
  // expected-error@+1 {{no kernel yet for pool_prod (layers 'pool', 'mul')}}
  %y = trt.fused "pool_prod"(%x, %r) layers ["pool", "mul"] : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32> {
  ^bb0(%x0: tensor<1x3x2x2xf32>, %r0: tensor<1x3x2x2xf32>):
    %p = trt.pooling average %x0 window = [2, 2] layers ["pool"] : tensor<1x3x2x2xf32> -> tensor<1x3x1x1xf32>
    %m = trt.element_wise prod %p, %r0 layers ["mul"] : (tensor<1x3x1x1xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x2xf32>
    trt.yield %m : tensor<1x3x2x2xf32>
  }
  func.return %y : tensor<1x3x2x2xf32>
}

// -----

func.func @a_movement_in_a_group(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error@+1 {{no kernel yet for shuffle_relu (layers 'transpose', 'relu')}}
  %y = trt.fused "shuffle_relu"(%x) layers ["transpose", "relu"] : (tensor<2x3xf32>) -> tensor<3x2xf32> {
  ^bb0(%x0: tensor<2x3xf32>):
    %t = trt.shuffle %x0 first_transpose = [1, 0] layers ["transpose"] : tensor<2x3xf32> -> tensor<3x2xf32>
    %r = trt.activation relu %t layers ["relu"] : tensor<3x2xf32> -> tensor<3x2xf32>
    trt.yield %r : tensor<3x2xf32>
  }
  func.return %y : tensor<3x2xf32>
}
