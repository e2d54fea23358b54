// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @element_types(%a: tensor<2x3xf32>, %b: tensor<3x4xf16>) {
  // expected-error@+1 {{operands must have the same element type: f32 and f16}}
  %y = trt.matrix_multiply %a, %b : (tensor<2x3xf32>, tensor<3x4xf16>) -> tensor<2x4xf32>
  func.return
}

// -----

func.func @integers(%a: tensor<2x3xi8>, %b: tensor<3x4xi8>) {
  // expected-error@+1 {{matrix_multiply does not take i8}}
  %y = trt.matrix_multiply %a, %b : (tensor<2x3xi8>, tensor<3x4xi8>) -> tensor<2x4xi8>
  func.return
}

// -----

func.func @contracted_dimensions(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>) {
  // expected-error@+1 {{contracted dimensions are 3 and 4}}
  %y = trt.matrix_multiply %a, %b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  func.return
}

// -----

func.func @contracted_dimensions_after_transposing(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+1 {{contracted dimensions are 2 and 3}}
  %y = trt.matrix_multiply %a, %b op0 = transpose : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  func.return
}

// -----

func.func @contracted_vector(%a: tensor<3xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{contracted dimensions are 3 and 4}}
  %y = trt.matrix_multiply %a, %b op0 = vector op1 = vector : (tensor<3xf32>, tensor<4xf32>) -> tensor<f32>
  func.return
}

// -----

func.func @first_operand_is_no_matrix(%a: tensor<3xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+1 {{first operand has rank 1, needs at least 2}}
  %y = trt.matrix_multiply %a, %b : (tensor<3xf32>, tensor<3x4xf32>) -> tensor<4xf32>
  func.return
}

// -----

func.func @second_operand_is_no_vector(%a: tensor<2x3xf32>, %b: tensor<f32>) {
  // expected-error@+1 {{second operand has rank 0, needs at least 1}}
  %y = trt.matrix_multiply %a, %b op1 = vector : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  func.return
}

// -----

func.func @batch_ranks(%a: tensor<5x2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+1 {{operands have ranks 1 and 0, which must be equal}}
  %y = trt.matrix_multiply %a, %b : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<5x2x4xf32>
  func.return
}

// -----

func.func @batch_dimensions(%a: tensor<5x2x3xf32>, %b: tensor<6x3x4xf32>) {
  // expected-error@+1 {{dimension 0 is 5 and 6, which must be equal or one}}
  %y = trt.matrix_multiply %a, %b : (tensor<5x2x3xf32>, tensor<6x3x4xf32>) -> tensor<5x2x4xf32>
  func.return
}

// -----

func.func @result(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error@+1 {{result is tensor<4x2xf32>, inferred is tensor<2x4xf32>}}
  %y = trt.matrix_multiply %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<4x2xf32>
  func.return
}
