// RUN: fuse-opt %s --convert-to-llvm --split-input-file --verify-diagnostics

"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (f64) -> f64}> ({
  ^bb0(%x: f64):
    // expected-error @+1 {{math.exp: wanted a scalar of f32, f16 or bf16, found f64}}
    %r = math.exp %x : f64
    "gpu.return"(%r) : (f64) -> ()
  }) {sym_name = "k"} : () -> ()
}) : () -> ()

// -----

"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (f32) -> f32}> ({
  ^bb0(%x: f32):
    // expected-error @+1 {{kernel `k`: no conversion of gpu.all_reduce on (f32) to the llvm dialect}}
    %r = "gpu.all_reduce"(%x) <{op = #gpu<all_reduce_op add>}> ({}) : (f32) -> f32
    "gpu.return"(%r) : (f32) -> ()
  }) {sym_name = "k"} : () -> ()
}) : () -> ()
