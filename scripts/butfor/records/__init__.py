"""What a run leaves: its record, where it lies, whether it is whole, and the tables made from many."""
