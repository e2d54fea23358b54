"""fusemlir: an open layer-fusion compiler for inference."""
