// RUN: not fuse-opt %s --canonicalise 2>&1 | FileCheck %s --check-prefix=FLAG
// RUN: not fuse-opt %s --canon 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not fuse-opt %s --arith-add-fastmath='flag=nsz' 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not fuse-opt %s --cse='top-down=true' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not fuse-opt %s --memref-stream-tile-outer-loops=target-rank=x 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not fuse-opt %s --memref-stream-tile-outer-loops 2>&1 | FileCheck %s --check-prefix=NEEDS
// RUN: not fuse-opt %s --cse flags=nsz 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not fuse-opt %s --split-input-file=perhaps 2>&1 | FileCheck %s --check-prefix=SWITCH
// RUN: not fuse-opt %s --remarks=some 2>&1 | FileCheck %s --check-prefix=REMARKS
// RUN: not fuse-opt %s -t ptxx 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not fuse-opt %s --shape input=1,3 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not fuse-opt %s --mlir-print-ir-after=csee 2>&1 | FileCheck %s --check-prefix=AFTER
// RUN: not fuse-opt %s -o 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not fuse-opt %s -o a -o b 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not fuse-opt %s --arith-add-fastmath='flags=nsz flags=nnan' 2>&1 | FileCheck %s --check-prefix=OPTION-TWICE

// FLAG: error: unknown flag '--canonicalise'; did you mean '--canonicalize'?
// SHORT: error: unknown flag '--canon'; did you mean '--canonicalize'?
// OPTION: error: pass 'arith-add-fastmath' has no option 'flag' (it has flags); did you mean 'flags'?
// NONE: error: pass 'cse' has no option 'top-down' (it takes none)
// VALUE: error: option 'target-rank' of 'memref-stream-tile-outer-loops' wants an integer, got 'x'
// NEEDS: error: pass 'memref-stream-tile-outer-loops' needs the option target-rank=<an integer>
// WORD: error: 'flags=nsz' is taken for a second input; options of a pass are written --cse='flags=nsz'
// SWITCH: error: flag '--split-input-file' wants true or false, got 'perhaps'
// REMARKS: error: flag '--remarks' wants all, passed or missed, got 'some'
// TARGET: error: unknown target 'ptxx' (to be written, there is mlir, llvm, ptx; to be run on, one as sm_80, or host); did you mean 'ptx'?
// SHAPE: error: flag '--shape' wants <input>=<dims> as in input=1x3x224x224, got 'input=1,3'
// AFTER: error: flag '--mlir-print-ir-after' names an unknown pass 'csee'; did you mean 'cse'?
// MISSING: error: flag '-o' wants a value, <file>
// TWICE: error: flag '-o' is given twice
// OPTION-TWICE: error: option 'flags' of 'arith-add-fastmath' is given twice
func.func @empty() {
  func.return
}
