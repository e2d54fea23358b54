"""Conversions to the llvm dialect: one a source dialect, and all of them at once."""
