// RUN: fuse-opt %s --convert-to-llvm --split-input-file --verify-diagnostics

"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (f32) -> f32}> ({
  ^bb0(%x: f32):
    // expected-error @+1 {{kernel `k`: no conversion of math.exp on (f32) to the llvm dialect; run expand-math before}}
    %r = math.exp %x : f32
    "gpu.return"(%r) : (f32) -> ()
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
