"""The metrics that a study asks for, computed from what its runs predicted."""
