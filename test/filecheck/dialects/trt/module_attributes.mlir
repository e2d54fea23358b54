// RUN: fuse-opt %s | fuse-opt | FileCheck %s
// RUN: fuse-opt %s --mlir-print-op-generic | fuse-opt | FileCheck %s

// CHECK: trt.ledger = [#trt.ledger_entry<["relu2"] by "fuse-relu-relu" heir ["relu1"]>, #trt.ledger_entry<["dead", "also \22dead\22"] by "erase-dead-layers" heir []>]
// CHECK-SAME: trt.target = #trt.target<sm_90a>
// CHECK-SAME: trt.weights = #trt.weight_source<"dir/model \221\22.onnx", sha256 = "00ff">
builtin.module attributes {
  trt.ledger = [
    #trt.ledger_entry<["relu2"] by "fuse-relu-relu" heir ["relu1"]>,
    #trt.ledger_entry<["dead", "also \"dead\""] by "erase-dead-layers" heir []>
  ],
  trt.target = #trt.target<sm_90a>,
  trt.weights = #trt.weight_source<"dir/model \"1\".onnx", sha256 = "00ff">
} {
  // CHECK: @attributes_of_tensors_and_layers
  // CHECK-SAME: %x: tensor<4xf32> {trt.name = "input:0"}) -> (tensor<4xf32> {trt.name = "output:0"})
  // CHECK: trt.activation relu {{%.+}} layers ["a \22quoted\22 id", "tab\09", "\C3\BCn\C3\AFcode/1"] {trt.no_fuse} :
  func.func @attributes_of_tensors_and_layers(%x: tensor<4xf32> {trt.name = "input:0"}) -> (tensor<4xf32> {trt.name = "output:0"}) {
    %y = trt.activation relu %x layers ["a \"quoted\" id", "tab\09", "ünïcode/1"] {trt.no_fuse} : tensor<4xf32> -> tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}
