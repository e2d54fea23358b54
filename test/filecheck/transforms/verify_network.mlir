// RUN: fuse-opt %s --verify-network --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @well_formed
// CHECK: trt.fused "pointwise"
func.func @well_formed(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {trt.ledger = [#trt.ledger_entry<["c"] by "fuse-relu-relu" heir ["b"]>]} {
  %k = trt.constant dense<1.0> : tensor<1xf32> layers ["k"]
  %l = trt.constant dense<1.0> : tensor<1xf32> layers ["k"]
  %g, %h = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<4xf32>):
    %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.activation relu %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
    trt.yield %a, %b : tensor<4xf32>, tensor<4xf32>
  }
  func.return %g, %h : tensor<4xf32>, tensor<4xf32>
}

// A declaration is no network.
// CHECK: func.func private @declared
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>

// -----

// expected-error@+1 {{network 'layer_twice' is broken: layer 'a' is in a and in a}}
module {
  func.func @layer_twice(%x: tensor<4xf32>) -> tensor<4xf32> {
    %a = trt.unary exp %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    %b = trt.unary abs %a layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    func.return %b : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{layer 'a' is in a + b and in fusedPointwiseNode(a)}}
module {
  func.func @layer_in_a_node_and_in_a_group(%x: tensor<4xf32>) -> tensor<4xf32> {
    %a = trt.unary exp %x layers ["a", "b"] : tensor<4xf32> -> tensor<4xf32>
    %g = trt.fused "pointwise"(%a) layers ["a"] : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%x0: tensor<4xf32>):
      %b = trt.unary abs %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
      trt.yield %b : tensor<4xf32>
    }
    func.return %g : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{layer 'a' is in fusedPointwiseNode(a) and in fusedPointwiseNode(a)}}
module {
  func.func @layer_twice_in_a_group(%x: tensor<4xf32>) -> tensor<4xf32> {
    %g = trt.fused "pointwise"(%x) layers ["a"] : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%x0: tensor<4xf32>):
      %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
      %b = trt.unary abs %a layers ["a"] : tensor<4xf32> -> tensor<4xf32>
      trt.yield %b : tensor<4xf32>
    }
    func.return %g : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{layer 'a' is in a and in ledger: erase-dead-layers}}
module {
  func.func @layer_in_a_node_and_in_the_ledger(%x: tensor<4xf32>) -> tensor<4xf32> attributes {trt.ledger = [#trt.ledger_entry<["a"] by "erase-dead-layers" heir []>]} {
    %a = trt.unary exp %x layers ["a"] : tensor<4xf32> -> tensor<4xf32>
    func.return %a : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{layer 'a' is in ledger: erase-dead-layers and in ledger: fold-constants}}
module {
  func.func @layer_twice_in_the_ledger(%x: tensor<4xf32>) -> tensor<4xf32> attributes {trt.ledger = [#trt.ledger_entry<["a"] by "erase-dead-layers" heir []>, #trt.ledger_entry<["a"] by "fold-constants" heir []>]} {
    func.return %x : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{'fusedPointwiseNode(a, b)' has a result that nothing uses}}
module {
  func.func @unused_result(%x: tensor<4xf32>) -> tensor<4xf32> {
    %g, %h = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    ^bb0(%x0: tensor<4xf32>):
      %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
      %b = trt.activation relu %a layers ["b"] : tensor<4xf32> -> tensor<4xf32>
      trt.yield %a, %b : tensor<4xf32>, tensor<4xf32>
    }
    func.return %g : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{'fusedPointwiseNode(a, b)' computes 'b' for nothing}}
module {
  func.func @layer_for_nothing(%x: tensor<4xf32>) -> tensor<4xf32> {
    %g = trt.fused "pointwise"(%x) layers ["a", "b"] : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%x0: tensor<4xf32>):
      %a = trt.unary exp %x0 layers ["a"] : tensor<4xf32> -> tensor<4xf32>
      %b = trt.activation relu %x0 layers ["b"] : tensor<4xf32> -> tensor<4xf32>
      trt.yield %a : tensor<4xf32>
    }
    func.return %g : tensor<4xf32>
  }
}

// -----

// expected-error@+1 {{network 'no_layer' is broken: arith.addf is no layer}}
module {
  func.func @no_layer(%x: f32) -> f32 {
    %y = arith.addf %x, %x : f32
    func.return %y : f32
  }
}

// -----

// expected-error@+1 {{a network has one block, 'two_blocks' has 2}}
module {
  func.func @two_blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
    cf.br ^bb1(%x : tensor<4xf32>)
  ^bb1(%y : tensor<4xf32>):
    func.return %y : tensor<4xf32>
  }
}
