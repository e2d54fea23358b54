"""From LLVM dialects to what a device loads: PTX text."""
