"""Kernels as native code for the CPU."""
