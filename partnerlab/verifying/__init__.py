"""The command line of verification: options and plans in, a run, its reports out."""
