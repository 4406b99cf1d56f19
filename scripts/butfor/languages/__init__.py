"""What butfor says, in the language that a study's report asks for."""
