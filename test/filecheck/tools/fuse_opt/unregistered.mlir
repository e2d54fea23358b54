// RUN: fuse-opt %s --allow-unregistered-dialect | FileCheck %s
// RUN: not fuse-opt %s 2>&1 | FileCheck %s --check-prefix=REFUSED
// RUN: not fuse-opt %s --allow-unregistered-dialect --no-implicit-module 2>&1 | FileCheck %s --check-prefix=MODULE

// CHECK: %{{.*}} = "nowhere.op"() : () -> i32
// REFUSED: unregistered.mlir:8:7: error: unknown dialect 'nowhere' of operation 'nowhere.op'
// MODULE: error: builtin.module operation expected
%x = "nowhere.op"() : () -> i32
