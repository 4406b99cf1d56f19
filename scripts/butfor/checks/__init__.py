"""Proof from the records that each ablation took effect, and only it did."""
