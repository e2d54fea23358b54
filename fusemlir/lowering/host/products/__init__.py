"""Products of matrices that are inputs, and attention, which is made of two."""
