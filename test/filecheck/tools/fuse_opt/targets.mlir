// RUN: fuse-opt %s -t llvm | FileCheck %s --check-prefix=LLVM
// RUN: fuse-opt %s -t ptx | FileCheck %s --check-prefix=PTX
// RUN: fuse-opt %s --target='ptx{sm=90a ptx-version=83}' | FileCheck %s --check-prefix=SM90
// RUN: fuse-opt %s -t mlir | FileCheck %s --check-prefix=MLIR
// RUN: not fuse-opt %s -t 'ptx{arch=80}' 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not fuse-opt %s -t 'ptx{sm=12}' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not fuse-opt %s -t 'llvm{sm=80}' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not fuse-opt %s -t 'ptx{sm=best}' 2>&1 | FileCheck %s --check-prefix=NUMBER

// LLVM: define {{.*}}void @answer(ptr {{.*}})
// PTX: .target sm_80
// PTX: .entry answer
// SM90: .version 8.3
// SM90: .target sm_90a
// MLIR: gpu.module
// OPTION: error: target 'ptx' has no option 'arch' (it has sm and ptx-version)
// UNKNOWN: error: wanted one of sm_75, {{.*}} found sm_12
// NUMBER: error: option 'sm' of 'ptx' wants 80 or the like, got 'best'
// NONE: error: target 'llvm' takes no options
"gpu.module"() <{sym_name = "kernels"}> ({
  "llvm.func"() <{sym_name = "answer", function_type = !llvm.func<void (!llvm.ptr)>, CConv = #llvm.cconv<ccc>, linkage = #llvm.linkage<"external">, visibility_ = 0 : i64}> ({
  ^bb0(%out: !llvm.ptr):
    %value = "llvm.mlir.constant"() <{value = 42 : i32}> : () -> i32
    "llvm.store"(%value, %out) <{ordering = 0 : i64}> : (i32, !llvm.ptr) -> ()
    "llvm.return"() : () -> ()
  }) {gpu.kernel, nvvm.kernel} : () -> ()
}) : () -> ()
