"""
The demo: journeys through the sandbox, each step checked against a requirement of the catalogue.

A journey drives both sides from outside, through the client, the control API and the data pump, so what it shows is
what a partner would see. It is told with `partnerlab.story` and `partnerlab.both_sides`, as the payers' in
`partnerlab.journey` are.
"""
