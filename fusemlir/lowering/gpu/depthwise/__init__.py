"""Kernels of depthwise convolutions, alone and with the convolution that follows."""
