// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @value_is_no_constant() {
  // expected-error@+1 {{a constant is dense<...> or #trt.weight<...>}}
  %y = trt.constant 1.0 : f32
  func.return
}

// -----

func.func @weight_of_a_scalar_type() {
  // expected-error@+1 {{a weight has a tensor type}}
  %y = trt.constant #trt.weight<"w" : f32>
  func.return
}

// -----

func.func @unknown_shape() {
  // expected-error@+1 {{weight must have a static shape: tensor<?xf32>}}
  %y = trt.constant #trt.weight<"w" : tensor<?xf32>>
  func.return
}

// -----

func.func @unknown_recipe() {
  // expected-error@+1 {{unknown recipe 'relu'}}
  %y = trt.constant #trt.weight<relu("w" : tensor<2xf32>) : tensor<2xf32>>
  func.return
}

// -----

func.func @too_few_weights() {
  // expected-error@+1 {{sum takes 2 weights, found 1}}
  %y = trt.constant #trt.weight<sum("w" : tensor<2xf32>) : tensor<2xf32>>
  func.return
}

// -----

func.func @too_many_weights() {
  // expected-error@+1 {{neg takes 1 weights, found 2}}
  %y = trt.constant #trt.weight<neg("w" : tensor<2xf32>, "w" : tensor<2xf32>) : tensor<2xf32>>
  func.return
}

// -----

func.func @number_of_a_recipe_infinite() {
  // expected-error@+1 {{a number of a recipe is finite, found inf}}
  %y = trt.constant #trt.weight<batch_norm_scale("w" : tensor<2xf32>, "w" : tensor<2xf32>, 1.0e999) : tensor<2xf32>>
  func.return
}

// -----

func.func @number_before_weight() {
  // expected-error@+1 {{weights come before numbers and lists}}
  %y = trt.constant #trt.weight<batch_norm_scale(0.5, "w" : tensor<2xf32>, "w" : tensor<2xf32>) : tensor<2xf32>>
  func.return
}

// -----

func.func @element_type_of_no_network() {
  // expected-error@+1 {{no layer takes or gives f64}}
  %y = trt.constant dense<1.0> : tensor<2xf64>
  func.return
}

// -----

func.func @result() {
  // expected-error@+1 {{result is tensor<3xf32>, inferred is tensor<2xf32>}}
  %y = "trt.constant"() <{value = dense<1.0> : tensor<2xf32>}> : () -> tensor<3xf32>
  func.return
}

// -----

func.func @recipe_without_its_option() {
  // expected-error@+1 {{options of transpose are order, a list; found none}}
  %y = trt.constant #trt.weight<transpose("w" : tensor<2x3xf32>) : tensor<3x2xf32>>
  func.return
}

// -----

func.func @recipe_with_an_option_too_many() {
  // expected-error@+1 {{options of neg are none; found [0]}}
  %y = trt.constant #trt.weight<neg("w" : tensor<2xf32>, [0]) : tensor<2xf32>>
  func.return
}

// -----

func.func @option_of_another_kind() {
  // expected-error@+1 {{options of concatenation are axis, an integer; found 0.5}}
  %y = trt.constant #trt.weight<concatenation("w" : tensor<2xf32>, 0.5) : tensor<2xf32>>
  func.return
}
