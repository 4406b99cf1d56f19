"""Data sets: found, verified, stored, loaded and split."""
