"""The greatest or least elements of rows."""
