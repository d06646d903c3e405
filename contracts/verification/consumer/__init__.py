"""
Verification of a consumer: what a partner's software sent to a lane of a sandbox is read from its journal and graded.

`control` asks the sandbox's control API, the only way there is; `call` and `record` are the journal as checks read it;
`definition` makes a suite of a role's TOML file (operations, values, stories); `stories`, `retries`, `uploads` and
`postbacks` are what its rows and the roles' own checks are made with; `waiting` says whose turn it is; `run` grades.
"""
