"""What kernels of any device are written with."""
