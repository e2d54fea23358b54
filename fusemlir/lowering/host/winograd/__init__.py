"""Convolutions of 3x3 by a fourth of the products, where a network allows it."""
