// RUN: fuse-opt %s --pass-pipeline='builtin.module(arith-add-fastmath{flags=nnan,nsz},func.func(cse),canonicalize)' --dump-pass-pipeline 2>&1 | FileCheck %s
// RUN: fuse-opt %s -p 'any(arith-add-fastmath{flags=nnan,nsz}, cse, canonicalize)' --dump-pass-pipeline 2>&1 | FileCheck %s
// RUN: fuse-opt %s --passes 'arith-add-fastmath{flags=nnan,nsz},cse,canonicalize' --dump-pass-pipeline 2>&1 | FileCheck %s
// RUN: not fuse-opt %s --cse -p 'builtin.module(dce)' 2>&1 | FileCheck %s --check-prefix=MIXED
// RUN: not fuse-opt %s -p 'builtin.module(cse' 2>&1 | FileCheck %s --check-prefix=OPEN
// RUN: not fuse-opt %s -p 'func.funk(cse)' 2>&1 | FileCheck %s --check-prefix=ANCHOR
// RUN: not fuse-opt %s -p 'cse,,dce' 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: not fuse-opt %s -p 'cse,dsce' 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// CHECK: builtin.module(arith-add-fastmath{flags=nnan,nsz},cse,canonicalize)
// CHECK: arith.addf {{.*}} fastmath<nnan,nsz>
// CHECK-NOT: arith.addf

// MIXED: error: pass flags ('--cse') and '--pass-pipeline' cannot be mixed
// OPEN: error: pass pipeline: expected ',' or ')'
// OPEN-NEXT: builtin.module(cse
// ANCHOR: error: pass pipeline: 'func.funk' cannot hold passes, only builtin.module, any and func.func
// EMPTY: error: pass pipeline: expected the name of a pass
// UNKNOWN: error: unknown pass 'dsce'; did you mean 'dce'?
func.func @repeated_sum(%a: f32) -> (f32, f32) {
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %a : f32
  func.return %x, %y : f32, f32
}
