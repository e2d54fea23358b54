"""Networks from files: ONNX models and MLIR text."""
