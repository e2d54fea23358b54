"""What attention is in a body, whatever computes it."""
