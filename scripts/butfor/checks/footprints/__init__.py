"""What each recipe key leaves in a record."""
