"""Records to verdicts: contrasts, what follows a look, rankings, interactions, claims."""
