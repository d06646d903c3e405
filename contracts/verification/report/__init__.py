"""A run written down: for people, for CI, and for a later run to be compared with. Nothing here grades anything."""
