"""Kernels of top-k for the CPU."""
