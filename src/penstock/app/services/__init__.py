"""The roles of the program, one module each: what is started, in which order it stops, nothing else."""
