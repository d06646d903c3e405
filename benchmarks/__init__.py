"""
Measurements beside what a user would pick instead, as ratios within one run. `make bench` runs them all.

Each module has `run(scale) -> list[dict]` with the keys work, peer, ours, theirs, unit, ratio, aim and note.
"""
