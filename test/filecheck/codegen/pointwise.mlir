// RUN: fuse-opt %s --expand-math --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=75}' | FileCheck %s --check-prefixes=PTX,SM75
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=80}' | FileCheck %s --check-prefixes=PTX,SM80
// RUN: fuse-opt %s --expand-math --convert-to-llvm -t 'ptx{sm=90}' | FileCheck %s --check-prefixes=PTX,SM90

// LLVM:     define ptx_kernel void @pointwise(
// LLVM:     load bfloat
// LLVM-NOT: call {{.*}}@llvm.{{(exp|log|pow|sin|tanh)}}

// SM75: .target sm_75
// SM80: .target sm_80
// SM90: .target sm_90
// PTX:     .visible .entry pointwise(
// A function of any library would be one that nobody links.
// PTX-NOT: {{call|\.extern}}
// PTX:     ld.global.b32
// PTX:     ld.global.b16
// PTX:     ld.global.b8
// PTX:     cvt.rni.f32.f32
// PTX:     ret;
"gpu.module"() <{sym_name = "kernels"}> ({
  "gpu.func"() <{function_type = (memref<1x64x56x56xf32>, memref<1x64x56x56xf16>, memref<1x64x56x56xbf16>, memref<200704xi1>, memref<200704xi8>) -> ()}> ({
  ^bb0(%x: memref<1x64x56x56xf32>, %h: memref<1x64x56x56xf16>, %bf: memref<1x64x56x56xbf16>, %p: memref<200704xi1>, %q: memref<200704xi8>):
    %i = "gpu.global_id"() <{dimension = #gpu<dim x>}> : () -> index
    %n = arith.constant 200704 : index
    %in = arith.cmpi ult, %i, %n : index
    scf.if %in {
      %xf = memref.collapse_shape %x [[0 : i64, 1 : i64, 2 : i64, 3 : i64]] : memref<1x64x56x56xf32> into memref<200704xf32>
      %hf = memref.collapse_shape %h [[0 : i64, 1 : i64, 2 : i64, 3 : i64]] : memref<1x64x56x56xf16> into memref<200704xf16>
      %bff = memref.collapse_shape %bf [[0 : i64, 1 : i64, 2 : i64, 3 : i64]] : memref<1x64x56x56xbf16> into memref<200704xbf16>
      %v = memref.load %xf[%i] : memref<200704xf32>
      %hv = memref.load %hf[%i] : memref<200704xf16>
      %bv = memref.load %bff[%i] : memref<200704xbf16>
      %pv = memref.load %p[%i] : memref<200704xi1>
      %e = math.tanh %v : f32
      %e2 = math.exp %hv : f16
      %e3 = math.erf %bv : bf16
      %s = math.sin %e : f32
      %he = arith.extf %e2 : f16 to f32
      %pw = math.powf %v, %he : f32
      %be = arith.extf %e3 : bf16 to f32
      %a = arith.addf %s, %pw : f32
      %b = arith.maxnumf %a, %be : f32
      %z = arith.constant 0x7F800000 : f32
      %b2 = arith.minimumf %b, %z : f32
      %c = arith.select %pv, %b2, %v : f32
      memref.store %c, %xf[%i] : memref<200704xf32>
      %r = math.roundeven %c : f32
      %r8 = arith.fptosi %r : f32 to i8
      %bmax = arith.maximumf %bv, %bv : bf16
      memref.store %bmax, %bff[%i] : memref<200704xbf16>
      memref.store %r8, %q[%i] : memref<200704xi8>
      %np = arith.cmpf olt, %c, %z : f32
      memref.store %np, %p[%i] : memref<200704xi1>
    }
    "gpu.return"() : () -> ()
  }) {gpu.kernel, sym_name = "pointwise", known_block_size = array<i32: 256, 1, 1>} : () -> ()
}) : () -> ()
