"""
Simulators of the partners and of Invoice Cloud, one ledger behind every interface.

They read `contracts` and never import `client` or `generators`: two readings of one contract prove something only
while they stay independent. What a simulator needs from outside itself it takes as a port, joined in `partnerlab`.
"""
