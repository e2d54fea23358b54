"""A matrix product, the softmax of its rows, and what that is multiplied by."""
