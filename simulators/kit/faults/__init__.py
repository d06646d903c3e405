"""Named faults of a lane, and what each does to an answer."""
