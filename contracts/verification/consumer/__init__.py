"""
Verification of a consumer: what a partner's software sent to a lane of a sandbox is read from its journal and graded.

`control` asks the sandbox's control API, the only way there is; `call` and `record` are the journal as checks read it;
`definition` makes a suite of a role's TOML file (operations, values, stories), and the role's module adds what no row
can say; `stories`, `uploads` and `postbacks` are what both are made with. `waiting` says whose turn it is, `faults`
loses answers meanwhile, `run` grades; `roles` has them all.
"""
