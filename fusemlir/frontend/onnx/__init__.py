"""ONNX models to the `trt` dialect."""

from fusemlir.frontend.onnx.importer import import_model

__all__ = ["import_model"]
