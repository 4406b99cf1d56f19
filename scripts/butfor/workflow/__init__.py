"""What the Snakefile asks: the plan of a start, targets, parameters, code, what earlier starts left."""
