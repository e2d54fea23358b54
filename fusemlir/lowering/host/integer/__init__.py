"""Kernels of bytes: contractions summed in integers, and what they are rounded to."""
