"""Random inputs for a provider: what messages may be (`messages`), and the search for one that breaks it (`search`)."""
