"""From a fused network to GPU kernels and the host program that launches them."""
