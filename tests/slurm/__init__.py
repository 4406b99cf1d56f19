"""Studies on a real Slurm, whose daemons run on loopback as plain processes."""
