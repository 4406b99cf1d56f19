"""The sources of data: what brings arrays from files, folders and functions. `readers.py` lists them by name."""
