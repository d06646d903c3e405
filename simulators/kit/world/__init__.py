"""Where values live and time passes: the store, lanes, their clocks, and what a simulator is to the sandbox."""
