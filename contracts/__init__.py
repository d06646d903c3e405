"""
The agreements between Invoice Cloud and its partners, as data.

Everything else in this distribution is an independent reader of this room. It holds wire contracts (WSDL,
OpenAPI), field tables with the codec that executes them, the advanced settings, the catalogue of named things,
and verification. It imports nothing of `client`, `simulators`, `generators` or `partnerlab`.
"""
