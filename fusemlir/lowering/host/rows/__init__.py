"""Kernels of rows for the CPU: reductions, softmax, normalisation."""
