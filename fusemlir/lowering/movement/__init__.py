"""What layers that only move elements move where, for any device."""
