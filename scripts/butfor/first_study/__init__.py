"""A first study, written from a user's data or model: the file says what it is made of, and runs as written."""
