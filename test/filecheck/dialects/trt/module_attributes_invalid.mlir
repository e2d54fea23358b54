// RUN: fuse-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{identifier expected for the target}}
builtin.module attributes {trt.target = #trt.target<"sm_80">} {}

// -----

// expected-error@+1 {{expected ','}}
builtin.module attributes {trt.weights = #trt.weight_source<"model.onnx">} {}

// -----

// expected-error@+1 {{expected 'by'}}
builtin.module attributes {trt.ledger = [#trt.ledger_entry<["a"] heir ["b"]>]} {}
