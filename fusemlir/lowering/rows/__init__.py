"""What kernels of rows compute on any device: reductions, softmax, normalisation."""
