// RUN: fuse-opt %s --cse --dce --dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=CSE-FIRST
// RUN: fuse-opt %s --dce --cse --dump-pass-pipeline 2>&1 | FileCheck %s --check-prefix=DCE-FIRST

// CSE-FIRST: builtin.module(cse,dce)
// DCE-FIRST: builtin.module(dce,cse)
func.func @empty() {
  func.return
}
