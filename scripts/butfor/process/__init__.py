"""What surrounds a job and changes no number: its log, progress, clock, limits and end."""
