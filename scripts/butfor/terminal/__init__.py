"""How far a study is, in the terminal while it runs."""
