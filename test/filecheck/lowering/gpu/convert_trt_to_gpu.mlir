// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu | fuse-opt --split-input-file | FileCheck %s
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t llvm | FileCheck %s --check-prefix=LLVM
// RUN: fuse-opt %s --split-input-file --convert-trt-to-gpu --convert-to-llvm -t ptx{sm=80} | FileCheck %s --check-prefix=PTX

// LLVM: define ptx_kernel void @neg_0(ptr {{.*}}, ptr {{.*}})
// PTX:  .visible .entry neg_0(

// One thread for 16 bytes, in blocks of 256; of a tensor that is read whole, no
// coordinates are needed. What is only read may be cached, and says so.
// CHECK:       builtin.module attributes {gpu.container_module}
// CHECK-NEXT:    "gpu.module"() <{sym_name = "kernels"}>
// CHECK-NEXT:      "gpu.func"() <{function_type = (memref<2x3x100xf32>, memref<2x3x100xf32>) -> (), kernel}>
// CHECK-NEXT:      ^bb0(%[[X:.*]]: memref<2x3x100xf32>, %[[Y:.*]]: memref<2x3x100xf32>):
// CHECK-DAG:         %[[SIZE:.*]] = arith.constant 150 : index
// CHECK-DAG:         %[[FOUR:.*]] = arith.constant 4 : index
// CHECK-DAG:         %[[BLOCK:.*]] = "gpu.block_id"() <{dimension = #gpu<dim x>}>
// CHECK-DAG:         %[[THREAD:.*]] = "gpu.thread_id"() <{dimension = #gpu<dim x>}>
// CHECK:             %[[START:.*]] = arith.muli %[[BLOCK]],
// CHECK:             %[[NUMBER:.*]] = arith.addi %[[START]], %[[THREAD]]
// CHECK-NEXT:        %[[INSIDE:.*]] = arith.cmpi ult, %[[NUMBER]], %[[SIZE]]
// CHECK-NEXT:        scf.if %[[INSIDE]] {
// CHECK-NEXT:          %[[AT:.*]] = arith.muli %[[NUMBER]], %[[FOUR]]
// CHECK-NEXT:          %[[FLAT_X:.*]] = memref.collapse_shape %[[X]]
// CHECK-NEXT:          %[[ELEMENTS:.*]] = vector.load %[[FLAT_X]][%[[AT]]] {alignment = 16 : i64} : memref<600xf32>, vector<4xf32>
// CHECK-NEXT:          %{{.*}} = "vector.to_elements"(%[[ELEMENTS]])
// CHECK-NEXT:          %[[NEGATED:.*]] = arith.negf %{{.*}}
// CHECK:               %[[FLAT_Y:.*]] = memref.collapse_shape %[[Y]]
// CHECK-NEXT:          %[[RESULT:.*]] = vector.from_elements %[[NEGATED]], %{{.*}} : vector<4xf32>
// CHECK-NEXT:          vector.store %[[RESULT]], %[[FLAT_Y]][%[[AT]]] {alignment = 16 : i64}
// CHECK:           }) {sym_name = "neg_0", gpu.kernel, known_block_size = array<i32: 256, 1, 1>, arg_attrs = [{llvm.noalias, llvm.readonly}, {llvm.noalias}]}
// CHECK:         func.func @a_pointwise_layer(%[[IN:.*]]: memref<2x3x100xf32> {trt.name = "x"}, %[[OUT:.*]]: memref<2x3x100xf32> {trt.name = "y", trt.output})
// CHECK-DAG:       %[[ONE:.*]] = arith.constant 1 : index
// CHECK-DAG:       %[[THREADS:.*]] = arith.constant 256 : index
// CHECK:           "gpu.launch_func"(%[[ONE]], %[[ONE]], %[[ONE]], %[[THREADS]], %[[ONE]], %[[ONE]], %[[IN]], %[[OUT]]) <{kernel = @kernels::@neg_0, {{.*}}}> {layers = ["negate"]}
// CHECK-NEXT:      func.return
func.func @a_pointwise_layer(%x: tensor<2x3x100xf32> {trt.name = "x"}) -> (tensor<2x3x100xf32> {trt.name = "y"}) {
  %y = trt.unary neg %x layers ["negate"] : tensor<2x3x100xf32> -> tensor<2x3x100xf32>
  func.return %y : tensor<2x3x100xf32>
}

// -----

// Equal bodies are one kernel, wherever their layers come from; other numbers or
// types make another kernel.
// CHECK:         {sym_name = "clip_0"
// CHECK:         {sym_name = "clip_1"
// CHECK:         {sym_name = "clip_2"
// CHECK-NOT:     sym_name
// CHECK:       func.func @equal_bodies_share_a_kernel
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@clip_0, {{.*}} {layers = ["a"]}
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@clip_0, {{.*}} {layers = ["b"]}
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@clip_1, {{.*}} {layers = ["c"]}
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@clip_2, {{.*}} {layers = ["d"]}
func.func @equal_bodies_share_a_kernel(%x: tensor<8xf32>, %z: tensor<9xf32>) -> (tensor<8xf32>, tensor<9xf32>) {
  %a = trt.activation clip %x alpha = 0.0 beta = 6.0 layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %b = trt.activation clip %a alpha = 0.0 beta = 6.0 layers ["b"] : tensor<8xf32> -> tensor<8xf32>
  %c = trt.activation clip %b alpha = -0.0 beta = 6.0 layers ["c"] : tensor<8xf32> -> tensor<8xf32>
  %d = trt.activation clip %z alpha = 0.0 beta = 6.0 layers ["d"] : tensor<9xf32> -> tensor<9xf32>
  func.return %c, %d : tensor<8xf32>, tensor<9xf32>
}

// -----

// A half is loaded once, computed with in f32 through the group, and rounded once.
// CHECK:         %[[HALVES:.*]] = vector.load {{.*}} : memref<8xf16>, vector<8xf16>
// CHECK-NEXT:    %{{.*}} = "vector.to_elements"(%[[HALVES]])
// CHECK-NEXT:    %[[WIDE:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK:         %[[SUM:.*]] = arith.addf %[[WIDE]], %[[WIDE]] : f32
// CHECK-NEXT:    %[[TANH:.*]] = math.tanh %[[SUM]] : f32
// CHECK:         %[[ROUNDED:.*]] = arith.truncf %[[TANH]] : f32 to f16
// CHECK:         vector.from_elements %[[ROUNDED]],
// CHECK-NEXT:    vector.store
// CHECK:         sym_name = "pointwise_0"
func.func @a_group_is_computed_in_f32(%x: tensor<8xf16>) -> tensor<8xf16> {
  %y = trt.fused "pointwise"(%x) layers ["add", "tanh"] : (tensor<8xf16>) -> tensor<8xf16> {
  ^bb0(%a: tensor<8xf16>):
    %s = trt.element_wise sum %a, %a layers ["add"] : (tensor<8xf16>, tensor<8xf16>) -> tensor<8xf16>
    %t = trt.activation tanh %s layers ["tanh"] : tensor<8xf16> -> tensor<8xf16>
    trt.yield %t : tensor<8xf16>
  }
  func.return %y : tensor<8xf16>
}

// -----

// Only the axes along which the operands differ are told apart: of 2x3x4x5 and 3x1x1,
// 2, 3 and 20.
// CHECK-DAG:     %[[TWENTY:.*]] = arith.constant 20 : index
// CHECK-DAG:     %[[THREE:.*]] = arith.constant 3 : index
// CHECK:         %[[NUMBER:.*]] = arith.addi
// CHECK:         %[[FIRST:.*]] = arith.muli %[[NUMBER]],
// CHECK:         vector.load {{.*}}[%[[FIRST]]] {{.*}} : memref<120xf32>, vector<4xf32>
// CHECK:         %[[REST:.*]] = arith.divui %[[FIRST]], %[[TWENTY]]
// CHECK:         %[[CHANNEL:.*]] = arith.remui %[[REST]], %[[THREE]]
// CHECK:         memref.load {{.*}}[%[[CHANNEL]]] : memref<3xf32>
// CHECK-NOT:     memref.load
// CHECK:         sym_name
func.func @an_operand_is_broadcast(%x: tensor<2x3x4x5xf32>, %b: tensor<1x3x1x1xf32>) -> tensor<2x3x4x5xf32> {
  %y = trt.element_wise sum %x, %b layers ["add"] : (tensor<2x3x4x5xf32>, tensor<1x3x1x1xf32>) -> tensor<2x3x4x5xf32>
  func.return %y : tensor<2x3x4x5xf32>
}

// -----

// CHECK-NOT:     memref<1x1xf32>
// CHECK:         arith.constant 2.500000e-01 : f32
// CHECK:       func.func @a_number_of_the_body_is_in_the_code
func.func @a_number_of_the_body_is_in_the_code(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = trt.fused "pointwise"(%x) layers ["mul"] : (tensor<2x3xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: tensor<2x3xf32>):
    %k = trt.constant dense<0.25> : tensor<1x1xf32>
    %m = trt.element_wise prod %a, %k layers ["mul"] : (tensor<2x3xf32>, tensor<1x1xf32>) -> tensor<2x3xf32>
    trt.yield %m : tensor<2x3xf32>
  }
  func.return %y : tensor<2x3xf32>
}

// -----

// Loops over channels and window carry the sum in f32; what is outside reads as zero;
// bias, residual and activation follow in f32.
// CHECK:         "gpu.func"() <{function_type = (memref<1x6x9x9xf16>, memref<4x3x3x3xf16>, memref<4xf16>, memref<1x4x5x5xf16>, memref<1x4x5x5xf16>) -> (), kernel}>
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (f32)
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (f32)
// CHECK:         scf.for {{.*}} iter_args(%[[SO_FAR:.*]] = {{.*}}) -> (f32)
// CHECK:         %[[X:.*]] = scf.if {{.*}} -> (f32) {
// CHECK:           memref.load {{.*}} : memref<1x6x9x9xf16>
// CHECK:         } else {
// CHECK:           arith.constant 0.000000e+00 : f32
// CHECK:         %[[W:.*]] = arith.extf {{.*}} : f16 to f32
// CHECK-NEXT:    %[[NEXT:.*]] = math.fma %[[X]], %[[W]], %[[SO_FAR]] : f32
// CHECK-NEXT:    scf.yield %[[NEXT]]
// CHECK:         %[[BIASED:.*]] = arith.addf {{.*}} : f32
// CHECK:         %[[SUM:.*]] = arith.addf %[[BIASED]], {{.*}} : f32
// CHECK:         arith.maximumf %[[SUM]],
// CHECK:         arith.truncf {{.*}} : f32 to f16
// CHECK:         sym_name = "conv_sum_relu_0"
// CHECK:       func.func @a_convolution_carries_its_epilogue
module attributes {trt.target = #trt.target<sm_75>} {
  func.func @a_convolution_carries_its_epilogue(%x: tensor<1x6x9x9xf16>, %w: tensor<4x3x3x3xf16>, %b: tensor<4xf16>, %r: tensor<1x4x5x5xf16>) -> tensor<1x4x5x5xf16> {
    %y = trt.fused "conv_sum_relu"(%x, %w, %b, %r) layers ["conv", "add", "relu"] : (tensor<1x6x9x9xf16>, tensor<4x3x3x3xf16>, tensor<4xf16>, tensor<1x4x5x5xf16>) -> tensor<1x4x5x5xf16> {
    ^bb0(%x0: tensor<1x6x9x9xf16>, %w0: tensor<4x3x3x3xf16>, %b0: tensor<4xf16>, %r0: tensor<1x4x5x5xf16>):
      %c = trt.convolution %x0, %w0, %b0 stride = [2, 2] pre_padding = [1, 1] post_padding = [1, 1] num_groups = 2 layers ["conv"] : (tensor<1x6x9x9xf16>, tensor<4x3x3x3xf16>, tensor<4xf16>) -> tensor<1x4x5x5xf16>
      %s = trt.element_wise sum %c, %r0 layers ["add"] : (tensor<1x4x5x5xf16>, tensor<1x4x5x5xf16>) -> tensor<1x4x5x5xf16>
      %a = trt.activation relu %s layers ["relu"] : tensor<1x4x5x5xf16> -> tensor<1x4x5x5xf16>
      trt.yield %a : tensor<1x4x5x5xf16>
    }
    func.return %y : tensor<1x4x5x5xf16>
  }
}

// -----

// CHECK-NOT:     scf.if {{.*}} -> (f32)
// CHECK:         math.fma
// CHECK-NOT:     scf.if {{.*}} -> (f32)
// CHECK:       func.func @without_padding_nothing_is_outside
func.func @without_padding_nothing_is_outside(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> {
  %c = trt.convolution %x, %w layers ["conv"] : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return %c : tensor<1x4x6x6xf32>
}

// -----

// The right operand is one for all of the batch.
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (f32)
// CHECK-NEXT:      memref.load %{{.*}}[%[[BATCH:.*]], %{{.*}}, %{{.*}}] : memref<2x3x5xf32>
// CHECK-NOT:       memref.load %{{.*}}[%[[BATCH]],
// CHECK:           memref.load %{{.*}} : memref<1x7x5xf32>
// CHECK-NEXT:      math.fma
// CHECK:         sym_name = "matmul_0"
// CHECK:       func.func @a_matrix_multiply
func.func @a_matrix_multiply(%a: tensor<2x3x5xf32>, %b: tensor<1x7x5xf32>) -> tensor<2x3x7xf32> {
  %y = trt.matrix_multiply %a, %b op1 = transpose layers ["fc"] : (tensor<2x3x5xf32>, tensor<1x7x5xf32>) -> tensor<2x3x7xf32>
  func.return %y : tensor<2x3x7xf32>
}

// -----

// The data of a constant are still a name; what is between two kernels is a part of
// the arena.
// CHECK:       func.func @constants_and_intermediates(%[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32> {trt.output})
// CHECK:         %[[ARENA:.*]] = "gpu.alloc"() {{.*}} -> memref<32xi8>
// CHECK:         %[[START:.*]] = arith.constant 0 : index
// CHECK-NEXT:    %[[SUM:.*]] = memref.view %[[ARENA]][%[[START]]][] : memref<32xi8> to memref<8xf32>
// CHECK:         %[[W:.*]] = trt.constant #trt.weight<"w" : tensor<8xf32>>
// CHECK-NEXT:    %[[BUFFER:.*]] = bufferization.to_buffer %[[W]] read_only : tensor<8xf32> to memref<8xf32>
// CHECK-NOT:     trt.constant
// CHECK:         "gpu.launch_func"({{.*}}, %[[X]], %[[BUFFER]], %[[SUM]])
// CHECK:         "gpu.launch_func"({{.*}}, %[[SUM]], %[[Y]])
func.func @constants_and_intermediates(%x: tensor<8xf32>) -> tensor<8xf32> {
  %unused = trt.constant #trt.weight<"v" : tensor<8xf32>>
  %w = trt.constant #trt.weight<"w" : tensor<8xf32>>
  %s = trt.element_wise sum %x, %w layers ["add"] : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %y = trt.activation relu %s layers ["relu"] : tensor<8xf32> -> tensor<8xf32>
  func.return %y : tensor<8xf32>
}

// -----

// Of three tensors two live at one time: the third takes the place of the first.
// CHECK:       func.func @an_arena_is_used_again
// CHECK:         %[[ARENA:.*]] = "gpu.alloc"() {{.*}} -> memref<288xi8>
// CHECK-NOT:     gpu.alloc
// CHECK-DAG:     %[[FIRST:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[SECOND:.*]] = arith.constant 256 : index
// CHECK-DAG:     memref.view %[[ARENA]][%[[FIRST]]][] : memref<288xi8> to memref<8xf32>
// CHECK-DAG:     memref.view %[[ARENA]][%[[SECOND]]][] : memref<288xi8> to memref<8xf32>
// CHECK:         memref.view %[[ARENA]][%[[FIRST]]][] : memref<288xi8> to memref<8xf32>
// CHECK-NOT:     memref.view
func.func @an_arena_is_used_again(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = trt.unary neg %x layers ["a"] : tensor<8xf32> -> tensor<8xf32>
  %b = trt.unary exp %a layers ["b"] : tensor<8xf32> -> tensor<8xf32>
  %c = trt.unary neg %b layers ["c"] : tensor<8xf32> -> tensor<8xf32>
  %d = trt.unary exp %c layers ["d"] : tensor<8xf32> -> tensor<8xf32>
  func.return %d : tensor<8xf32>
}

// -----

// A view has no kernel. The kernel before it writes to the output.
// CHECK:       func.func @views(%[[X:.*]]: memref<2x3xf32>, %[[Y:.*]]: memref<3x2xf32> {trt.output})
// CHECK-DAG:     %[[IN:.*]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [6], strides: [1] : memref<2x3xf32> to memref<6xf32>
// CHECK-DAG:     %[[OUT:.*]] = memref.reinterpret_cast %[[Y]] to offset: [0], sizes: [6], strides: [1] : memref<3x2xf32> to memref<6xf32>
// CHECK:         "gpu.launch_func"({{.*}}, %[[IN]], %[[OUT]])
// CHECK-NEXT:    func.return
func.func @views(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %i = trt.identity %x layers ["identity"] : tensor<2x3xf32> -> tensor<2x3xf32>
  %f = trt.shuffle %i reshape = [6] layers ["flatten"] : tensor<2x3xf32> -> tensor<6xf32>
  %n = trt.unary neg %f layers ["negate"] : tensor<6xf32> -> tensor<6xf32>
  %y = trt.shuffle %n reshape = [3, 2] layers ["unflatten"] : tensor<6xf32> -> tensor<3x2xf32>
  func.return %y : tensor<3x2xf32>
}

// -----

// CHECK:       func.func @what_no_kernel_makes_is_copied(%[[X:.*]]: memref<4xf32>, %[[Y0:.*]]: memref<4xf32> {trt.output}, %[[Y1:.*]]: memref<4xf32> {trt.output}, %[[Y2:.*]]: memref<4xf32> {trt.output})
// CHECK:         "gpu.launch_func"({{.*}}, %[[X]], %[[Y0]])
// CHECK:         "gpu.memcpy"(%[[Y1]], %[[X]])
// CHECK:         "gpu.memcpy"(%[[Y2]], %[[Y0]])
func.func @what_no_kernel_makes_is_copied(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %y = trt.unary neg %x layers ["negate"] : tensor<4xf32> -> tensor<4xf32>
  func.return %y, %x, %y : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK:         sym_name = "neg_0"
// CHECK-NOT:     sym_name
// CHECK:       func.func @one_of_two_networks
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@neg_0
// CHECK:       func.func @the_other_of_them
// CHECK:         "gpu.launch_func"({{.*}}) <{kernel = @kernels::@neg_0
func.func @one_of_two_networks(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = trt.unary neg %x layers ["first"] : tensor<4xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
func.func @the_other_of_them(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = trt.unary neg %x layers ["second"] : tensor<4xf32> -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}

// -----

// CHECK-NOT:   gpu.module
// CHECK:       func.func @views_alone_need_no_kernels
// CHECK:         gpu.memcpy
func.func @views_alone_need_no_kernels(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %y = trt.shuffle %x reshape = [6] layers ["flatten"] : tensor<2x3xf32> -> tensor<6xf32>
  func.return %y : tensor<6xf32>
}

// -----

// CHECK-NOT:   gpu.module
// CHECK:       func.func @a_host_program_stays_as_it_is(%{{.*}}: memref<4xf32>)
func.func @a_host_program_stays_as_it_is(%x: memref<4xf32>) {
  func.return
}
