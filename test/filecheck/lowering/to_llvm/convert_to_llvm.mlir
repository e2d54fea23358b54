// RUN: fuse-opt %s --convert-to-llvm | FileCheck %s
// RUN: fuse-opt %s --convert-to-llvm | FileCheck %s --check-prefix=NOTHING
// RUN: fuse-opt %s --convert-to-llvm='index-bitwidth=64' | FileCheck %s --check-prefix=WIDE
// RUN: fuse-opt %s --expand-math --convert-scf-to-cf --convert-gpu-to-nvvm --convert-arith-to-llvm --convert-memref-to-llvm --convert-math-to-llvm --convert-cf-to-llvm | FileCheck %s --check-prefix=NOTHING

// In any order, the conversions leave nothing between them.
// NOTHING-LABEL: "gpu.module"
// NOTHING-NOT:   unrealized_conversion_cast
// NOTHING-NOT:   {{(arith|memref|scf|cf|math)\.}}
// NOTHING:       llvm.return
// NOTHING-LABEL: func.func @the_host_stays_as_it_is
"gpu.module"() <{sym_name = "kernels"}> ({
  // CHECK:       llvm.func @sum_of_a_row(%[[X:.*]]: !llvm.ptr, %[[Y:.*]]: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel
  // CHECK:         %[[T:.*]] = nvvm.read.ptx.sreg.tid.x
  // WIDE:          %[[T32:.*]] = nvvm.read.ptx.sreg.tid.x
  // WIDE:          llvm.sext %[[T32]] : i32 to i64
  // CHECK:         %[[IN:.*]] = llvm.icmp "ult" %[[T]]
  // CHECK:         llvm.cond_br %[[IN]], ^[[BODY:.*]], ^[[END:.*]]
  // CHECK:       ^[[LOOP:.*]](%[[K:.*]]: i32, %[[SUM:.*]]: f32):
  // CHECK:         %[[MORE:.*]] = llvm.icmp "slt" %[[K]]
  // CHECK:         llvm.cond_br %[[MORE]], ^[[STEP:.*]], ^[[DONE:.*]]
  // CHECK:       ^[[STEP]]:
  // CHECK:         llvm.getelementptr inbounds %[[X]][
  // CHECK:         %[[V:.*]] = llvm.load
  // CHECK:         %[[NEXT:.*]] = llvm.intr.fma(%[[V]], %[[V]], %[[SUM]])
  // CHECK:         llvm.br ^[[LOOP]](%{{.*}}, %[[NEXT]] : i32, f32)
  // CHECK:       ^[[DONE]]:
  // CHECK:         %[[P:.*]] = llvm.getelementptr inbounds %[[Y]][%[[T]]]
  // CHECK:         llvm.store %[[SUM]], %[[P]]
  // CHECK:       ^[[END]]:
  // CHECK:         llvm.return
  "gpu.func"() <{function_type = (memref<8x16xf32>, memref<8xf32>) -> ()}> ({
  ^bb0(%x: memref<8x16xf32>, %y: memref<8xf32>):
    %t = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index
    %rows = arith.constant 8 : index
    %in = arith.cmpi ult, %t, %rows : index
    scf.if %in {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %columns = arith.constant 16 : index
      %none = arith.constant 0.0 : f32
      %sum = scf.for %k = %zero to %columns step %one iter_args(%part = %none) -> (f32) {
        %v = memref.load %x[%t, %k] : memref<8x16xf32>
        %next = math.fma %v, %v, %part : f32
        scf.yield %next : f32
      }
      memref.store %sum, %y[%t] : memref<8xf32>
    }
    "gpu.return"() : () -> ()
  }) {sym_name = "sum_of_a_row", gpu.kernel, known_block_size = array<i32: 32, 1, 1>} : () -> ()
}) : () -> ()

// CHECK-LABEL: func.func @the_host_stays_as_it_is
func.func @the_host_stays_as_it_is(%i: index) -> index {
  // CHECK: arith.addi %{{.*}} : index
  %r = arith.addi %i, %i : index
  func.return %r : index
}

// Mathematics that LLVM has no instruction for is written out first.
"gpu.module"() <{sym_name = "mathematics"}> ({
  // CHECK-LABEL: llvm.func @exponential
  // CHECK-NOT:     math.
  // CHECK:         llvm.intr.fma
  // CHECK-NOT:     math.
  // CHECK:         llvm.return
  "gpu.func"() <{function_type = (f32) -> f32}> ({
  ^bb0(%x: f32):
    %r = math.exp %x : f32
    "gpu.return"(%r) : (f32) -> ()
  }) {sym_name = "exponential"} : () -> ()
}) : () -> ()

// A buffer of more than 2^30 elements is indexed in 64 bits.
"gpu.module"() <{sym_name = "large"}> ({
  // CHECK-LABEL: llvm.func @an_element_of_much
  // CHECK:         llvm.sext %{{.*}} : i32 to i64
  "gpu.func"() <{function_type = (memref<2147483648xf32>) -> ()}> ({
  ^bb0(%x: memref<2147483648xf32>):
    %t = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index
    %zero = arith.constant 0.0 : f32
    memref.store %zero, %x[%t] : memref<2147483648xf32>
    "gpu.return"() : () -> ()
  }) {sym_name = "an_element_of_much"} : () -> ()
}) : () -> ()
