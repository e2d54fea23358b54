"""Reductions, softmax and normalizations: threads that share the rows of a tensor."""
