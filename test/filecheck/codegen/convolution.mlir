// RUN: fuse-opt %s --expand-math --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=75}' | FileCheck %s --check-prefixes=PTX,SM75
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=80}' | FileCheck %s --check-prefixes=PTX,SM80
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=90}' | FileCheck %s --check-prefixes=PTX,SM90

// LLVM:     define ptx_kernel void @conv_relu(ptr %0, ptr %1, ptr %2, ptr %3) "nvvm.maxntid"="256,1,1" {
// LLVM:     phi float
// LLVM:     call float @llvm.fma.f32
// LLVM-NOT: unrealized

// SM75: .version 7.0
// SM75: .target sm_75
// SM80: .version 7.0
// SM80: .target sm_80
// SM90: .version 7.8
// SM90: .target sm_90
// PTX:     .visible .entry conv_relu(
// PTX:     .maxntid 256, 1, 1
// PTX-NOT: {{(ld|st)\.b32}}
// PTX-NOT: .local
// PTX:     ld.global.b32
// PTX:     fma.rn.f32
// A maximum that keeps NaN is one instruction since sm_80, and several before.
// SM75:    setp.nan.f32
// SM80:    max.NaN.f32
// SM90:    max.NaN.f32
// PTX:     st.global.b32
"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (memref<1x64x56x56xf32>, memref<64x64x3x3xf32>, memref<64xf32>, memref<1x64x56x56xf32>) -> ()}> ({
  ^bb0(%x: memref<1x64x56x56xf32>, %w: memref<64x64x3x3xf32>, %b: memref<64xf32>, %y: memref<1x64x56x56xf32>):
    %bid = "gpu.block_id"() <{dimension = #gpu<dim x>}> : () -> index
    %tid = "gpu.thread_id"() <{dimension = #gpu<dim x>}> : () -> index
    %c256 = arith.constant 256 : index
    %base = arith.muli %bid, %c256 : index
    %i = arith.addi %base, %tid : index
    %n = arith.constant 200704 : index
    %in = arith.cmpi ult, %i, %n : index
    scf.if %in {
      %c56 = arith.constant 56 : index
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c64 = arith.constant 64 : index
      %ow = arith.remui %i, %c56 : index
      %q = arith.divui %i, %c56 : index
      %oh = arith.remui %q, %c56 : index
      %k = arith.divui %q, %c56 : index
      %zero = arith.constant 0.0 : f32
      %acc = scf.for %c = %c0 to %c64 step %c1 iter_args(%a0 = %zero) -> (f32) {
        %a1 = scf.for %r = %c0 to %c3 step %c1 iter_args(%a2 = %a0) -> (f32) {
          %a3 = scf.for %s = %c0 to %c3 step %c1 iter_args(%a4 = %a2) -> (f32) {
            %ihp = arith.addi %oh, %r : index
            %ih = arith.subi %ihp, %c1 : index
            %iwp = arith.addi %ow, %s : index
            %iw = arith.subi %iwp, %c1 : index
            %okh = arith.cmpi ult, %ih, %c56 : index
            %okw = arith.cmpi ult, %iw, %c56 : index
            %ok = arith.andi %okh, %okw : i1
            %v = scf.if %ok -> (f32) {
              %l = memref.load %x[%c0, %c, %ih, %iw] : memref<1x64x56x56xf32>
              scf.yield %l : f32
            } else {
              scf.yield %zero : f32
            }
            %wv = memref.load %w[%k, %c, %r, %s] : memref<64x64x3x3xf32>
            %a5 = math.fma %v, %wv, %a4 : f32
            scf.yield %a5 : f32
          }
          scf.yield %a3 : f32
        }
        scf.yield %a1 : f32
      }
      %bv = memref.load %b[%k] : memref<64xf32>
      %sum = arith.addf %acc, %bv : f32
      %relu = arith.maximumf %sum, %zero : f32
      memref.store %relu, %y[%c0, %k, %oh, %ow] : memref<1x64x56x56xf32>
    }
    "gpu.return"() : () -> ()
  }) {gpu.kernel, sym_name = "conv_relu", known_block_size = array<i32: 256, 1, 1>} : () -> ()
}) : () -> ()
