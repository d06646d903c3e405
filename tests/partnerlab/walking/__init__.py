"""A random walk over every operation of the control API, every partner and every job, in lanes that fork and return."""
