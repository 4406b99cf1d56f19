"""The report: a file per section, and their order. It computes nothing."""
