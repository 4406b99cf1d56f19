"""The user's own models and data: located, declared and called."""
