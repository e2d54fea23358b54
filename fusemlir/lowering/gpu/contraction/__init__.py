"""Convolutions, deconvolutions and matrix products, with what follows on them."""
