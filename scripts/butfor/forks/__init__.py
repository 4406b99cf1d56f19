"""Forks: jobs that begin in a copy of a process which has imported their libraries, in place of importing them again."""
