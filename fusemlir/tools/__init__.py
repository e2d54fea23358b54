"""The commands that get installed."""
