// RUN: fuse-opt %s --trt-fuse='mode=strict' --explain -o %t.mlir 2>&1 | FileCheck %s --check-prefix=TEXT
// RUN: fuse-opt %s --trt-fuse='mode=strict' --explain=json -o %t.mlir 2>&1 | FileCheck %s --check-prefix=JSON
// RUN: fuse-opt %s --trt-fuse='mode=strict' --explain=json --explain-file=%t.json | FileCheck %s
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: fuse-opt %s --trt-fuse='mode=strict disable-rules=fuse-conv-relu' --explain -o %t.mlir 2>&1 | FileCheck %s --check-prefix=SWITCH
// RUN: fuse-opt %s --trt-fuse='mode=strict disable-patterns=fuse-conv-relu' --explain -o %t.mlir 2>&1 | FileCheck %s --check-prefix=SWITCH
// RUN: fuse-opt %s --fuse-conv-relu --fuse-pointwise --disable-rules=fuse-conv-relu --target=sm_70 --name-style=engine --explain -o %t.mlir 2>&1 | FileCheck %s --check-prefix=OFF
// RUN: not fuse-opt %s --trt-fuse='mode=strict' --explain=xml 2>&1 | FileCheck %s --check-prefix=XML
// RUN: not fuse-opt %s --trt-fuse='mode=strict' --explain-file=%t.json 2>&1 | FileCheck %s --check-prefix=FILE

// The table comes first, then what fused, then what did not.
// TEXT:      3 layers in 2 kernels, target sm_80, the default
// TEXT:      rule                       sites   fused   taken  missed
// TEXT:      fuse-conv-relu                 2       1       0       1
// TEXT:      rules that applied
// TEXT-NEXT:   fuse-conv-relu              1   conv1 + relu1
// TEXT:      rules that did not, and why
// TEXT:        fuse-conv-relu              1   needs a relu activation
// TEXT-NEXT:                               such as tanh1 with conv1, relu1: found tanh

// JSON:      "rule": "fuse-conv-relu",
// JSON-NEXT: "verdict": "fused",
// JSON:      "name": "conv1 + relu1",
// JSON:      "location": "{{.*}}explain.mlir:[[LINE:[0-9]+]]:3"
// JSON:      "rule": "fuse-conv-relu",
// JSON-NEXT: "verdict": "missed",
// JSON:      "constraint": "relu",
// JSON-NEXT: "required": "a relu activation",
// JSON-NEXT: "observed": "tanh",

// SWITCH: rules left out: fuse-conv-relu
// OFF:        3 layers in 2 kernels, target sm_70
// OFF-NEXT:   rules left out: fuse-conv-relu
// OFF:        fuse-pointwise                 1       1       0       0
// OFF:        fuse-pointwise              1   PWN(relu1, tanh1)
// XML: fuse-opt: error: flag '--explain' wants text or json, got 'xml'
// FILE: fuse-opt: error: flag '--explain-file' needs '--explain'

// CHECK: trt.fused "conv_relu"
func.func @conv_relu_tanh(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32> {
  %conv1 = trt.convolution %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %relu1 = trt.activation relu %conv1 : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %tanh1 = trt.activation tanh %relu1 : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  func.return %tanh1 : tensor<1x4x8x8xf32>
}
