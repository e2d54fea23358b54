"""Kernels for the CPU of layers that only move elements."""
