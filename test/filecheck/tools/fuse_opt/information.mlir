// RUN: fuse-opt --help | FileCheck %s --check-prefix=HELP
// RUN: fuse-opt --list-passes | FileCheck %s --check-prefix=PASSES
// RUN: fuse-opt --show-dialects | FileCheck %s --check-prefix=DIALECTS
// RUN: fuse-opt --version | FileCheck %s --check-prefix=VERSION

// HELP: usage: fuse-opt
// HELP: General:
// HELP: -o, --output-file=<file>
// HELP: Printing:
// HELP: --mlir-print-ir-after-all
// HELP: Passes of fusemlir:
// HELP: --convert-to-llvm {{.*[a-z]}}
// HELP: Passes of xDSL
// HELP: cse

// PASSES: convert-to-llvm {{.*[a-z]}}
// PASSES: arith-add-fastmath {{.*}}[flags=<one of fast, none or a comma-separated list

// DIALECTS: arith
// DIALECTS: llvm
// DIALECTS: nvvm
// DIALECTS: trt

// VERSION: fuse-opt {{[0-9]+\.[0-9]+}}{{.*}}xDSL {{[0-9]+\.[0-9]+}}
