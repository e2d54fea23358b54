"""What a top-k is of, and the order that it finds, for any device."""
