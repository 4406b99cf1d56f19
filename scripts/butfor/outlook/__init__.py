"""What a study will take and what it can show, before anything trains."""
