"""
Realistic people, accounts, bills and files. The same seed gives the same bytes.

Built on the field tables of `contracts`; imports neither `client` nor `simulators`.
"""
