"""What computes one element of the outputs of a layer or group, on any device."""
