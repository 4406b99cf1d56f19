"""A study: its file, checked and completed, and its plan, designs, claims and metrics."""
