// RUN: fuse-opt %s --split-input-file --verify-diagnostics

func.func @kind_is_derived(%x: tensor<4xf32>) {
  // expected-error@+1 {{kind is 'conv_relu', the body is 'pointwise'}}
  %y = trt.fused "conv_relu" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @layers_are_those_of_the_body(%x: tensor<4xf32>) {
  // expected-error@+1 {{layers are ['relu2'], the body has ['relu1']}}
  %y = trt.fused "pointwise" (%x) layers ["relu2"] : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 layers ["relu1"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @layers_are_missing(%x: tensor<4xf32>) {
  // expected-error@+1 {{layers are [], the body has ['relu1']}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 layers ["relu1"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @arguments_are_inputs(%x: tensor<4xf32>) {
  // expected-error@+1 {{block arguments and inputs must have equal types}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<?xf32>):
    %r = trt.activation relu %x0 : tensor<?xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @an_argument_for_each_input(%x: tensor<4xf32>) {
  // expected-error@+1 {{block arguments and inputs must have equal types}}
  %y = trt.fused "pointwise" (%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @results_are_yielded(%x: tensor<4xf32>) {
  // expected-error@+1 {{yielded values and results must have equal types}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<?xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @nothing_is_yielded(%x: tensor<4xf32>) {
  // expected-error@+1 {{a group yields at least one value}}
  trt.fused "pointwise" (%x) : (tensor<4xf32>) -> () {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield
  }
  func.return
}

// -----

func.func @yielded_twice(%x: tensor<4xf32>) {
  // expected-error@+1 {{a value is yielded twice}}
  %y, %z = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r, %r : tensor<4xf32>, tensor<4xf32>
  }
  func.return
}

// -----

func.func @an_input_is_yielded(%x: tensor<4xf32>) {
  // expected-error@+1 {{an input is yielded unchanged}}
  %y, %z = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r, %x0 : tensor<4xf32>, tensor<4xf32>
  }
  func.return
}

// -----

func.func @no_terminator(%x: tensor<4xf32>) {
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    // expected-error@+1 {{operation trt.activation terminates block in single-block region but is not a terminator}}
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
  }
  func.return
}

// -----

func.func @other_terminator(%x: tensor<4xf32>) {
  // expected-error@+1 {{the body must end in trt.yield}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    "test.termop"() : () -> ()
  }
  func.return
}

// -----

func.func @holds_layers_only(%x: tensor<4xf32>) {
  // expected-error@+1 {{a group holds layers only, found arith.constant}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.activation relu %x0 : tensor<4xf32> -> tensor<4xf32>
    %c = arith.constant 1 : i32
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @no_group_in_a_group(%x: tensor<4xf32>) {
  // expected-error@+1 {{a group holds layers only, found trt.fused}}
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    %r = trt.fused "pointwise" (%x0) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%x1: tensor<4xf32>):
      %s = trt.activation relu %x1 : tensor<4xf32> -> tensor<4xf32>
      trt.yield %s : tensor<4xf32>
    }
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @isolated_from_above(%x: tensor<4xf32>) {
  %y = trt.fused "pointwise" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%x0: tensor<4xf32>):
    // expected-error@+1 {{value '%x' is defined outside 'trt.fused', which is isolated from above}}
    %r = trt.activation relu %x : tensor<4xf32> -> tensor<4xf32>
    trt.yield %r : tensor<4xf32>
  }
  func.return
}

// -----

func.func @yield_outside_of_a_group(%x: tensor<4xf32>) {
  // expected-error@+1 {{'trt.yield' expects parent op 'trt.fused'}}
  trt.yield %x : tensor<4xf32>
}
